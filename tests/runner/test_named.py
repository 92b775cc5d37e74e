"""Results say what they have when they are asked for something else."""

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from pipeline import Result, run, sweep
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.runner.named import Named
from tests.reference.processes import settings_of
from tests.reference.traders import Crosser


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("sharpe", "statistics has no 'sharpe'; did you mean sharpe_ratio?; it has: max_drawdown,"),
        ("trades", "statistics has no 'trades'; did you mean round_trips?; it has: max_drawdown,"),
        ("zzz", "statistics has no 'zzz'; it has: max_drawdown, round_trips, sharpe_ratio"),
    ],
)
def test_a_figure_that_is_not_there_is_told_with_the_nearest_and_all(name: str, told: str):
    figures = Named("statistics", {"sharpe_ratio": 1.0, "round_trips": 3, "max_drawdown": 0.1})
    with pytest.raises(KeyError) as caught:
        figures[name]
    assert str(caught.value.args[0]).startswith(told)
    assert (figures.get(name), name in figures) == (None, False)


def test_a_name_that_another_mapping_has_is_told_with_it():
    summary = Named("summary", {"bars": 3}, {"result.statistics": {"sharpe_ratio": 1.0}})
    with pytest.raises(KeyError) as caught:
        summary["sharpe_ratio"]
    told = "summary has no 'sharpe_ratio'; write result.statistics[\"sharpe_ratio\"]"
    assert caught.value.args[0] == told


def test_a_name_behind_a_dot_is_told_in_brackets():
    figures: Any = Named("statistics", {"sharpe_ratio": 1.0})
    summary: Any = Named("summary", {"bars": 3}, {"result.statistics": figures})
    told = 'names are in brackets here; write result.statistics["sharpe_ratio"]'
    for owner in (figures, summary):
        with pytest.raises(AttributeError) as caught:
            owner.sharpe_ratio  # noqa: B018
        assert str(caught.value) == told
    with pytest.raises(AttributeError, match="statistics has no 'sharpe'; did you mean sharpe_r"):
        figures.sharpe  # noqa: B018
    assert not hasattr(figures, "_repr_mimebundle_")


def test_it_is_a_dict_in_all_else():
    figures = Named("statistics", {"a": 1.0})
    assert figures == {"a": 1.0} == pickle.loads(pickle.dumps(figures)) == copy.deepcopy(figures)
    assert json.dumps(figures) == '{"a": 1.0}'


def test_results_of_runs_and_sweeps_name_what_they_have(sample: Path, tmp_path: Path):
    settings = settings_of("US_EQUITY", "2024-11-25", "2024-11-26", SYMBOLS[:1], ["1m"], sample)
    result = run(settings, strategy=Crosser, out=tmp_path)
    for one in (result, Result.load(out=tmp_path)):
        with pytest.raises(KeyError, match="no 'sharpe'; did you mean sharpe_ratio"):
            one.statistics["sharpe"]
        with pytest.raises(KeyError, match="summary has no 'digset'; did you mean digest"):
            one.summary["digset"]
        with pytest.raises(AttributeError, match="has no 'rounds'; did you mean round_trips"):
            one.rounds  # noqa: B018
        with pytest.raises(AttributeError, match="result has no 'stats'; did you mean statistics"):
            one.stats  # noqa: B018
        for name, told in (
            ("sharpe_ratio", 'write result.statistics["sharpe_ratio"]'),
            ("bars", 'write result.summary["bars"]'),
        ):
            with pytest.raises(AttributeError) as caught:
                getattr(one, name)
            assert str(caught.value) == f"result has no {name!r}; {told}"
        with pytest.raises(ValueError, match="one of fills, orders, equity, round_trips, sess"):
            one.to_pandas()
        assert copy.copy(one).digest == one.digest
    with pytest.raises(TypeError, match=r"write Result.load\('latest'\)"):
        Result("latest")  # type: ignore[arg-type]
    settings["sweep"] = {"space": {"fast": [2, 3]}, "score": "total_return", "best": 0}
    swept = sweep(settings, strategy=Crosser, out=tmp_path, engines=1)
    with pytest.raises(AttributeError, match=r"result has no 'bests'; did you mean best\?"):
        swept.bests  # noqa: B018
    with pytest.raises(KeyError, match=r"summary has no 'lane'; did you mean lanes\?"):
        swept.summary["lane"]

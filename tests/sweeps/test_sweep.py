"""Whole sweeps with all their processes: the same lanes as alone, and nothing stale."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import Strategy, run, sweep
from pipeline import indicators as ind
from pipeline.errors import ConfigError, StrategyError
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.strategy.examples import SmaCross
from pipeline.sweeps.ledger.ledger import LaneRow
from pipeline.sweeps.progress import SweepProgress
from pipeline.sweeps.result import SweepResult
from shm.processors import Processors
from tests.reference.processes import assert_nothing_left, settings_of
from tests.sweeps.small_sweeps import FIRST, LAST, known, small

TWO_STRATEGIES = [
    {"name": "tests.reference.traders:Crosser", "parameters": {"slow": 5}},
    {"name": "tests.reference.traders:Tinkerer", "mode": "interpreted"},
]


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    assert_nothing_left()


def configuration(sample: Path) -> dict[str, Any]:
    settings = settings_of("US_EQUITY", FIRST, LAST, SYMBOLS[:2], ["1m", "5m"], sample)
    settings["strategy"] = TWO_STRATEGIES
    settings["sweep"] = {
        "space": [{"fast": {"from": 2, "to": 5}}, {"span": [3, 6]}],
        "universes": {"one": [SYMBOLS[1]], "both": list(SYMBOLS[:2])},
        "score": "total_return",
        "best": 0,
    }
    return settings


@pytest.fixture
def config(sample: Path) -> dict[str, Any]:
    """Two strategies, one of them interpreted, on two universes: 12 lanes."""
    return configuration(sample)


Alone = Callable[[LaneRow], str]


@pytest.fixture(scope="module")
def alone(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """Give the digest of a lane of ``config`` that runs alone; each lane runs once."""
    out = tmp_path_factory.mktemp("alone")
    known: dict[str, str] = {}

    def digest(row: LaneRow) -> str:
        name = json.dumps([row.strategy, row.parameters, row.universe], sort_keys=True)
        if name not in known:
            config = configuration(sample)
            lane = next(one for one in TWO_STRATEGIES if one["name"] == row.strategy)
            settings = dict(config, sweep=None, pipeline={})
            settings["strategy"] = {
                **lane,
                "parameters": row.parameters,
                "symbols": config["sweep"]["universes"][row.universe],
            }
            known[name] = run(settings, out=out).statistics["digest"]
        return known[name]

    return digest


def learning(sample: Path, **section: Any) -> dict[str, Any]:
    """A search of 12 sets in batches of 4."""
    pytest.importorskip("optuna")
    return small(sample, **{"method": "tpe", "samples": 12, "batch": 4, "seed": 3, **section})


# --- the same as alone ---------------------------------------------------------------------------


@pytest.mark.parametrize("start_method", ["forkserver", "spawn"])
def test_every_lane_comes_to_what_it_comes_to_alone(
    config, alone: Alone, tmp_path: Path, start_method: str
):
    config["pipeline"] = {"start_method": start_method}
    result = sweep(config, out=tmp_path, engines=2)
    assert (len(result.rows), result.summary["done"]) == (12, 12)
    for row in result.rows:
        assert alone(row) == row.digest


@pytest.mark.parametrize(("usable", "limited_by"), [(1, "a quota of 1.5 processors"), (2, "")])
def test_a_sweep_has_an_engine_for_each_processor_that_it_may_use_and_says_what_limits_it(
    config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usable: int, limited_by: str
):
    found = Processors(usable, 8, limited_by)
    monkeypatch.setattr("pipeline.sweeps.sweep.usable_processors", lambda: found)
    summary = sweep(config, out=tmp_path).summary
    assert summary["engines"] == usable
    note = (
        "The sweep had 1 engine, though the machine has 8 processors: a quota of 1.5 processors "
        "limits it. --engines sets another number."
    )
    assert [one for one in summary["notes"] if "engine" in one] == [note] * bool(limited_by)


def test_nothing_depends_on_engines_passes_or_slots(config, tmp_path: Path):
    found = []
    for engines, changes in (
        (1, []),
        (2, ["pipeline.slot_rows=7", "pipeline.slots=1"]),
        (4, ["pipeline.processors=2"]),
        (2, ["sweep.lanes_per_pass=5", "pipeline.start_method=spawn"]),
    ):
        result = sweep(config, out=tmp_path, engines=engines, overrides=changes)
        found.append(known(result.rows))
    assert found[0] == found[1] == found[2] == found[3]


def test_a_sweep_that_does_not_fit_the_memory_is_cut_into_passes(sample: Path, tmp_path: Path):
    whole = sweep(small(sample), out=tmp_path, engines=2)
    cut = sweep(small(sample, memory=0.0041), out=tmp_path, engines=2)
    assert (whole.summary["passes"], len(whole.rows)) == (1, 24)
    assert cut.summary["passes"] > 1
    assert known(cut.rows) == known(whole.rows)
    with pytest.raises(ConfigError, match=r"a pass of 1 lane needs .* MiB, there are 1\.0 MiB"):
        sweep(small(sample, memory=0.001), out=tmp_path, engines=2)


def test_a_strategy_is_given_by_its_name_as_in_the_configuration(sample: Path, tmp_path: Path):
    name = "pipeline.strategy.examples:SmaCross"
    settings = small(sample, space={"fast": [4, 5]}, best=1)
    whole = sweep(settings, out=tmp_path / "whole", engines=1)
    settings["strategy"] = {"name": "nowhere:Nothing", "mode": "compiled"}
    named = sweep(settings, strategy=name, out=tmp_path / "named", engines=1)
    assert known(named.rows) == known(whole.rows)
    with pytest.raises(StrategyError, match=r"nobody\.py"):
        run(settings, strategy=["nobody.py:Nobody"], out=tmp_path / "none")
    found = run(settings, strategy=[name, SmaCross], out=tmp_path / "both")
    one, other = found.summary["lanes"]
    assert one["digest"] == other["digest"]


def test_classes_given_from_python_are_swept_like_configured_ones(sample: Path, tmp_path: Path):
    class Follower(Strategy):
        span: int = 3

        def indicators(self) -> dict[str, Any]:
            return {"mean": ind.sma(self.span)}

        def on_bar(self, bar: Any, ctx: Any) -> None:
            ctx.target(bar.symbol, 1.0 if bar.close > bar.mean else 0.0)

    settings = small(sample, space={"span": [2, 3, 4]}, best=1)
    result = sweep(settings, strategy=Follower, out=tmp_path, engines=2)
    assert result.summary["done"] == 3
    (folder,) = result.summary["details"]
    assert (Path(folder) / "fills.parquet").is_file()
    assert list(result.to_pandas()["parameters.span"]) == [2, 3, 4]


def test_the_best_sets_have_run_folders_and_the_report_is_there(sample: Path, tmp_path: Path):
    settings = dict(small(sample, best=2, score="-max_drawdown"), benchmark=SYMBOLS[1])
    result = sweep(settings, out=tmp_path, engines=2)
    drawdowns = sorted(row.statistics["max_drawdown"] for row in result.rows)
    assert [one["score"] for one in result.summary["ranked"]] == drawdowns[:2]
    assert result.best == result.summary["ranked"][0]
    for folder, one in zip(result.summary["details"], result.summary["ranked"], strict=True):
        summary = json.loads((Path(folder) / "summary.json").read_text())
        assert summary["lanes"][0]["digest"] == one["digest"]
        assert summary["lanes"][0]["max_drawdown"] == one["score"]
    assert Path(result.summary["report"]).is_file()
    assert "alpha" in result.rows[0].statistics


def test_the_report_links_to_the_pages_of_the_best_runs(sample: Path, tmp_path: Path):
    result = sweep(small(sample, best=1), engines=1, out=tmp_path, reports=True)
    (detail,) = map(Path, result.summary["details"])
    assert (detail / "report.html").is_file()
    page = (result.folder / "report.html").read_text(encoding="utf-8")
    assert f'"best/{detail.name}/report.html"' in page


def test_evaluations_are_bars_times_lanes(config, tmp_path: Path):
    result = sweep(config, out=tmp_path, engines=2)
    bars = [run(dict(config, sweep=None), out=tmp_path).summary["bars"]]
    one = dict(config, sweep=None)
    one["session_data_config"] = {"symbols": [SYMBOLS[1]], "streams": ["1m", "5m"]}
    bars.append(run(one, out=tmp_path).summary["bars"])
    assert result.summary["evaluations"] == 6 * sum(bars)


def test_optuna_chooses_the_same_sets_for_any_number_of_engines(sample: Path, tmp_path: Path):
    config = learning(sample, score=["total_return", "-max_drawdown"])
    found = [known(sweep(config, out=tmp_path, engines=engines).rows) for engines in (1, 2)]
    assert found[0] == found[1]
    assert len({row[0] for row in found[0]}) == 12


@pytest.fixture(scope="module")
def unbroken(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> SweepResult:
    """A search that was run to its end."""
    return sweep(learning(sample), out=tmp_path_factory.mktemp("unbroken"), engines=1)


def test_an_ended_search_that_is_resumed_comes_to_the_same(sample: Path, unbroken: SweepResult):
    out, first = unbroken.folder.parent, unbroken
    again = sweep(learning(sample, best=1), out=out, engines=1, resume=True)
    assert (again.summary["resumed"], again.summary["passes"]) == (12, 0)
    assert known(again.rows) == known(first.rows)
    assert again.best == first.best is not None
    assert again.summary["notes"] == first.summary["notes"]
    assert len(again.summary["details"]) == 1
    more = sweep(learning(sample, samples=16), out=out, engines=1, resume=True)
    assert (more.summary["resumed"], more.summary["lanes"]) == (12, 16)
    assert known(more.rows)[:12] == known(first.rows)


def test_a_search_that_is_interrupted_and_resumed_ends_like_an_unbroken_one(
    sample: Path, tmp_path: Path, unbroken: SweepResult
):
    def interrupt(progress: SweepProgress) -> None:
        if progress.lanes >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(learning(sample), out=tmp_path, engines=1, progress=interrupt)
    resumed = sweep(learning(sample), out=tmp_path, engines=1, resume=True)
    assert 0 < resumed.summary["resumed"] < 12
    assert known(resumed.rows) == known(unbroken.rows)
    assert resumed.best == unbroken.best


def test_a_search_of_another_space_takes_the_lanes_that_are_known_and_says_so(
    sample: Path, tmp_path: Path
):
    """The second space is a part of the first, of which all sets are tried."""
    sweep(small(sample, space={"fast": [3, 4, 5], "slow": [20, 30]}), out=tmp_path, engines=1)
    narrower = learning(sample, space={"fast": [4, 5], "slow": [20, 30]}, samples=4)
    found = sweep(narrower, out=tmp_path, engines=1, resume=True)
    assert (found.summary["lanes"], found.summary["resumed"]) == (4, 4)
    (note,) = [note for note in found.summary["notes"] if "--resume" in note]
    assert note.startswith(f"--resume began a new search, because {tmp_path / 'ledger'} has none")
    assert note.endswith("The ledger knew 4 of the 4 sets that it chose.")


# --- halving -------------------------------------------------------------------------------------


def test_halving_leaves_the_same_lanes_for_any_division(sample: Path, tmp_path: Path):
    pruning = {"score": "total_return", "keep": 0.5, "rungs": 2}
    settings = small(sample, pruning=pruning)
    found = [
        sweep(settings, out=tmp_path, engines=engines, overrides=[f"pipeline.slot_rows={rows}"])
        for engines, rows in ((1, 5000), (2, 100), (4, 3))
    ]
    rows = [known(one.rows) for one in found]
    assert rows[0] == rows[1] == rows[2]
    states = [row.state for row in found[0].rows]
    assert (states.count("done"), states.count("pruned")) == (6, 18)
    whole = {row.digest: row for row in sweep(small(sample), out=tmp_path, engines=2).rows}
    best = sorted(whole.values(), key=lambda row: -row.statistics["total_return"])[0]
    for row in found[0].rows:
        if row.state == "done":
            assert row.statistics == whole[row.digest].statistics
        else:
            assert row.statistics["sessions"] < 4
    assert found[0].best is not None
    assert found[0].best["score"] <= best.statistics["total_return"]
    again = sweep(settings, out=tmp_path, engines=2, resume=True)
    assert (again.summary["resumed"], again.summary["passes"]) == (24, 0)


def test_a_pruned_lane_is_as_a_run_that_ends_at_its_rung(sample: Path, tmp_path: Path):
    settings = small(sample, pruning={"keep": 0.5, "rungs": 1})
    pruned = [row for row in sweep(settings, out=tmp_path, engines=2).rows if row.state == "pruned"]
    assert len(pruned) == 12
    sessions = int(pruned[0].statistics["sessions"])
    row = pruned[3]
    alone = dict(settings, sweep=None)
    alone["strategy"] = {**settings["strategy"], "parameters": row.parameters}
    whole = run(alone, out=tmp_path)
    alone["backtest_config"] = {
        "start_date": FIRST,
        "end_date": str(whole.sessions["date"][sessions - 1].as_py()),
    }
    short = run(alone, out=tmp_path)
    for name in ("total_return", "fills", "max_drawdown", "final_equity", "commission"):
        assert short.statistics[name] == row.statistics[name], name


def test_one_session_has_nothing_to_compare_at(sample: Path, tmp_path: Path):
    settings = small(sample, pruning={"keep": 0.5, "rungs": 3})
    settings["backtest_config"] = {"start_date": FIRST, "end_date": FIRST}
    result = sweep(settings, out=tmp_path, engines=2)
    assert (result.summary["done"], result.summary["pruned"]) == (24, 0)


def test_sets_that_were_never_called_are_noted_as_sets_with_the_first_ones_parameters(
    sample: Path, tmp_path: Path
):
    never = small(sample, space={"fast": [4, 5], "slow": [30, 100_000]})
    found = sweep(never, out=tmp_path, engines=1).summary["notes"]
    (note,) = [note for note in found if "never called" in note]
    assert note == (
        "An indicator had no value at any bar in 2 of 4 sets (the first: fast 4, slow 100000,"
        " quantity 100), which were never called for a bar."
    )


def test_a_score_of_which_less_is_better_is_noted(sample: Path, tmp_path: Path):
    """The best set by it is the one that fell deepest."""
    few = small(sample, space={"fast": [4, 5]}, score="max_drawdown")
    found = sweep(few, out=tmp_path, engines=1)
    (note,) = [note for note in found.summary["notes"] if "better" in note]
    assert note.endswith('more of it was taken as better. Write "-max_drawdown" for less.')
    assert found.best is not None
    assert found.best["score"] == max(row.statistics["max_drawdown"] for row in found.rows)


@pytest.mark.parametrize(("samples", "notes"), [(50, 1), (2, 0)])
def test_fewer_sets_than_samples_are_noted(sample: Path, tmp_path: Path, samples: int, notes: int):
    few = small(sample, space={"fast": [4, 5]}, method="random", samples=samples)
    found = sweep(few, out=tmp_path, engines=1).summary["notes"]
    said = "sweep.samples is 50, but only 2 different sets were found in the space: each was tried"
    assert [note.startswith(said) for note in found if "samples" in note] == [True] * notes


@pytest.mark.parametrize("lanes", [None, 4])
def test_an_interrupted_sweep_says_how_to_go_on(sample: Path, tmp_path: Path, lanes: int | None):
    def interrupt(progress: SweepProgress) -> None:
        if lanes is None or progress.lanes >= 2 * lanes:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        sweep(small(sample, lanes_per_pass=lanes), out=tmp_path, engines=1, progress=interrupt)
    (told,) = caught.value.__notes__
    if lanes is None:
        assert told.startswith("no pass was over, so nothing is kept: sweep.lanes_per_pass")
    else:
        assert re.match(r"\d+ lanes that have ended: .* go on with --resume", told)


# --- what does not make a sweep ------------------------------------------------------------------


def test_a_configuration_without_the_section_is_refused(sample: Path, tmp_path: Path):
    with pytest.raises(ConfigError, match=r'^there is no section "sweep".* "sweep": {"space": '):
        sweep(dict(small(sample), sweep=None), out=tmp_path)
    file = tmp_path / "base.json"
    file.write_text(json.dumps(dict(small(sample), sweep=None)))
    with pytest.raises(ConfigError, match=f'^{file}: there is no section "sweep"'):
        sweep(file, out=tmp_path)
    with pytest.raises(ConfigError, match="engines must be a whole number from 1 to 64, was 0"):
        sweep(small(sample), out=tmp_path, engines=0)
    text: Any = "2"
    with pytest.raises(ConfigError, match="engines must be a whole number from 1 to 64, was '2'"):
        sweep(small(sample), out=tmp_path, engines=text)

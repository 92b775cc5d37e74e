"""Runs and sweeps on given data: the same for all forms, resumed, and refused in one line."""

import datetime as dt
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline import run, sweep
from pipeline.errors import ConfigError, DataError, StrategyError
from pipeline.market.importers import import_bars
from pipeline.strategy.examples import SmaCross
from tests.market.given.forms import FORMS, bars
from tests.reference.own_process import environment, python


def test_all_forms_of_equal_bars_give_one_digest(tmp_path: Path):
    (tmp_path / "files").mkdir()
    frame = bars(240)
    digests, places = set(), set()
    for make in FORMS.values():
        given = make(frame, tmp_path / "files")
        result = run(strategy=SmaCross(fast=3, slow=9), data=given, out=tmp_path / "runs")
        digests.add(result.digest)
        places.add(json.loads((result.run_dir / "config.json").read_text())["catalog"])
    assert (len(digests), len(places)) == (1, 1)


def test_a_run_on_data_is_the_run_of_its_configuration(tmp_path: Path):
    frame = bars(240)
    given = run(
        strategy=SmaCross(fast=3, slow=9), data=frame, initial_cash=5_000, out=tmp_path, symbol="X"
    )
    import_bars(frame, tmp_path / "c", symbol="X")
    settings = {
        "session_name": "own",
        "exchange_group": given.summary["inferred"]["calendar"].split(",")[0],
        "backtest_config": {"start_date": "2024-03-04", "end_date": "2024-03-04"},
        "session_data_config": {"symbols": ["X"]},
        "trading_config": {"initial_cash": 5_000},
        "catalog": str(tmp_path / "c"),
    }
    own = run(settings, strategy=SmaCross(fast=3, slow=9), out=tmp_path)
    assert given.digest == own.digest
    assert "inferred" not in own.summary
    assert given.summary["session_name"] == "SmaCross"
    assert "inferred        symbols: X" in repr(given)


def test_a_sweep_on_data_is_resumed(tmp_path: Path):
    def again(resume: bool):
        return sweep(
            strategy=SmaCross,
            data=bars(240),
            space={"fast": range(2, 6), "slow": [9]},
            score="total_return",
            best=1,
            out=tmp_path,
            resume=resume,
        )

    first, second = again(False), again(True)
    assert (first.summary["lanes"], second.summary["resumed"]) == (4, 4)
    assert first.summary["inferred"] == second.summary["inferred"]
    by_name = sweep(
        strategy="pipeline.strategy.examples:SmaCross",
        data=bars(240),
        space={"fast": [2, 3, 4, 5], "slow": [9]},
        score="total_return",
        out=tmp_path,
    )
    assert by_name.best["score"] == first.best["score"]


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        ({"strategy": SmaCross}, ConfigError, "neither a configuration nor data"),
        ({"data": bars()}, ConfigError, "there is no strategy: give one with strategy="),
        ({"data": bars(), "strategy": 5}, StrategyError, "strategy must be a Strategy, its class"),
        ({"data": bars(), "strategy": SmaCross, "tz": 5}, ConfigError, "tz must be the name of a"),
        (
            {"data": bars(), "strategy": SmaCross, "initial_cash": -5},
            ConfigError,
            "trading_config.initial_cash is -5, expected",
        ),
        (
            {"data": bars(), "strategy": SmaCross, "symbols": ["A", "B"]},
            DataError,
            "A is not in the data",
        ),
        (
            {"data": bars(), "strategy": SmaCross, "catalog": "elsewhere"},
            ConfigError,
            "catalog is set beside data, which take its place",
        ),
        (
            {"data": bars(), "strategy": SmaCross, "overrides": ["catalog=elsewhere"]},
            ConfigError,
            "catalog is set beside data, which take its place",
        ),
    ],
)
def test_what_is_wrong_is_told_and_leaves_no_folder(
    arguments: dict[str, Any], error: type[Exception], told: str, tmp_path: Path
):
    with pytest.raises(error, match=told):
        run(**arguments, out=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_zone_may_be_an_object(tmp_path: Path):
    naive = bars(240).tz_localize(None)
    digests = {
        run(strategy=SmaCross(fast=3, slow=9), data=naive, tz=zone, out=tmp_path).digest
        for zone in ("UTC", dt.UTC, ZoneInfo("UTC"))
    }
    assert len(digests) == 1


def test_a_frame_as_the_configuration_is_told_to_be_data():
    wrong: Any = bars()
    with pytest.raises(ConfigError, match="is a DataFrame, expected a path or a dict; data are"):
        run(wrong, strategy=SmaCross)


def test_a_sweep_without_a_space_is_told_how_to_give_one(tmp_path: Path):
    with pytest.raises(ConfigError, match=r'give one, such as space=\{"fast": \[5, 10, 20\]\}'):
        sweep(strategy=SmaCross, data=bars(), out=tmp_path)


SCRIPT = """
from pipeline import Strategy, run, indicators as ind
from tests.market.given.forms import bars

class Mine(Strategy):
    fast: int = 3

    def indicators(self):
        return {"mean": ind.sma(self.fast)}

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, 1.0 if bar.close > bar.mean else -1.0)

def main():
    print(run(strategy=Mine, data=bars(240), out=OUT).digest)

main()
"""


def test_a_script_and_what_is_typed_need_no_guard(tmp_path: Path):
    source = SCRIPT.replace("OUT", repr(str(tmp_path)))
    (tmp_path / "script.py").write_text(source)
    root = Path(__file__).parents[3]
    by_file = python(tmp_path / "script.py", cwd=root, env=_with_path(root)).stdout
    typed = python("-", cwd=root, input=source, env=_with_path(root)).stdout
    assert len(by_file.strip()) == 32
    assert by_file == typed


def _with_path(root: Path) -> dict[str, str]:
    return environment(PYTHONPATH=str(root))


@pytest.mark.parametrize(
    "wrong",
    [
        {"symbols": "DATA"},
        {"symbols": 5},
        {"streams": "1m"},
        {"streams": 5},
        {"streams": []},
        {"exchange_group": 5},
        {"session_data_config": 5},
        {"trading_hours": 5},
    ],
)
def test_settings_of_a_wrong_kind_are_refused_as_in_a_configuration(
    wrong: dict[str, Any], tmp_path: Path
):
    with pytest.raises(ConfigError, match=r"(is|has) .*, expected"):
        run(strategy=SmaCross, data=bars(), out=tmp_path, **wrong)

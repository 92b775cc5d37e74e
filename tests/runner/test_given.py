"""What follows from given data: symbols, intervals, dates, calendar, currency; and runs on it."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline import Strategy, run, sweep
from pipeline import indicators as ind
from pipeline.errors import ConfigError, DataError, StrategyError
from pipeline.market.given.catalog import given_catalog
from pipeline.market.importers import import_bars
from pipeline.runner.given import infer
from pipeline.strategy.examples import SmaCross
from tests.market.given.forms import FORMS, bars
from tests.reference.own_process import python


class Daily(Strategy):
    """Looks at whole sessions and at hours beside the base bars."""

    intervals = ("1d",)

    def indicators(self):
        return {"hourly": ind.sma(2, interval="1h")}

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, 1.0)


def inferred(data: Any, known: dict[str, Any] | None = None, strategy: Any = None, **options: Any):
    with given_catalog(data, options) as found:
        return infer(found, known or {}, strategy)


def sessions(group: str, first: str, last: str, step: str = "1h") -> pd.DataFrame:
    """Return bars in the hours of a market: of New York, of currencies, or always."""
    index = pd.date_range(first, last, freq=step, tz="America/New_York")
    of_day, day = index.hour * 60 + index.minute, index.day_of_week
    there = {
        "US_EQUITY": (day < 5) & (of_day >= 570) & (of_day < 960),
        "FX": ~((day == 5) | ((day == 4) & (of_day >= 1020)) | ((day == 6) & (of_day < 1020))),
        "CRYPTO": day >= 0,
    }[group]
    frame = bars(len(index))
    frame.index = index
    return frame[there]


@pytest.mark.parametrize(
    ("group", "asset_class", "dates"),
    [
        ("US_EQUITY", "EQUITY", ("2024-03-04", "2024-03-28")),
        ("FX", "FX", ("2024-03-04", "2024-03-29")),
        ("CRYPTO", "CRYPTO", ("2024-03-02", "2024-03-29")),
    ],
)
def test_the_calendar_is_the_one_whose_sessions_have_the_bars(
    group: str, asset_class: str, dates: tuple[str, str]
):
    frame = sessions(group, "2024-03-01 19:00", "2024-03-28 20:00", "30min")
    found = inferred(frame)
    assert found.settings["exchange_group"] == group
    assert found.settings["asset_class"] == asset_class
    assert found.told["calendar"].startswith(f"{group}, whose sessions have 100 % of the bars")
    assert tuple(found.settings["backtest_config"].values()) == dates
    assert found.told["dates"] == " to ".join(dates)


def test_bars_that_no_calendar_reaches_are_of_all_hours():
    found = inferred(bars(300, "2150-03-04", "6h"))
    assert found.settings["exchange_group"] == "CRYPTO"
    assert found.told["calendar"].startswith("CRYPTO, open at all hours, because no usual calendar")


def test_what_is_known_is_not_inferred_and_not_told():
    known = {
        "exchange_group": "CRYPTO",
        "session_name": "mine",
        "session_data_config": {"symbols": ["B"], "streams": ["1m", "5m"]},
        "backtest_config": {"start_date": "2024-03-04"},
        "catalog": "elsewhere",
    }
    found = inferred({"A": bars(), "B": bars()}, known)
    assert found.settings.keys() == {"asset_class", "backtest_config", "catalog"}
    assert found.settings["backtest_config"] == {"end_date": "2024-03-04"}
    assert found.told == {"dates": "to 2024-03-04"}


def test_the_intervals_that_a_strategy_asks_for_are_added():
    found = inferred(bars(120), strategy=Daily)
    assert found.settings["session_data_config"]["streams"] == ("1m", "1h", "1d")
    assert found.told["interval"] == "1m, and 1h, 1d, which the strategy asks for"
    assert inferred(bars(120, step="2h"), strategy=Daily).told["interval"].startswith("2h, and 1d")


def test_the_currency_is_the_one_in_which_all_are_quoted():
    frame = sessions("FX", "2024-03-03", "2024-03-29")
    found = inferred({"EURJPY": frame, "USDJPY": frame})
    assert found.settings["trading_config"] == {"currency": "JPY"}
    assert "trading_config" not in inferred({"EURJPY": frame, "EURUSD": frame}).settings


def test_of_several_intervals_the_shortest_that_all_have_is_taken(tmp_path: Path):
    for step, interval in (("1min", "1m"), ("1h", "1h")):
        frame = bars(300, step=step)
        import_bars({"A": frame, "B": frame}, tmp_path / "c", interval=interval)
    import_bars({"C": bars(300, step="1h")}, tmp_path / "c", interval="1h")
    found = inferred(tmp_path / "c")
    assert found.settings["session_data_config"] == {
        "symbols": ("A", "B", "C"),
        "streams": ("1h",),
    }
    known = {"session_data_config": {"symbols": ["A", "B"]}}
    assert inferred(tmp_path / "c", known).settings["session_data_config"]["streams"] == ("1m",)


def test_symbols_without_a_common_interval_are_refused(tmp_path: Path):
    import_bars({"A": bars()}, tmp_path / "c")
    import_bars({"B": bars(step="1h")}, tmp_path / "c")
    with pytest.raises(DataError, match=r"no interval in common \(1m: A; 1h: B\)"):
        inferred(tmp_path / "c")


def test_what_an_import_took_for_true_is_told():
    frame = bars(400).drop(columns="Volume").tz_localize(None)
    frame.iloc[3] = float("nan")
    told = inferred(frame, tz="UTC", bad_rows="drop").told
    assert told["left out"] == "1 row without prices"
    assert told["stamps"] == 'open (a guess: stamped="close" says otherwise)'
    assert told["data"] == "Volume is 0 in all bars."


# -- runs ------------------------------------------------------------------------------------------


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
            "A is not in ",
        ),
    ],
)
def test_what_is_wrong_is_told_and_leaves_no_folder(
    arguments: dict[str, Any], error: type[Exception], told: str, tmp_path: Path
):
    with pytest.raises(error, match=told):
        run(**arguments, out=tmp_path)
    assert not list(tmp_path.iterdir())


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
    root = Path(__file__).parents[2]
    by_file = python(tmp_path / "script.py", cwd=root, env=_with_path(root)).stdout
    typed = python("-", cwd=root, input=source, env=_with_path(root)).stdout
    assert len(by_file.strip()) == 32
    assert by_file == typed


def _with_path(root: Path) -> dict[str, str]:
    from tests.reference.own_process import environment

    return environment(PYTHONPATH=str(root))

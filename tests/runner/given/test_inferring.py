"""What follows from given data: symbols, intervals, dates, calendar, currency."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline import Strategy
from pipeline import indicators as ind
from pipeline.errors import DataError
from pipeline.market.given.catalog import given_catalog
from pipeline.market.importers import import_bars
from pipeline.runner.given.inferring import infer
from tests.market.given.forms import bars


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


def test_symbols_of_markets_with_other_hours_have_one_calendar_with_all_their_bars():
    ours = sessions("US_EQUITY", "2024-02-26", "2024-03-14", "5min")
    theirs = ours.set_axis(ours.index.tz_localize(None).tz_localize("Asia/Tokyo"))
    found = inferred({"A": ours, "B": theirs})
    assert found.settings["exchange_group"] in ("CRYPTO", "FX")


def test_bars_that_are_in_the_hours_of_no_calendar_lose_none():
    odd = bars(390, "2024-03-04 19:30")
    found = inferred(odd)
    assert found.settings["exchange_group"] in ("CRYPTO", "FX", "CME")
    assert "46" not in found.told["calendar"]


def test_bars_beside_sessions_are_told_with_a_way_that_there_is():
    long = sessions("CRYPTO", "2024-03-04 04:00", "2024-03-14 20:00", "5min")
    of_day = long.index.hour
    frame = long[(of_day >= 4) & (of_day < 20) & (long.index.day_of_week < 5)]
    told = inferred(frame).told["calendar"]
    assert told.startswith("US_EQUITY, whose sessions have 40")
    assert (
        'before or after them: trading_hours="extended" takes them; if they are not, check tz)'
        in told
    )


def test_pairs_of_currencies_have_the_calendar_of_currencies():
    frame = sessions("FX", "2024-03-04 19:00", "2024-03-07 12:00", "5min")
    assert inferred({"EURGBP": frame, "EURUSD": frame}).settings["exchange_group"] == "FX"


def test_dates_beyond_the_data_are_told_with_those_that_there_are():
    for known in ({"start_date": "2030-01-01"}, {"end_date": "2000-01-01"}):
        with pytest.raises(DataError, match="but the bars of the data are of 2024-03-04"):
            inferred(bars(), {"backtest_config": known})


def test_bars_that_no_calendar_reaches_are_of_all_hours():
    found = inferred(bars(300, "2150-03-04", "6h"))
    assert found.settings["exchange_group"] == "CRYPTO"
    assert found.told["calendar"].startswith("CRYPTO, open at all hours, because the hours of no")


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
    assert found.told == {"asset_class": "CRYPTO, by the calendar", "dates": "to 2024-03-04"}


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

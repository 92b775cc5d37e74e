"""Facts of bars: which rows are valid, and the session that each belongs to."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from pipeline.codes import PRICE_COLUMNS, interval_ns
from pipeline.errors import DataError
from pipeline.market.bars import check_bars
from pipeline.market.time.time_manager import SessionTable, TimeManager
from tests.market.random_bars import DAY, MINUTE, SECOND, assigned, markets
from tests.market.real_bars import Float64Array, Int64Array, load

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


# ------------------------------------------------------------------------------- validity

GOOD = {
    "ts": [0, MINUTE, 2 * MINUTE],
    "open": [10.0, 11.0, 12.0],
    "high": [11.0, 12.0, 13.0],
    "low": [9.0, 10.0, 11.0],
    "close": [10.5, 11.5, 12.5],
    "volume": [0.0, 5.0, 7.0],
}


def check(tolerance: float = 1e-9, **changes: list[float]) -> None:
    columns = {**GOOD, **changes}
    ts = np.array(columns.pop("ts"), dtype=np.int64)
    check_bars("IBM", "1m", ts, **columns, tolerance=tolerance)


def test_good_bars_pass() -> None:
    check()
    check_bars("IBM", "1m", np.zeros(0, np.int64), *[np.zeros(0)] * 5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ts": [0, 2 * MINUTE, MINUTE]}, r"row 2 at 1970-01-01T00:01:00Z: ts is before"),
        ({"ts": [0, MINUTE, MINUTE]}, r"row 2 .*ts duplicates that of the row before"),
        ({"ts": [0, 30 * SECOND, 2 * MINUTE]}, r"row 1 .*ts is 30 s after.*must not overlap"),
        ({"open": [10.0, float("nan"), 12.0]}, r"row 1 .*open must be a finite number, was nan"),
        ({"high": [11.0, 12.0, float("inf")]}, r"row 2 .*high must be a finite number, was inf"),
        ({"low": [0.0, 10.0, 11.0]}, r"row 0 .*low must be above zero, was 0.0"),
        ({"close": [10.5, -3.0, 12.5]}, r"row 1 .*close must be above zero, was -3.0"),
        ({"high": [8.0, 12.0, 13.0]}, r"row 0 .*high must not be below low 9.0, was 8.0"),
        ({"open": [10.0, 12.5, 12.0]}, r"row 1 .*open must be within low 10.0 to high 12.0, was"),
        ({"close": [10.5, 11.5, 10.9]}, r"row 2 .*close must be within low 11.0 to high 13.0"),
        ({"volume": [0.0, -1.0, 7.0]}, r"row 1 .*volume must not be negative, was -1.0"),
        ({"volume": [0.0, 5.0, float("nan")]}, r"row 2 .*volume must be a finite number, was nan"),
        ({"volume": [0.0, 5.0]}, r"column volume must have the \(3,\) rows of ts, had \(2,\)"),
    ],
)
def test_each_broken_rule_is_named_with_row_time_column_and_value(
    changes: dict[str, list[float]], message: str
) -> None:
    with pytest.raises(DataError, match=f"IBM 1m: .*{message}|IBM 1m: {message}"):
        check(**changes)


def test_rounding_is_forgiven_to_the_tolerance_and_no_further() -> None:
    close = [11.0 * (1 + 5e-10), 11.5, 12.5]
    check(close=close)
    with pytest.raises(DataError, match="close must be within"):
        check(close=close, tolerance=0.0)
    check(close=[11.05, 11.5, 12.5], tolerance=0.01)


def test_columns_that_are_read_only_or_strided_are_checked_too() -> None:
    columns = np.array([GOOD[name] for name in PRICE_COLUMNS]).T.copy()
    columns.flags.writeable = False
    check_bars("IBM", "1m", np.array(GOOD["ts"], dtype=np.int64), *columns.T)


def test_real_records_pass_but_for_the_two_sets_with_wrong_opens(shared_data: Path) -> None:
    for name, symbol, interval in [
        ("lean_us_equity_1h", "SPY", "1h"),
        ("lean_fx_oanda_1s", "EURUSD", "1s"),
        ("lean_us_equity_1d", "IBM", "1d"),
        ("stocknet_us_equity_1d", "AAPL", "1d"),
        ("wiki_us_equity_1d", "MSFT", "1d"),
        ("ejtrader_fx_1h", "USDJPY", "1h"),
    ]:
        ts, values = load(shared_data, name, symbol)
        check_bars(symbol, interval, ts, *values)
    ts, values = load(shared_data, "mplfinance_us_equity_1d", "SPY")
    with pytest.raises(DataError, match=r"SPY 1d: row .* at 2015-03-05T00:00:00Z: open must be"):
        check_bars("SPY", "1d", ts, *values)
    check_bars("SPY", "1d", ts, *values, tolerance=0.006)
    ts, values = load(shared_data, "vix_1d", "VIX")
    with pytest.raises(DataError, match="VIX 1d: row 533 at 1992-02-11T00:00:00Z: open must be"):
        check_bars("VIX", "1d", ts, *values)


# ------------------------------------------------------------------------------- sessions


@settings(deadline=None)
@given(market=markets())
def test_a_bar_belongs_to_the_first_session_it_overlaps(
    market: tuple[SessionTable, Int64Array, Float64Array],
) -> None:
    table, ts, _ = market
    session, close_ts = assigned(ts, MINUTE, table)
    for i, opened in enumerate(ts.tolist()):
        overlapping = [
            s
            for s in range(len(table))
            if opened < table.close_ns[s] and opened + MINUTE > table.open_ns[s]
        ]
        assert session[i] == (overlapping[0] if overlapping else -1)
        cut = table.close_ns[overlapping[0]] if overlapping else opened + MINUTE
        assert close_ts[i] == min(opened + MINUTE, cut)


def test_a_bar_cut_at_an_early_close_closes_with_the_session() -> None:
    table = TimeManager("US_EQUITY").session_table("2013-11-27", "2013-12-02")
    hour = np.array(["2013-11-29T14:00", "2013-11-29T17:00", "2013-11-29T18:00"], dtype="M8[ns]")
    ts = np.concatenate([hour.astype(np.int64), table.close_ns[2:] - 30 * SECOND])
    session, close_ts = assigned(ts, interval_ns("1h"), table)
    assert session.tolist() == [1, 1, -1, 2]
    assert close_ts[1] == table.close_ns[1] == hour[2].astype(np.int64)
    assert close_ts[3] == table.close_ns[2]


def test_daily_bars_belong_to_the_session_of_their_date() -> None:
    table = TimeManager("CME").session_table("2013-11-25", "2013-11-29")
    labels = np.array(["2013-11-24", "2013-11-25", "2013-11-28", "2013-11-30"], dtype="M8[ns]")
    session, close_ts = assigned(labels.astype(np.int64), DAY, table)
    assert session.tolist() == [-1, 0, 3, -1]
    np.testing.assert_array_equal(close_ts[1:3], table.close_ns[[0, 3]])


@pytest.mark.parametrize(
    ("group", "stamps", "dates"),
    [
        # 17:00 in New York, in summer and winter; 21:00Z all year, which is 16:00 there in winter.
        (
            "FX",
            ["2022-05-11T21:00", "2022-05-12T21:00", "2022-05-15T21:00"],
            ["2022-05-12", "2022-05-13", "2022-05-16"],
        ),
        ("FX", ["2022-01-11T22:00", "2022-01-12T21:00"], ["2022-01-12", "2022-01-13"]),
        # 17:00 in Chicago.
        ("CME", ["2022-05-11T22:00", "2022-05-15T22:00"], ["2022-05-12", "2022-05-16"]),
        ("CME", ["2022-01-11T23:00", "2022-01-12T23:00"], ["2022-01-12", "2022-01-13"]),
        # Midnight in New York, on a day that closes early, and in Tokyo.
        ("US_EQUITY", ["2024-07-02T04:00", "2024-07-03T04:00"], ["2024-07-02", "2024-07-03"]),
        ("US_EQUITY", ["2024-07-04T04:00"], [None]),
        ("XTKS", ["2022-05-11T15:00", "2022-05-12T15:00"], ["2022-05-12", "2022-05-13"]),
    ],
)
def test_daily_bars_labelled_by_an_instant_belong_to_the_session_in_the_middle_of_their_day(
    group: str, stamps: list[str], dates: list[str | None]
) -> None:
    table = TimeManager(group).session_table("2022-01-03", "2024-07-31")
    session, close_ts = assigned(np.array(stamps, "M8[ns]").astype(np.int64), DAY, table)
    known = table.date_ns.astype("M8[ns]").astype("M8[D]").astype(str)
    assert [None if at < 0 else known[at] for at in session] == dates
    inside = session >= 0
    np.testing.assert_array_equal(close_ts[inside], table.close_ns[session[inside]])


@pytest.mark.parametrize(
    ("last", "words"), [(-(2**63), "is before that of the row before"), (2**63 - 1, None)]
)
def test_times_of_different_centuries_are_compared_as_they_are(last: int, words: str | None):
    minute, start = 60_000_000_000, 1_700_000_000_000_000_000
    ts = np.array([start, start + minute, last])
    with pytest.raises(DataError, match=words) if words else contextlib.nullcontext():
        check_bars("X", "1m", ts, *[np.ones(3)] * 5)
    first = np.array([-(2**63), start])
    check_bars("X", "1m", first, *[np.ones(2)] * 5)

"""The rules of bars."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import DataError
from pipeline.market.bar_rules import BarCheck, check_bars, find_fault, look_right
from tests.market.random_bars import MINUTE, SECOND
from tests.market.real_bars import load

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


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


@given(st.data())
def test_rows_that_look_right_break_no_rule_and_others_are_looked_at_closely(data):
    rows = data.draw(st.integers(1, 6))
    numbers = st.sampled_from([9.0, 10.0, 10.0, 11.0, 0.0, -1.0, np.nan, np.inf, -np.inf, 1e308])
    columns = np.array([[10.0, 11.0, 9.0, 10.0, 5.0]] * rows).T.copy()
    for _ in range(data.draw(st.integers(0, 2))):
        place = data.draw(st.integers(0, 4)), data.draw(st.integers(0, rows - 1))
        columns[place] = data.draw(numbers)
    times = st.integers(0, 9).map(lambda at: at * SECOND) | st.sampled_from([-(2**63), 2**63 - 1])
    ts = np.array(data.draw(st.lists(times, min_size=rows, max_size=rows)))
    step = data.draw(st.sampled_from([1, SECOND, 2 * SECOND]))
    right = find_fault(ts, columns, step=step, tolerance=0.0) is None
    assert look_right(ts, columns, step) == right


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.0, 10.0, 10.0, 10.0])), max_size=12),
    st.lists(st.integers(0, 12), max_size=3).map(sorted),
)
def test_the_blocks_in_which_bars_come_do_not_matter(rows, cuts):
    ts = np.cumsum(np.array([ahead for ahead, _ in rows], np.int64)) * 30_000_000_000
    columns = [np.array([price for _, price in rows])] * 5

    def refusal(blocks):
        check = BarCheck("X", "1m")
        try:
            for block in blocks:
                if len(block[0]):
                    check.look_at(block[0], block[1:])
        except DataError as error:
            return str(error)
        assert check.rows == len(ts)
        return None

    whole = refusal([(ts, *columns)])
    assert refusal(zip(*(np.split(one, cuts) for one in (ts, *columns)), strict=True)) == whole
    with pytest.raises(DataError) if whole else contextlib.nullcontext() as refused:
        check_bars("X", "1m", ts, *columns)
    assert refused is None or str(refused.value) == whole

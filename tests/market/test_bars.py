"""Facts of bars: valid ones, the session they belong to, and longer bars from shorter."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.codes import PRICE_COLUMNS, interval_name, interval_ns
from pipeline.errors import ConfigError, DataError
from pipeline.market.bars import (
    DERIVE_STATE_F,
    DERIVE_STATE_I,
    assign_sessions,
    check_bars,
    check_derivable,
    derive_bars,
    resample,
)
from pipeline.market.time.time_manager import SessionTable, TimeManager
from tests.market.real_bars import Float64Array, Int64Array, load

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
Row = tuple[int, int, float, float, float, float, float]


# ------------------------------------------------------------------------------ intervals


@pytest.mark.parametrize(
    ("name", "ns"),
    [("1s", SECOND), ("5m", 5 * MINUTE), ("4h", 240 * MINUTE), ("90m", 90 * MINUTE), ("1d", DAY)],
)
def test_an_interval_has_one_length_and_one_name(name: str, ns: int) -> None:
    assert interval_ns(name) == ns
    assert interval_name(ns) == name


@given(count=st.integers(1, 86_399))
def test_canonical_names_keep_the_length(count: int) -> None:
    assert interval_ns(interval_name(count * SECOND)) == count * SECOND


def test_a_long_way_to_say_an_hour_is_understood() -> None:
    assert interval_name(interval_ns("60m")) == "1h"


@pytest.mark.parametrize("name", ["", "m", "0m", "1", "1min", "-1m", "1.5h", "01m", "1M", "1w", 60])
def test_bad_interval_names_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="interval must be a whole number"):
        interval_ns(name)


@pytest.mark.parametrize(("name", "why"), [("2d", "at most 1d"), ("24h", "1d"), ("1440m", "1d")])
def test_an_interval_of_a_day_is_one_session(name: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        interval_ns(name)


@pytest.mark.parametrize("ns", [0, -MINUTE, 1, SECOND + 1, 2 * DAY])
def test_lengths_without_a_name_are_refused(ns: int) -> None:
    with pytest.raises(ConfigError, match="interval must be whole seconds"):
        interval_name(ns)


def test_only_longer_multiples_and_the_session_can_be_derived() -> None:
    for base, derived in [("1m", "5m"), ("1s", "1m"), ("1h", "4h"), ("7m", "1d"), ("1h", "1d")]:
        check_derivable(base, derived)
    for base, derived in [("5m", "5m"), ("5m", "1m"), ("1d", "1h"), ("1d", "1d")]:
        with pytest.raises(ConfigError, match="must be longer"):
            check_derivable(base, derived)
    with pytest.raises(ConfigError, match="15m must be a multiple of 10m"):
        check_derivable("10m", "15m")


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


# ------------------------------------------------------------------- sessions, longer bars


def table_of(spans: list[tuple[int, int]]) -> SessionTable:
    opens = np.array([span[0] for span in spans], dtype=np.int64)
    ends = np.array([span[1] for span in spans], dtype=np.int64)
    none = np.zeros(len(spans), dtype=np.int64)
    return SessionTable(opens // DAY * DAY, opens, ends, np.zeros(len(spans), bool), none, none)


def assigned(ts: Int64Array, length: int, table: SessionTable) -> tuple[Int64Array, Int64Array]:
    session, close_ts = np.empty_like(ts), np.empty_like(ts)
    inside = assign_sessions(
        ts, length, table.open_ns, table.close_ns, table.date_ns, session, close_ts
    )
    assert inside == (session >= 0).sum()
    return session, close_ts


@st.composite
def markets(draw: st.DrawFn) -> tuple[SessionTable, Int64Array, Float64Array]:
    """Sessions at any minute and 1m bars on any grid, with gaps, some outside all sessions."""
    spans, at = [], draw(st.integers(0, 5))
    for _ in range(draw(st.integers(1, 4))):
        length = draw(st.integers(1, 30))
        spans.append((at * MINUTE, (at + length) * MINUTE))
        at += length + draw(st.integers(0, 10))
    shift = draw(st.sampled_from([0, 0, 17, 30])) * SECOND
    kept = draw(st.lists(st.booleans(), min_size=at + 2, max_size=at + 2))
    ts = np.flatnonzero(kept).astype(np.int64) * MINUTE - shift
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.integers(1, 50, (5, len(ts))).astype(np.float64) / 7
    return table_of(spans), ts, values


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


def reference(
    ts: Int64Array, close_ts: Int64Array, session: Int64Array, values: Float64Array,
    table: SessionTable, length: int,
) -> list[Row]:  # fmt: skip
    """Longer bars in plain Python: rows grouped by the bucket that they close in."""
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for i, s in enumerate(session.tolist()):
        if s >= 0:
            opened, closed = int(table.open_ns[s]), int(table.close_ns[s])
            k = 0 if length == DAY else (int(close_ts[i]) - 1 - opened) // length
            start = opened + k * length
            end = closed if length == DAY else min(start + length, closed)
            groups[start, end].append(i)
    bars = []
    for (start, end), rows in sorted(groups.items()):
        volume = 0.0
        for i in rows:
            volume += float(values[4, i])
        bars.append(
            (
                start,
                end,
                float(values[0, rows[0]]),
                float(values[1, rows].max()),
                float(values[2, rows].min()),
                float(values[3, rows[-1]]),
                volume,
            )
        )
    return bars


@settings(deadline=None, max_examples=200)
@given(
    market=markets(),
    length=st.sampled_from([2 * MINUTE, 5 * MINUTE, 7 * MINUTE, DAY]),
    data=st.data(),
)
def test_derived_bars_and_their_delivery_do_not_depend_on_how_rows_are_cut(
    market: tuple[SessionTable, Int64Array, Float64Array], length: int, data: st.DataObject
) -> None:
    table, ts, values = market
    session, close_ts = assigned(ts, MINUTE, table)
    rows = len(ts)
    out_ts, out_close, out = np.zeros(rows + 2, np.int64), np.zeros(rows + 2, np.int64), None
    out = np.zeros((6, rows + 2))
    state_i, state_f = np.zeros(DERIVE_STATE_I, np.int64), np.zeros(DERIVE_STATE_F)
    cuts = sorted(data.draw(st.lists(st.integers(0, rows), max_size=8)))
    first, written, before = 0, 1, -(2**62)
    for last in [*cuts, rows, rows]:
        low = int(close_ts[last - 1]) if last else before
        high = int(close_ts[last]) - 1 if last < rows else int(table.close_ns[-1]) + MINUTE
        horizon = max(before, data.draw(st.integers(min(low, high), high)))
        fresh = close_ts[first:last]
        here = slice(np.searchsorted(table.close_ns, fresh[0]) if len(fresh) else 0, None)
        count = derive_bars(
            ts, close_ts, values, first, last, table.open_ns[here], table.close_ns[here],
            horizon, length, state_i, state_f, out_ts, out_close, out, written,
        )  # fmt: skip
        delivered = out_close[written : written + count]
        assert ((delivered > before) & (delivered <= horizon)).all()
        assert count <= last - first + 1
        first, written, before = last, written + count, horizon
    if state_i[0]:
        last_call = derive_bars(
            ts, close_ts, values, rows, rows, table.open_ns, table.close_ns,
            2**62, length, state_i, state_f, out_ts, out_close, out, written,
        )  # fmt: skip
        written += last_call
    found = list(zip(out_ts[1:written], out_close[1:written], *out[:5, 1:written], strict=True))
    assert found == reference(ts, close_ts, session, values, table, length)
    assert not out[5].any(), "columns of others are not touched"


@settings(deadline=None)
@given(market=markets(), length=st.sampled_from(["2m", "5m", "7m", "1d"]), cut=st.integers(0, 90))
def test_a_longer_bar_known_at_an_instant_does_not_change_afterwards(
    market: tuple[SessionTable, Int64Array, Float64Array], length: str, cut: int
) -> None:
    table, ts, values = market
    whole = resample(ts, values, "1m", length, table)
    early = resample(ts, values, "1m", length, table, horizon=cut * MINUTE)
    known = whole.close_ts <= cut * MINUTE
    np.testing.assert_array_equal(early.ts, whole.ts[known])
    np.testing.assert_array_equal(early.values, whole.values[:, known])


def test_a_base_bar_that_straddles_two_buckets_counts_where_it_closes() -> None:
    """Hour bars on the clock in a session from 09:30: 13:00-14:00 is unknown at 13:30."""
    table = TimeManager("US_EQUITY").session_table("2013-11-27", "2013-11-27")
    ts = table.open_ns[0] - 30 * MINUTE + 60 * MINUTE * np.arange(7)
    values = np.tile(np.arange(1.0, 8.0), (5, 1))
    bars = resample(ts, values, "1h", "4h", table)
    assert ((bars.close_ts - table.open_ns[0]) // MINUTE).tolist() == [240, 390]
    assert bars.values[3].tolist() == [4.0, 7.0]
    assert bars.values[4].sum() == values[4].sum()


def test_no_rows_make_no_bars_and_underivable_intervals_are_refused() -> None:
    table = TimeManager("US_EQUITY").session_table("2013-11-27", "2013-11-27")
    none = np.zeros(0, dtype=np.int64)
    assert len(resample(none, np.zeros((5, 0)), "1m", "5m", table).ts) == 0
    with pytest.raises(ConfigError, match="must be longer"):
        resample(none, np.zeros((5, 0)), "5m", "1m", table)

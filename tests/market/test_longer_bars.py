"""Longer bars against vendors' own, against pandas and against plain Python."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.codes import PRICE_COLUMNS, interval_ns
from pipeline.errors import ConfigError
from pipeline.market.longer_bars import (
    DERIVE_STATE_F,
    DERIVE_STATE_I,
    check_derivable,
    derive_bars,
    resample,
)
from pipeline.market.time.time_manager import SessionTable, TimeManager
from tests.market.random_bars import DAY, MINUTE, assigned, markets
from tests.market.real_bars import Float64Array, Int64Array, load

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

Row = tuple[int, int, float, float, float, float, float]


def test_seconds_of_eurusd_make_exactly_the_minutes_of_the_vendor(shared_data: Path) -> None:
    ts, values = load(shared_data, "lean_fx_oanda_1s", "EURUSD")
    minute_ts, minutes = load(shared_data, "lean_fx_oanda_1m", "EURUSD")
    table = TimeManager("FX").session_table("2014-05-01", "2014-05-16")
    bars = resample(ts, values, "1s", "1m", table)
    here = minute_ts <= ts[-1]
    np.testing.assert_array_equal(bars.ts, minute_ts[here])
    np.testing.assert_array_equal(bars.values[:4], minutes[:4, here])


@pytest.mark.parametrize("symbol", ["SPY", "IBM"])
def test_hours_make_exactly_the_days_of_the_vendor_in_extended_hours(
    shared_data: Path, symbol: str
) -> None:
    """The vendor's half days include what traded after the early close."""
    ts, values = load(shared_data, "lean_us_equity_1h", symbol)
    labels, days = load(shared_data, "lean_us_equity_1d", symbol)
    table = TimeManager("US_EQUITY", "extended").session_table("1998-01-02", "2021-03-31")
    bars = resample(ts, values, "1h", "1d", table)
    dates = table.date_ns[np.searchsorted(table.open_ns, bars.ts)]
    np.testing.assert_array_equal(dates, labels)
    np.testing.assert_array_equal(bars.values, days)
    regular = TimeManager("US_EQUITY").session_table("1998-01-02", "2021-03-31")
    cut = resample(ts, values, "1h", "1d", regular)
    differs = (cut.values != days).any(axis=0)
    assert differs.sum() == 23
    assert regular.early_close[differs].all()


def pandas_bars(
    ts: Int64Array, values: Float64Array, rule: str, table: SessionTable
) -> pd.DataFrame:
    """Resample session by session with pandas, from each session's open, cut at its close."""
    frame = pd.DataFrame(values.T, columns=list(PRICE_COLUMNS), index=pd.DatetimeIndex(ts))
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    parts = []
    for opened, closed in zip(table.open_ns, table.close_ns, strict=True):
        rows = frame[(frame.index.asi8 >= opened) & (frame.index.asi8 < closed)]
        if len(rows):
            made = rows.resample(rule, origin=pd.Timestamp(opened))
            parts.append(made.agg(how)[made.size() > 0])
    return pd.concat(parts)


@pytest.mark.parametrize("derived", ["5m", "15m", "1h"])
def test_minutes_of_spy_across_a_clock_change_equal_pandas(shared_data: Path, derived: str) -> None:
    ts, values = load(shared_data, "pyalgotrade_spy_1m_2011", "SPY")
    table = TimeManager("US_EQUITY").session_table("2011-01-03", "2011-03-31")
    bars = resample(ts, values, "1m", derived, table)
    oracle = pandas_bars(ts, values, derived.replace("m", "min"), table)
    np.testing.assert_array_equal(bars.ts, oracle.index.as_unit("ns").asi8)
    np.testing.assert_array_equal(bars.values[:4], oracle.to_numpy().T[:4])
    np.testing.assert_allclose(bars.values[4], oracle["volume"], rtol=1e-12)


@pytest.mark.parametrize("derived", ["5m", "15m", "1h"])
def test_half_days_and_both_clock_changes_equal_pandas(derived: str) -> None:
    rng = np.random.default_rng(7)
    manager = TimeManager("US_EQUITY")
    table = manager.session_table("2013-10-28", "2014-03-14")
    every = np.concatenate(
        [np.arange(o, c, MINUTE) for o, c in zip(table.open_ns, table.close_ns, strict=True)]
    )
    ts = every[rng.random(len(every)) < 0.9]
    values = rng.integers(1, 1000, (5, len(ts))).astype(np.float64)
    bars = resample(ts, values, "1m", derived, table)
    oracle = pandas_bars(ts, values, derived.replace("m", "min"), table)
    np.testing.assert_array_equal(bars.ts, oracle.index.as_unit("ns").asi8)
    np.testing.assert_array_equal(bars.values, oracle.to_numpy().T)
    session = np.searchsorted(table.open_ns, bars.ts, side="right") - 1
    whole = np.minimum(bars.ts + interval_ns(derived), table.close_ns[session])
    np.testing.assert_array_equal(bars.close_ts, whole)
    assert table.early_close.sum() == 2


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


def test_only_longer_multiples_and_the_session_can_be_derived() -> None:
    for base, derived in [("1m", "5m"), ("1s", "1m"), ("1h", "4h"), ("7m", "1d"), ("1h", "1d")]:
        check_derivable(base, derived)
    for base, derived in [("5m", "5m"), ("5m", "1m"), ("1d", "1h"), ("1d", "1d")]:
        with pytest.raises(ConfigError, match="must be longer"):
            check_derivable(base, derived)
    with pytest.raises(ConfigError, match="15m must be a multiple of 10m"):
        check_derivable("10m", "15m")

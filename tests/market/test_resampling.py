"""Longer bars against vendors' own and against pandas."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.codes import PRICE_COLUMNS, interval_ns
from pipeline.market.bars import resample
from pipeline.market.time.time_manager import SessionTable, TimeManager
from tests.market.real_bars import Float64Array, Int64Array, load

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

MINUTE = 60_000_000_000


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

"""Bars: their columns, their validity, the session they belong to, and longer bars from shorter.

A bar is labelled by its open ``ts`` and becomes known at ``close_ts``, which is ``ts`` plus the
interval, cut at the session's close. It belongs to a session if it overlaps it. Base daily bars
are the exception: their ``ts`` is a label, 00:00Z of the session's date.

A longer bar is made of the base bars that *close* inside its bucket. With base bars aligned to
the session's open (nearly all data) this is the bucket they open in. Where they are not (hour
bars labelled 09:00, 10:00 in a session that opens at 09:30) it is the only choice that keeps a
bar free of what happened after its own close, and independent of how rows are cut into slots.

Kernels are compiled on first call, cached on disk, and write into the caller's arrays only.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, PRICE_COLUMNS, PRICES, interval_ns
from pipeline.errors import ConfigError, DataError
from pipeline.market.time.time_manager import SessionTable
from pipeline.native.kernel import kernel

__all__ = [
    "DEFAULT_TOLERANCE",
    "DERIVE_STATE_F",
    "DERIVE_STATE_I",
    "Bars",
    "assign_sessions",
    "check_bars",
    "check_derivable",
    "derive_bars",
    "resample",
]

Int64Array = npt.NDArray[np.int64]
Float64Array = npt.NDArray[np.float64]

DEFAULT_TOLERANCE: Final = 1e-9
"""Relative slack of ``check_bars``, see there."""

DERIVE_STATE_I: Final = 4
DERIVE_STATE_F: Final = 5
"""Lengths of the int64 and float64 state arrays of ``derive_bars``."""

_FINITE: Final = np.finfo(np.float64).max

_OK: Final = 0
_UNSORTED: Final = 1
_OVERLAP: Final = 2
_NOT_FINITE: Final = 3
_NOT_POSITIVE: Final = 4
_HIGH_BELOW_LOW: Final = 5
_OUTSIDE: Final = 6
_VOLUME: Final = 7


class Bars(NamedTuple):
    """One symbol's bars: ``ts`` and ``close_ts`` int64[N] ns UTC, ``values`` float64[5, N]."""

    ts: Int64Array
    close_ts: Int64Array
    values: Float64Array


def check_derivable(base: str, derived: str) -> None:
    """Raise ConfigError unless bars of ``derived`` can be built from bars of ``base``.

    ``derived`` must be a longer interval and a whole multiple of ``base``; "1d", the whole
    session, can be built from any shorter one.
    """
    base_ns, derived_ns = interval_ns(base), interval_ns(derived)
    if derived_ns <= base_ns:
        raise ConfigError(f"interval {derived} must be longer than {base} to be derived from it")
    if derived_ns != DAY_NS and derived_ns % base_ns:
        raise ConfigError(f"interval {derived} must be a multiple of {base} to be derived from it")


# ---------------------------------------------------------------------------------- validity


def check_bars(
    symbol: str,
    interval: str,
    ts: Int64Array,
    open: Float64Array,  # noqa: A002 - the column's name
    high: Float64Array,
    low: Float64Array,
    close: Float64Array,
    volume: Float64Array,
    *,
    tolerance: float = DEFAULT_TOLERANCE,
) -> None:
    """Raise DataError at the first row that cannot be a bar; one compiled pass.

    All arrays are 1-D of one length, ``ts`` int64 ns UTC, the others float64. Rules, per row:
    ``ts`` at least one interval after the row before; prices finite and above zero; high not
    below low; open, close within low..high; volume finite, not negative. The message names
    symbol, interval, row, time, column, value and rule.

    ``tolerance`` is relative to the bound: prices that went through an adjustment or a decimal
    rounding may stand outside low..high by some units of the last binary place. The default
    1e-9 forgives that and no more. It is no remedy for wrong records: of 26 public sets only
    two have violations at all, and these start at 0.14 % of the price (most VIX ones of
    1992-2006 are above 1 %), so no slack separates them from real errors.
    """
    columns = [np.asarray(column, dtype=np.float64) for column in (open, high, low, close, volume)]
    times = np.asarray(ts, dtype=np.int64)
    for name, column in zip(PRICE_COLUMNS, columns, strict=True):
        if column.shape != times.shape or times.ndim != 1:
            raise DataError(
                f"{symbol} {interval}: column {name} must have the {times.shape} rows of ts, "
                f"had {column.shape}"
            )
    step = interval_ns(interval)
    o, h, lo, c, v = (_read_only(column) for column in columns)
    rule, row, at = _first_violation(_read_only(times), o, h, lo, c, v, step, tolerance)
    if rule != _OK:
        raise DataError(_describe(symbol, interval, rule, row, at, times, columns))


def _read_only(column: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    # Columns from Arrow are read-only, others are not: with one kind the kernel compiles once.
    view = np.ascontiguousarray(column).view()
    view.flags.writeable = False
    return view


def _describe(
    symbol: str,
    interval: str,
    rule: int,
    row: int,
    at: int,
    ts: Int64Array,
    columns: list[Float64Array],
) -> str:
    value = float(columns[at][row]) if at >= 0 else 0.0
    name = PRICE_COLUMNS[at] if at >= 0 else "ts"
    low, high = float(columns[2][row]), float(columns[1][row])
    if rule in (_UNSORTED, _OVERLAP):
        before = int(ts[row - 1])
        gap = (int(ts[row]) - before) / 1e9
        same = "is before" if gap < 0 else "duplicates"
        found = f"ts {same} that of the row before ({_iso(before)}); ts must ascend"
        if rule == _OVERLAP:
            found = f"ts is {gap:g} s after the row before; {interval} bars must not overlap"
    else:
        expected = {
            _NOT_FINITE: "must be a finite number",
            _NOT_POSITIVE: "must be above zero",
            _HIGH_BELOW_LOW: f"must not be below low {low!r}",
            _OUTSIDE: f"must be within low {low!r} to high {high!r}",
            _VOLUME: "must not be negative",
        }[rule]
        found = f"{name} {expected}, was {value!r}"
    return f"{symbol} {interval}: row {row} at {_iso(int(ts[row]))}: {found}"


def _iso(ns: int) -> str:
    seconds, fraction = divmod(ns, 1_000_000_000)
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{f'.{fraction:09d}' if fraction else ''}Z"


@kernel()
def _first_violation(  # type: ignore[no-untyped-def]
    ts, open_, high, low, close, volume, interval, tolerance
):
    """Find the first bad row: rule (0: all is well), row, column (-1: ``ts``)."""
    columns = (open_, high, low, close, volume)
    for i in range(ts.shape[0]):
        if i > 0 and ts[i] <= ts[i - 1]:
            return _UNSORTED, i, -1
        if i > 0 and ts[i] - ts[i - 1] < interval:
            return _OVERLAP, i, -1
        for c in range(PRICES):
            value = columns[c][i]
            if not -_FINITE <= value <= _FINITE:
                return _NOT_FINITE, i, c
            if c < 4 and value <= 0.0:
                return _NOT_POSITIVE, i, c
        top = high[i] * (1.0 + tolerance)
        bottom = low[i] * (1.0 - tolerance)
        if top < low[i]:
            return _HIGH_BELOW_LOW, i, 1
        if open_[i] > top or open_[i] < bottom:
            return _OUTSIDE, i, 0
        if close[i] > top or close[i] < bottom:
            return _OUTSIDE, i, 3
        if volume[i] < 0.0:
            return _VOLUME, i, 4
    return _OK, -1, -1


# ---------------------------------------------------------------------------------- sessions


@kernel()
def assign_sessions(  # type: ignore[no-untyped-def]
    ts, interval_ns, open_ns, close_ns, date_ns, out_session, out_close_ts
):
    """Session and close of each bar of one symbol; returns how many bars lie in a session.

    ``ts`` int64[N] ascending; ``open_ns``, ``close_ns``, ``date_ns`` int64[K] of a
    ``SessionTable``. Fills ``out_session`` int64[N] with the index of the session that the bar
    overlaps (the earlier one of two), or -1 when it overlaps none, and ``out_close_ts``
    int64[N] with ``min(ts + interval, close of the session)``; ``ts + interval`` outside.
    Daily bars (interval 1d) belong to the session whose ``date_ns`` their ``ts`` equals.
    """
    inside = 0
    sessions = open_ns.shape[0]
    s = 0
    daily = interval_ns >= DAY_NS
    if ts.shape[0] > 0:
        s = np.searchsorted(date_ns, ts[0]) if daily else np.searchsorted(close_ns, ts[0] + 1)
    for i in range(ts.shape[0]):
        end = ts[i] + interval_ns
        out_session[i] = -1
        out_close_ts[i] = end
        if daily:
            while s < sessions and date_ns[s] < ts[i]:
                s += 1
            belongs = s < sessions and date_ns[s] == ts[i]
        else:
            while s < sessions and close_ns[s] <= ts[i]:
                s += 1
            belongs = s < sessions and open_ns[s] < end
        if belongs:
            out_session[i] = s
            out_close_ts[i] = close_ns[s] if daily else min(end, close_ns[s])
            inside += 1
    return inside


# ---------------------------------------------------------------------------- longer bars


@kernel()
def _deliver(  # type: ignore[no-untyped-def]
    at, ts, close_ts, o, h, lo, c, v, out_ts, out_close_ts, out_values
):
    out_ts[at] = ts
    out_close_ts[at] = close_ts
    out_values[0, at] = o
    out_values[1, at] = h
    out_values[2, at] = lo
    out_values[3, at] = c
    out_values[4, at] = v


@kernel()
def derive_bars(  # type: ignore[no-untyped-def]
    ts,
    close_ts,
    values,
    first,
    last,
    session_open,
    session_close,
    horizon,
    interval_ns,
    state_i,
    state_f,
    out_ts,
    out_close_ts,
    out_values,
    out_first,
):
    """Longer bars of one symbol from its fresh rows; returns the number of bars written.

    Call it once per slot with the same state. ``ts``, ``close_ts`` int64[R] and ``values``
    float64[C >= 5, R] are the symbol's run of the base table, its first five rows the
    ``PRICE_COLUMNS``; rows ``first`` to ``last - 1`` are fresh, ascending, and hold every base
    bar with ``close_ts`` up to ``horizon``, the slot's last instant. ``session_open`` and
    ``session_close`` int64[K], ascending, cover the fresh rows; rows outside all of them are
    left out. A bar is written when a row of a later bar arrives, or when ``horizon`` reaches
    its close; never before, and only if at least one row fell into it.

    ``state_i`` int64[4] and ``state_f`` float64[5] carry the bar in progress; zeros mean none:

        state_i  0: 1 when a bar is in progress   1: its ts   2: its close_ts   3: unused
        state_f  open, high, low, close, volume so far

    Bars go to columns ``out_first``, ``out_first + 1``, ... of ``out_ts``, ``out_close_ts`` and
    ``out_values`` float64[>= 5, R']; at most ``last - first + 1`` are written. open = first,
    high = max, low = min, close = last, volume = sum in row order. With interval 1d the bar is
    the whole session: ts is its open, close_ts its close.
    """
    at = out_first
    sessions = session_open.shape[0]
    active = state_i[0]
    bar_ts = state_i[1]
    bar_close = state_i[2]
    o, h, lo, c, v = state_f[0], state_f[1], state_f[2], state_f[3], state_f[4]
    s = -1
    for i in range(first, last):
        end = close_ts[i]
        if active == 1 and end <= bar_close:
            h = max(h, values[1, i])
            lo = min(lo, values[2, i])
            c = values[3, i]
            v += values[4, i]
            continue
        if active == 1:
            _deliver(at, bar_ts, bar_close, o, h, lo, c, v, out_ts, out_close_ts, out_values)
            at += 1
            active = 0
        if s < 0:
            s = np.searchsorted(session_close, end)
        while s < sessions and session_close[s] < end:
            s += 1
        if s == sessions or end <= session_open[s]:
            continue
        if interval_ns >= DAY_NS:
            bar_ts = session_open[s]
            bar_close = session_close[s]
        else:
            bucket = (end - 1 - session_open[s]) // interval_ns
            bar_ts = session_open[s] + bucket * interval_ns
            bar_close = min(bar_ts + interval_ns, session_close[s])
        active = 1
        o, h, lo, c, v = values[0, i], values[1, i], values[2, i], values[3, i], values[4, i]
    if active == 1 and bar_close <= horizon:
        _deliver(at, bar_ts, bar_close, o, h, lo, c, v, out_ts, out_close_ts, out_values)
        at += 1
        active = 0
    state_i[0] = active
    state_i[1] = bar_ts
    state_i[2] = bar_close
    state_f[0], state_f[1], state_f[2], state_f[3], state_f[4] = o, h, lo, c, v
    return at - out_first


def resample(
    ts: Int64Array,
    values: Float64Array,
    interval: str,
    derived: str,
    sessions: SessionTable,
    *,
    horizon: int | None = None,
) -> Bars:
    """Bars of ``derived`` from whole arrays of ``interval`` bars of one symbol.

    ``ts`` int64[N] ascending, ``values`` float64[>= 5, N] with the ``PRICE_COLUMNS`` first.
    Rows outside every session of the table are left out. ``horizon`` (ns UTC) is the last
    instant known: a bar that closes later is not returned; None means that the last bar is
    returned even if rows at its end are missing. The arrays of the result are new.

    Vendors' daily bars often include what traded after an early close: make ``sessions`` with
    extended trading hours to reproduce them.
    """
    check_derivable(interval, derived)
    rows = len(ts)
    session = np.empty(rows, dtype=np.int64)
    close_ts = np.empty(rows, dtype=np.int64)
    assign_sessions(
        ts,
        interval_ns(interval),
        sessions.open_ns,
        sessions.close_ns,
        sessions.date_ns,
        session,
        close_ts,
    )
    last = rows if horizon is None else int(np.searchsorted(close_ts, horizon, side="right"))
    known = np.flatnonzero(session[:last] >= 0)
    fresh = np.ascontiguousarray(values[:5, known], dtype=np.float64)
    out = Bars(
        np.empty(len(known) + 1, dtype=np.int64),
        np.empty(len(known) + 1, dtype=np.int64),
        np.empty((5, len(known) + 1)),
    )
    written = derive_bars(
        ts[known],
        close_ts[known],
        fresh,
        0,
        len(known),
        sessions.open_ns,
        sessions.close_ns,
        2**63 - 1 if horizon is None else horizon,
        interval_ns(derived),
        np.zeros(DERIVE_STATE_I, dtype=np.int64),
        np.zeros(DERIVE_STATE_F),
        *out,
        0,
    )
    return Bars(out.ts[:written], out.close_ts[:written], out.values[:, :written])

"""Longer bars from shorter ones: all at once (`resample`), or slot by slot (`derive_bars`).

A longer bar is made of the base bars that *close* inside its bucket. With base bars aligned to
the session's open (nearly all data) this is the bucket they open in. Where they are not (hour bars
labelled 09:00, 10:00 in a session that opens at 09:30), it is the only choice by which a longer bar
contains nothing from after its own close and does not depend on how rows are cut into slots.

Between two slots the bar in progress lies in two arrays of its symbol. Zeros mean that there is
none::

    state_i  int64[4]    0: 1 when a bar is in progress   1: its ts   2: its close_ts   3: unused
    state_f  float64[5]  its open, high, low, close and volume so far
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, interval_ns
from pipeline.errors import ConfigError
from pipeline.market.bars import assign_sessions, place_of
from pipeline.market.time.time_manager import SessionTable
from pipeline.native.kernel import kernel

Int64Array = npt.NDArray[np.int64]
Float64Array = npt.NDArray[np.float64]

DERIVE_STATE_I: Final = 4
DERIVE_STATE_F: Final = 5
"""Lengths of the two arrays that hold a bar in progress."""


class Bars(NamedTuple):
    """Bars of one symbol."""

    ts: Int64Array
    """int64[N], the opens, ns UTC."""
    close_ts: Int64Array
    """int64[N], the closes, ns UTC."""
    values: Float64Array
    """float64[5, N], the ``PRICE_COLUMNS``."""


def check_derivable(base: str, derived: str) -> None:
    """Raise ConfigError unless bars of ``derived`` can be built from bars of ``base``.

    ``derived`` must be a longer interval and a whole multiple of ``base``. The interval "1d", the
    whole session, can be built from any shorter one.
    """
    base_ns, derived_ns = interval_ns(base), interval_ns(derived)
    if derived_ns <= base_ns:
        raise ConfigError(f"interval {derived} must be longer than {base} to be derived from it")
    if derived_ns != DAY_NS and derived_ns % base_ns:
        raise ConfigError(f"interval {derived} must be a multiple of {base} to be derived from it")


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
    """Make the longer bars of one symbol from its fresh rows; return how many were written.

    It is called once per slot, always with the same state (``state_i``, ``state_f``, drawn above).
    ``ts``, ``close_ts`` int64[R] and ``values`` float64[C >= 5, R] are the symbol's rows of the
    base table, the first five of ``values`` the ``PRICE_COLUMNS``. Rows ``first`` to ``last - 1``
    are fresh and ascending; they hold every base bar with ``close_ts`` up to ``horizon``, the
    slot's last instant. ``session_open`` and ``session_close`` int64[K], ascending, cover the fresh
    rows; rows outside all sessions are left out.

    Bars go to columns ``out_first``, ``out_first + 1``, ... of ``out_ts``, ``out_close_ts`` and
    ``out_values`` float64[>= 5, R']; at most ``last - first + 1`` are written. A bar is written
    when a row of a later bar arrives or when ``horizon`` reaches its close, and only if at least
    one row fell into it. open = first, high = max, low = min, close = last, volume = sum in row
    order. With interval 1d the bar is the whole session.
    """
    at = out_first
    active, bar_ts, bar_close = state_i[0], state_i[1], state_i[2]
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
        s = _session_from(s, end, session_close)
        if s == session_close.shape[0] or end <= session_open[s]:
            continue
        bar_ts, bar_close = _bounds(end, session_open[s], session_close[s], interval_ns)
        o, h, lo, c, v = values[0, i], values[1, i], values[2, i], values[3, i], values[4, i]
        active = 1
    if active == 1 and bar_close <= horizon:
        _deliver(at, bar_ts, bar_close, o, h, lo, c, v, out_ts, out_close_ts, out_values)
        at += 1
        active = 0
    state_i[0], state_i[1], state_i[2] = active, bar_ts, bar_close
    state_f[0], state_f[1], state_f[2], state_f[3], state_f[4] = o, h, lo, c, v
    return at - out_first


@kernel()
def _session_from(s, end, session_close):  # type: ignore[no-untyped-def]
    """Return the first session that does not close before ``end``, K if all do.

    ``s`` is the session of the row before, from which the search goes on, or -1 for the first row.
    """
    if s < 0:
        s = place_of(end, session_close)
    while s < session_close.shape[0] and session_close[s] < end:
        s += 1
    return s


@kernel()
def _bounds(end, session_open, session_close, interval_ns):  # type: ignore[no-untyped-def]
    """Return ts and close_ts of the longer bar into which a base bar falls that closes at ``end``.

    The base bar closes inside the session, which is given by its open and close.
    """
    if interval_ns >= DAY_NS:
        return session_open, session_close
    opened = session_open + (end - 1 - session_open) // interval_ns * interval_ns
    return opened, min(opened + interval_ns, session_close)


@kernel()
def _deliver(  # type: ignore[no-untyped-def]
    at, ts, close_ts, o, h, lo, c, v, out_ts, out_close_ts, out_values
):
    """Write a finished bar into column ``at``."""
    out_ts[at] = ts
    out_close_ts[at] = close_ts
    out_values[0, at] = o
    out_values[1, at] = h
    out_values[2, at] = lo
    out_values[3, at] = c
    out_values[4, at] = v


def resample(
    ts: Int64Array,
    values: Float64Array,
    interval: str,
    derived: str,
    sessions: SessionTable,
    *,
    horizon: int | None = None,
) -> Bars:
    """Make the bars of interval ``derived`` from all ``interval`` bars of one symbol.

    ``ts`` int64[N] is ascending; ``values`` float64[>= 5, N] has the ``PRICE_COLUMNS`` first. Rows
    outside every session of the table are left out. ``horizon`` (ns UTC) is the last known instant:
    a bar that closes later is not returned. If it is None, the last bar is returned even if rows at
    its end are missing. The arrays of the result are new. Raises ConfigError if ``derived`` cannot
    be built from ``interval``.

    A vendor's daily bars often include the trades after an early close. Make ``sessions`` with
    extended trading hours to reproduce such bars.
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

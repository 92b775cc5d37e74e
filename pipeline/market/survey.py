"""A survey of bars: how many of them lie in each session, beside the sessions, and apart from them.

Bars outside all sessions are of two kinds. Those *beside* a session are usual: trades before the
open and after the close, or a broker's Sunday, which holds the first hours of Monday's session.
Those *apart* from all sessions, at night or on days without trading, show that the calendar is not
the one of the data.

Only times are read, and no kernel is needed, so that a run can be refused before it waits for the
compiler.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, HOUR_NS
from pipeline.market.auction import Reader
from pipeline.market.time.calendars import local_midnight
from pipeline.market.time.time_manager import SessionTable

Int64Array = npt.NDArray[np.int64]

BEFORE_OPEN: Final = 6 * HOUR_NS
AFTER_CLOSE: Final = 7 * HOUR_NS
"""How far from a session a bar is still beside it. New York trades from 4:00 to 20:00, which is 5.5
hours before the open and, on days that close at 13:00, 7 hours after the close."""

_NONE: Final = np.iinfo(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """The bars of one symbol, counted."""

    inside: Int64Array
    """int64[K]: the bars of each session."""
    beside: int
    """Bars outside all sessions, but beside one."""
    apart: int
    """Bars apart from all sessions."""
    at_close: npt.NDArray[np.bool_]
    """bool[K]: whether a bar outside opens at the session's close, as a closing auction's does."""
    first: Int64Array
    """int64[K]: open of the first bar in each session or beside it, ns UTC; of a bar between two
    sessions, the nearer one counts. Without a bar it is later than ``last``; so it is of days."""
    last: Int64Array
    """int64[K]: open of the last such bar."""

    @property
    def outside(self) -> int:
        """Bars outside all sessions."""
        return self.beside + self.apart

    def of(self, sessions: npt.NDArray[np.bool_]) -> Survey:
        """Return the survey with what it has of some sessions only. ``sessions`` bool[K]."""
        per_session = ("inside", "at_close", "first", "last")
        return replace(self, **{name: getattr(self, name)[sessions] for name in per_session})


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Where the bars of each session begin and end, those beside it among them."""

    known: npt.NDArray[np.bool_]
    """bool[K]: whether the session has a bar. Where it has none, the others are 0."""
    late: Int64Array
    """int64[K]: so many whole bars could lie between the open and the first bar. It is 0 if a bar
    has the open, below 0 if bars begin before it."""
    over: Int64Array
    """int64[K]: so many bars follow after the close. It is 0 if a bar has the session's last
    moment and none follows, below 0 if bars end before it."""


def edges(found: Survey, interval: int, sessions: SessionTable) -> Edges:
    """Return where bars begin and end. ``sessions`` are those of the survey; ``interval`` in ns."""
    known = found.first <= found.last
    first = np.where(known, found.first, sessions.open_ns)
    end = np.where(known, found.last + interval, sessions.close_ns)
    # Rounded so that bars of whole hours have a session from 9:30 to 16:00 if they begin at 9:00.
    late = -((sessions.open_ns - first) // interval)
    return Edges(known, late, (end - sessions.close_ns) // interval)


def survey(
    reader: Reader, interval: int, sessions: SessionTable, span: tuple[int, int], zone: ZoneInfo
) -> Survey:
    """Count the bars of one symbol.

    Args:
        reader: gives the bars block by block, ascending.
        interval: their length in ns.
        sessions: all sessions in which or beside which they can lie. A bar is in a session as
            `bars.assign_sessions` says.
        span: bars outside all sessions count if begin <= ts < end; ns UTC.
        zone: the zone of the exchange.
    """
    inside = np.zeros(len(sessions), np.int64)
    at_close = np.zeros(len(sessions), np.bool_)
    earliest = np.full(len(sessions), _NONE.max)
    latest = np.full(len(sessions), _NONE.min)
    low, high = _reach(sessions)
    beside = apart = 0
    while (block := reader.next_block()) is not None:
        ts = block[0]
        first, stop = rows_of_sessions(ts, interval, sessions)
        inside += stop - first
        if interval < DAY_NS:
            begin, end = np.searchsorted(ts, low), np.searchsorted(ts, high)
            has = np.flatnonzero(begin < end)
            earliest[has] = np.minimum(earliest[has], ts[begin[has]])
            latest[has] = np.maximum(latest[has], ts[end[has] - 1])
        if (stop - first).sum() == len(ts):
            continue
        left = ts[_outside(len(ts), first, stop)]
        left = left[(left >= span[0]) & (left < span[1])]
        near = _is_beside(left, interval, sessions, zone)
        beside += int(near.sum())
        apart += len(left) - int(near.sum())
        if interval < DAY_NS:
            at_close |= np.isin(sessions.close_ns, left)
    return Survey(inside, beside, apart, at_close, earliest, latest)


def _reach(sessions: SessionTable) -> tuple[Int64Array, Int64Array]:
    """Return from when to when bars are in each session or beside it, both int64[K], ns UTC."""
    low, high = sessions.open_ns - BEFORE_OPEN, sessions.close_ns + AFTER_CLOSE
    middle = sessions.close_ns[:-1] + (sessions.open_ns[1:] - sessions.close_ns[:-1]) // 2
    low[1:], high[:-1] = np.maximum(low[1:], middle), np.minimum(high[:-1], middle)
    return low, high


def rows_of_sessions(
    ts: Int64Array, interval: int, sessions: SessionTable
) -> tuple[Int64Array, Int64Array]:
    """Return the first row of each session and the row after its last, both int64[K].

    ``ts`` int64[N] is ascending. The rule is that of `bars.assign_sessions`.
    """
    if interval >= DAY_NS:
        dates = _dates_of(ts, interval, sessions)
        first = np.searchsorted(dates, sessions.date_ns, side="left")
        return first, np.searchsorted(dates, sessions.date_ns, side="right")
    stop = np.searchsorted(ts, sessions.close_ns, side="left")
    first = np.searchsorted(ts, sessions.open_ns - interval, side="right")
    # Of two sessions that a bar overlaps, it belongs to the earlier one.
    first[1:] = np.maximum(first[1:], stop[:-1])
    return first, np.maximum(first, stop)


def _dates_of(ts: Int64Array, interval: int, sessions: SessionTable) -> Int64Array:
    """Return the date, 00:00Z, of the session of each daily bar, or its ``ts`` if it has none."""
    stamped = ts % DAY_NS != 0
    if not stamped.any() or not len(sessions):
        return ts
    middle = ts + interval // 2
    at = np.minimum(np.searchsorted(sessions.close_ns, middle, side="right"), len(sessions) - 1)
    within = (sessions.open_ns[at] <= middle) & (middle < sessions.close_ns[at])
    return np.where(stamped & within, sessions.date_ns[at], ts)


def _outside(rows: int, first: Int64Array, stop: Int64Array) -> npt.NDArray[np.bool_]:
    """Return whether each row is in none of the ranges, which do not overlap."""
    steps = np.zeros(rows + 1, np.int64)
    np.add.at(steps, first, 1)
    np.add.at(steps, stop, -1)
    return np.cumsum(steps[:-1]) == 0


def _is_beside(
    ts: Int64Array, interval: int, sessions: SessionTable, zone: ZoneInfo
) -> npt.NDArray[np.bool_]:
    """Return whether each of some bars outside all sessions is beside one."""
    if len(sessions) == 0:
        return np.zeros(len(ts), np.bool_)
    if interval >= DAY_NS:
        # A day that has no session of its own, but in whose evening the next day's session opens.
        at = np.minimum(np.searchsorted(sessions.date_ns, ts, side="right"), len(sessions) - 1)
        tomorrow = sessions.date_ns[at] == ts // DAY_NS * DAY_NS + DAY_NS
        midnights = np.fromiter(
            (local_midnight(int(one) // DAY_NS + 1, zone) for one in ts), np.int64, len(ts)
        )
        return tomorrow & (sessions.open_ns[at] < midnights)
    after = np.searchsorted(sessions.close_ns, ts, side="right")
    opens = sessions.open_ns[np.minimum(after, len(sessions) - 1)]
    closes = sessions.close_ns[np.maximum(after - 1, 0)]
    soon = (after < len(sessions)) & (opens - ts <= BEFORE_OPEN)
    since = (after > 0) & (ts - closes < AFTER_CLOSE)
    return soon | since

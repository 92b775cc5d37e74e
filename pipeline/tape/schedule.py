"""The schedule of one slot: its moments in order, and the bars that close at each.

Built once per slot by an engine and walked by all its lanes, so that no lane merges anything.

    MOMENT: t, base_end, end, flags, ahead    its bars are entries[end of the one before : end]
    entry:  table << 56 | symbol << 32 | row  base bars first (up to base_end), then the longer
                                              intervals; symbols in configuration order

``ahead`` is how many moments in a row after this one are but the next base bar each of the symbol
whose base bar is the only one at this moment: what a lane walks as a loop over rows (`lane.walk`).
"""

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.native.kernel import kernel
from pipeline.native.memory import load_i8, record_at, records
from pipeline.tape.slot import SlotShape

MOMENT: np.dtype[Any] = np.dtype(
    [(name, "i8") for name in ("t", "base_end", "end", "flags", "ahead")]
)
#: Flags of a moment: a session closes, a session opens (in this order), shifted by its place.
CLOSES, OPENS = 1, 2
TABLE_SHIFT, SYMBOL_SHIFT = 56, 32
SYMBOL_MASK, ROW_MASK = (1 << 24) - 1, (1 << 32) - 1

_NEVER = np.iinfo(np.int64).max

moment_at = record_at(MOMENT)
_MOMENT_SIZE = MOMENT.itemsize


@kernel()
def first_after(moments: int, begin: int, end: int, t: int) -> int:
    """Return the first of the moments begin..end-1 that is later than ``t``; ``end`` if none is."""
    while begin < end:
        middle = (begin + end) // 2
        if moment_at(moments + middle * _MOMENT_SIZE).t > t:
            end = middle
        else:
            begin = middle + 1
    return begin


# Inlined by Numba: as a call, its arrays would be reference-counted at every moment.
@kernel(forceinline=True)
def _collect(
    table: Any, index: int, cursor: Any, t: int, entries: Any, end: int
) -> tuple[int, int]:
    """Append the bars of one table that close at t; the new end and the table's next close."""
    following = _NEVER
    for symbol in range(cursor.size):
        row = cursor[symbol]
        fresh = load_i8(table.count, symbol)
        if row == fresh:
            continue
        begin = symbol * table.stride + table.first
        close = load_i8(table.close_ts, begin + row)
        if close == t:
            entries[end] = (index << TABLE_SHIFT) | (symbol << SYMBOL_SHIFT) | (table.first + row)
            end += 1
            row += 1
            cursor[symbol] = row
            if row == fresh:
                continue
            close = load_i8(table.close_ts, begin + row)
        following = min(following, close)
    return end, following


@kernel()
def _next_close(table: Any, cursor: Any) -> int:
    """Return the next close of one table behind the cursor."""
    following = _NEVER
    for symbol in range(cursor.size):
        if cursor[symbol] < load_i8(table.count, symbol):
            at = symbol * table.stride + table.first + cursor[symbol]
            following = min(following, load_i8(table.close_ts, at))
    return following


@kernel()
def _next_event(sessions: Any, closed: int, opened: int) -> int:
    """Return the time of the next session event of this slot."""
    following = _NEVER
    for index in range(closed, sessions.size):
        if sessions[index].closes != 0:
            following = sessions[index].close
            break
    for index in range(opened, sessions.size):
        if sessions[index].opens != 0:
            return min(following, sessions[index].open)
    return following


@kernel()
def _build(
    tables: Any,
    sessions: Any,
    moments: Any,
    entries: Any,
    base_times: Any,
    left_out: Any,
    cursor: Any,
    upcoming: Any,
) -> tuple[int, int]:
    """Merge bars and session events in time order; the numbers of moments and of base moments.

    ``left_out`` i8[n]: symbols without a part in it. ``cursor`` i8[tables, S] and ``upcoming``
    i8[tables], each table's next close, are scratch.
    """
    cursor[:] = 0
    for index in range(tables.size):
        for symbol in left_out:
            cursor[index, symbol] = load_i8(tables[index].count, symbol)
        upcoming[index] = _next_close(tables[index], cursor[index])
    opened = closed = end = count = base_count = 0
    event = _next_event(sessions, closed, opened)
    while True:
        t = event
        for index in range(tables.size):
            t = min(t, upcoming[index])
        if t == _NEVER:
            return count, base_count
        moment = moments[count]
        count += 1
        if upcoming[0] == t:
            base_times[base_count] = t
            base_count += 1
        for index in range(tables.size):
            if upcoming[index] == t:
                end, upcoming[index] = _collect(
                    tables[index], index, cursor[index], t, entries, end
                )
            if index == 0:
                moment.base_end = end
        moment.t = t
        moment.end = end
        moment.flags = 0
        if t >= event:
            while closed < sessions.size and sessions[closed].close <= t:
                moment.flags |= sessions[closed].closes * CLOSES
                closed += 1
            while opened < sessions.size and sessions[opened].open <= t:
                moment.flags |= sessions[opened].opens * OPENS
                opened += 1
            event = _next_event(sessions, closed, opened)


@kernel()
def _look_ahead(moments: Any, entries: Any, count: int) -> None:
    """Note in each moment how many in a row after it are but its symbol's next base bar."""
    alike, first = 0, -1  # moments from the following one on, and the bar of the first of them
    for index in range(count - 1, -1, -1):
        moment = moments[index]
        begin = moments[index - 1].end if index > 0 else 0
        moment.ahead = 0
        # The next row of the same symbol is the next number.
        if moment.base_end == begin + 1 and moment.flags == 0 and entries[begin] + 1 == first:
            moment.ahead = alike
        if moment.base_end == begin + 1 and moment.flags == 0 and moment.end == moment.base_end:
            alike, first = moment.ahead + 1, entries[begin]
        else:
            alike, first = 0, -1


class Schedule:
    """The moments of the slot last read, of all symbols or of those with indices ``universe``.

    Arrays are reused for every slot.
    """

    def __init__(self, shape: SlotShape, universe: Collection[int] = ()) -> None:
        self.universe = tuple(universe)
        outside = [n for n in range(len(shape.symbols)) if universe and n not in universe]
        self._left_out = np.array(outside, np.int64)
        symbols, tables = len(shape.symbols), len(shape.intervals)
        bars = symbols * (shape.rows + (shape.rows + 1) * (tables - 1))
        self.moments = np.zeros(bars + 2 * shape.sessions + 2, MOMENT)
        self.entries = np.zeros(bars, np.int64)
        self.count = 0
        #: Times at which base bars close, i8[n], ns UTC: the times of the equity rows.
        self.base_times = np.zeros(0, np.int64)
        self._base_times = np.zeros(symbols * shape.rows, np.int64)
        self._cursor = np.zeros((tables, symbols), np.int64)
        self._upcoming = np.zeros(tables, np.int64)

    def read(self, tables: npt.NDArray[Any], sessions: npt.NDArray[Any]) -> None:
        """Lay out the moments of a slot just taken: its tables (TABLE[i]) and its sessions."""
        self.count, base_count = _build(
            records(tables),
            records(sessions),
            records(self.moments),
            self.entries,
            self._base_times,
            self._left_out,
            self._cursor,
            self._upcoming,
        )
        _look_ahead(records(self.moments), self.entries, self.count)
        self.base_times = self._base_times[:base_count]

"""The schedule of one slot: its moments in order, and the bars that close at each.

An engine builds it once per slot and all its lanes walk it, so that no lane has to merge bars.

    MOMENT  t         the time, ns UTC
            base_end  its base bars are entries[end of the moment before : base_end]
            end       its bars of longer intervals are entries[base_end : end]
            flags     the session events at t: CLOSES, OPENS
            ahead     how many moments directly after it a loop over rows may walk

    entry   table << 56 | symbol << 32 | row; in each part symbols are in configuration order

``ahead`` is above 0 only if the moment has a single base bar and no event. Each of the moments that
it counts consists of the next base bar of that same symbol and nothing else. A lane walks them as a
loop over rows (`lane.walk`).
"""

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.native.kernel import kernel
from pipeline.native.memory import load_i8, record_at, records, store_i8
from pipeline.tape.slot import SlotShape

MOMENT: np.dtype[Any] = np.dtype(
    [(name, "i8") for name in ("t", "base_end", "end", "flags", "ahead")]
)
#: Flags of a moment, one bit each: a session closes; then a session opens.
CLOSES, OPENS = 1, 2
TABLE_SHIFT, SYMBOL_SHIFT = 56, 32
SYMBOL_MASK, ROW_MASK = (1 << 24) - 1, (1 << 32) - 1

_NEVER = np.iinfo(np.int64).max

moment_at = record_at(MOMENT)
_MOMENT_SIZE = MOMENT.itemsize


@kernel()
def first_after(moments: int, begin: int, end: int, t: int) -> int:
    """Return the first of the moments begin to end-1 that is later than ``t``, or else ``end``."""
    while begin < end:
        middle = (begin + end) // 2
        if moment_at(moments + middle * _MOMENT_SIZE).t > t:
            end = middle
        else:
            begin = middle + 1
    return begin


#: One interval's bars of a slot, as the schedule looks at them.
#: ``closes``: address of the closes of the first symbol's fresh rows; ``stride``: rows from there
#: to those of the next symbol. ``count``: address of the number of fresh rows by symbol.
#: ``cursor``: address of the rows by symbol that have a moment. ``entry``: the first symbol's cell
#: of its first fresh row. ``following``: the next close that has no moment.
_SERIES: np.dtype[Any] = np.dtype(
    [(name, "i8") for name in ("closes", "stride", "count", "cursor", "entry", "following")]
)
_series_at = record_at(_SERIES)
_SERIES_SIZE = _SERIES.itemsize


class _Ends(NamedTuple):
    """How many moments, entries and base times a schedule has so far."""

    moments: int
    entries: int
    base_times: int


class _Out(NamedTuple):
    """Addresses of what is written: MOMENT[], i8[] of cells, and i8[] of times."""

    moments: int
    entries: int
    base_times: int


@kernel(forceinline=True)
def _collect(series: Any, symbols: int, t: int, entries: int, end: int) -> int:
    """Append the bars of one interval that close at t, and return the new end of the entries."""
    following = _NEVER
    for symbol in range(symbols):
        row, fresh = load_i8(series.cursor, symbol), load_i8(series.count, symbol)
        if row == fresh:
            continue
        closes = series.closes + 8 * symbol * series.stride
        close = load_i8(closes, row)
        if close == t:
            store_i8(entries, end, series.entry + (symbol << SYMBOL_SHIFT) + row)
            end += 1
            row += 1
            store_i8(series.cursor, symbol, row)
            if row == fresh:
                continue
            close = load_i8(closes, row)
        following = min(following, close)
    series.following = following
    return end


@kernel(forceinline=True)
def _append_rows(series: Any, symbol: int, until: int, out: _Out, ends: _Ends) -> int:
    """Append a moment for each bar of the only symbol that closes before ``until``.

    Returns how many they are. Bar for bar it does what `_build` does, in a quarter of the time.
    """
    row, fresh = load_i8(series.cursor, symbol), load_i8(series.count, symbol)
    closes = series.closes + 8 * (symbol * series.stride + row)
    entry = series.entry + (symbol << SYMBOL_SHIFT) + row
    moments = out.moments + ends.moments * _MOMENT_SIZE
    taken, close = 0, _NEVER
    while row + taken < fresh:
        close = load_i8(closes, taken)
        if close >= until:
            break
        store_i8(out.entries, ends.entries + taken, entry + taken)
        store_i8(out.base_times, ends.base_times + taken, close)
        moment = moment_at(moments + taken * _MOMENT_SIZE)
        moment.t = close
        moment.base_end = moment.end = ends.entries + taken + 1
        moment.flags = 0
        taken += 1
    store_i8(series.cursor, symbol, row + taken)
    series.following = close if row + taken < fresh else _NEVER
    return taken


@kernel()
def _begin(tables: Any, left_out: Any, symbols: int, cursor: int, series: int) -> int:
    """Describe the intervals; return the one symbol that has base bars, -1 for none or several."""
    found, bars = -1, 0
    for index in range(tables.size):
        table, one = tables[index], _series_at(series + index * _SERIES_SIZE)
        one.closes, one.stride = table.close_ts + 8 * table.first, table.stride
        one.count, one.cursor = table.count, cursor + 8 * symbols * index
        one.entry, one.following = (index << TABLE_SHIFT) + table.first, _NEVER
        for symbol in range(symbols):
            store_i8(one.cursor, symbol, 0)
        for symbol in left_out:
            store_i8(one.cursor, symbol, load_i8(one.count, symbol))
        for symbol in range(symbols):
            if load_i8(one.cursor, symbol) < load_i8(one.count, symbol):
                close = load_i8(one.closes, symbol * one.stride)
                one.following = min(one.following, close)
                if index == 0:
                    found, bars = symbol, bars + 1
    return found if bars == 1 else -1


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
    tables: Any, sessions: Any, left_out: Any, symbols: int, scratch: tuple[int, int], out: _Out
) -> tuple[int, int]:
    """Merge bars and session events in time order.

    ``left_out`` i8[n]: symbols whose bars are left out. ``scratch``: addresses of i8[tables, S] and
    of _SERIES[tables]. Returns the number of moments, and of those at which a base bar closes.
    """
    cursor, series = scratch
    alone = _begin(tables, left_out, symbols, cursor, series)
    base, intervals = _series_at(series), tables.size
    opened = closed = end = count = base_count = 0
    event = _next_event(sessions, closed, opened)
    while True:
        until = event  # the next thing but a base bar
        for index in range(1, intervals):
            until = min(until, _series_at(series + index * _SERIES_SIZE).following)
        t = min(until, base.following)
        if t == _NEVER:
            return count, base_count
        if alone >= 0 and t < until:
            taken = _append_rows(base, alone, until, out, _Ends(count, end, base_count))
            count, end, base_count = count + taken, end + taken, base_count + taken
            continue
        moment = moment_at(out.moments + count * _MOMENT_SIZE)
        count += 1
        if base.following == t:
            store_i8(out.base_times, base_count, t)
            base_count += 1
            end = _collect(base, symbols, t, out.entries, end)
        moment.base_end = end
        for index in range(1, intervals):
            one = _series_at(series + index * _SERIES_SIZE)
            if one.following == t:
                end = _collect(one, symbols, t, out.entries, end)
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
def _look_ahead(moments: int, entries: int, count: int) -> None:
    """Write ``ahead`` into each moment: how many moments a loop over rows can walk."""
    alike, first = 0, -1  # moments from the following one on, and the bar of the first of them
    for index in range(count - 1, -1, -1):
        moment = moment_at(moments + index * _MOMENT_SIZE)
        begin = moment_at(moments + (index - 1) * _MOMENT_SIZE).end if index > 0 else 0
        single = moment.base_end == begin + 1 and moment.flags == 0
        entry = load_i8(entries, begin) if single else -1
        # The next row of the same symbol is the next number.
        moment.ahead = alike if single and entry + 1 == first else 0
        if single and moment.end == moment.base_end:
            alike, first = moment.ahead + 1, entry
        else:
            alike, first = 0, -1


@kernel()
def _read(
    tables: Any, sessions: Any, left_out: Any, symbols: int, scratch: tuple[int, int], out: _Out
) -> tuple[int, int]:
    """Do as `_build`, and look ahead from each moment."""
    count, base_count = _build(tables, sessions, left_out, symbols, scratch, out)
    _look_ahead(out.moments, out.entries, count)
    return count, base_count


class Schedule:
    """The moments of the slot that was read last; ``universe``: indices of symbols, empty for all.

    The arrays are reused for every slot: they are valid until the next `read`.
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
        self._base_times = np.zeros(symbols * shape.rows, np.int64)
        #: Times at which base bars close, i8[n], ns UTC: the times of the equity rows.
        self.base_times = self._base_times[:0]
        self._cursor = np.zeros((tables, symbols), np.int64)
        self._series = np.zeros(tables, _SERIES)
        self._scratch = int(self._cursor.ctypes.data), int(self._series.ctypes.data)
        written = self.moments, self.entries, self._base_times
        self._out = _Out(*(int(array.ctypes.data) for array in written))

    def read(self, tables: npt.NDArray[Any], sessions: npt.NDArray[Any]) -> None:
        """Build the moments of a slot just taken, from its tables (TABLE[i]) and its sessions."""
        symbols = self._cursor.shape[1]
        self.count, base_count = _read(
            records(tables), records(sessions), self._left_out, symbols, self._scratch, self._out
        )
        self.base_times = self._base_times[:base_count]

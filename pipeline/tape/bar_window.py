"""A window of the last bars known, as a strategy sees them: it has no rows of its own.

What it gives is copied, so that an array which a strategy keeps never shows what came later.

Series      one symbol and interval over the whole run, with the strip and cursor bound now
  `- Strip  its rows in one table of one slot, as arrays that are made once per slot
BarWindow   the last n rows of a series up to its cursor
"""

from typing import Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.codes import CLOSE, HIGH, LOW, OPEN, VOLUME
from pipeline.errors import DataError
from pipeline.native.hook_array import HookArray
from pipeline.tape.slot import BarTable, SlotShape
from shm.layout import record_batch

# Places of a strip's columns.
_TS, _CLOSE_TS, VALUES = range(3)


class LatestBar(NamedTuple):
    """One known bar, a copy."""

    #: When the bar opened, ns UTC.
    ts: int
    #: When it became known, ns UTC.
    close_ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class Strip:
    """The rows of one symbol in one table of one slot, as arrays made once.

    columns: ts, close_ts, then the table's value columns; read-only unless `writable`.
    count, seen: one cell each, as in `slot`.
    first: the first fresh row.
    """

    __slots__ = ("columns", "count", "first", "seen", "table")

    def __init__(self, table: BarTable, symbol: int, *, writable: bool) -> None:
        self.table = table
        self.first = table.first
        self.columns: tuple[npt.NDArray[Any], ...] = (
            table.ts[symbol],
            table.close_ts[symbol],
            *table.values[:, symbol],
        )
        for column in self.columns:
            column.flags.writeable = writable
        # Memoryviews, because one cell of these costs a third of one cell of an array.
        self.count: memoryview = table.count[symbol : symbol + 1].data
        self.seen: memoryview = table.seen[symbol : symbol + 1].data


class Series:
    """One symbol and interval over the whole run.

    strip: its rows in the slot that is bound.
    cursor: the last known row of every series; that of this one is in `cell`. It is -1 for a symbol
    that is not in the lane's universe.
    columns: the places of its columns, by name.
    """

    __slots__ = (
        "cell",
        "columns",
        "cursor",
        "index",
        "interval",
        "strip",
        "symbol",
        "symbol_index",
    )

    def __init__(self, shape: SlotShape, index: int, symbol_index: int) -> None:
        self.symbol = shape.symbols[symbol_index]
        self.symbol_index = symbol_index
        self.interval = shape.intervals[index]
        self.index = index
        self.cell = index * len(shape.symbols) + symbol_index
        names = ("ts", "close_ts", *shape.columns[index])
        self.columns = {name: place for place, name in enumerate(names)}
        self.strip: Strip
        self.cursor: memoryview | Closed

    @property
    def count(self) -> int:
        """The number of known bars, in this slot and all before."""
        row = self.cursor[self.cell]
        return 0 if row < 0 else int(self.strip.seen[0]) + row + 1 - self.strip.first

    def latest(self) -> LatestBar | None:
        """Return a copy of the last bar known, None before the first."""
        if self.count == 0:
            return None
        row = self.cursor[self.cell]
        return LatestBar(
            *[column.item(row) for column in self.strip.columns[: VALUES + VOLUME + 1]]
        )

    def place_of(self, column: str) -> int:
        """Return the place of a column by name; DataError if there is none of that name."""
        place = self.columns.get(column)
        if place is None:
            raise DataError(
                f"{self.symbol} {self.interval} has no column {column!r}, there are: "
                f"{', '.join(self.columns)}"
            )
        return place


def kept(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a read-only copy of rows of shared memory, which a strategy may keep."""
    copied = rows.copy().view(HookArray)
    copied.flags.writeable = False
    return copied


def _shown(place: int, doc: str) -> Any:
    """Return the property that shows one column of a window."""

    def show(window: "BarWindow") -> npt.NDArray[Any]:
        # The same as BarWindow._span, of which a call would cost a fifth of the whole.
        series = window._series
        stop = series.cursor[series.cell] + 1
        strip = series.strip
        start = stop - window.rows
        if start < strip.first:
            start = max(start, strip.first - strip.seen[0])
        return kept(strip.columns[place][start:stop])

    return property(show, doc=doc)


class BarWindow:
    """The last `rows` known bars of one symbol and interval, oldest first; fewer early in a run.

    A window always shows the present: the bars that the strategy may know when it asks. Its arrays
    are f8[len(window)] (times i8, ns UTC), read-only copies of shared memory.
    """

    __slots__ = ("_series", "rows")

    def __init__(self, series: Series, rows: int) -> None:
        self._series = series
        self.rows = rows

    @property
    def symbol(self) -> str:
        """The symbol's name."""
        return self._series.symbol

    @property
    def interval(self) -> str:
        """The interval's name, such as "5m"."""
        return self._series.interval

    @property
    def columns(self) -> tuple[str, ...]:
        """The names that `window[name]` takes: times, prices, indicators."""
        return tuple(self._series.columns)

    ts: npt.NDArray[np.int64] = _shown(_TS, "When each bar opened, ns UTC.")
    close_ts: npt.NDArray[np.int64] = _shown(_CLOSE_TS, "When each bar became known, ns UTC.")
    open: npt.NDArray[np.float64] = _shown(VALUES + OPEN, "The opens.")
    high: npt.NDArray[np.float64] = _shown(VALUES + HIGH, "The highs.")
    low: npt.NDArray[np.float64] = _shown(VALUES + LOW, "The lows.")
    close: npt.NDArray[np.float64] = _shown(VALUES + CLOSE, "The closes.")
    volume: npt.NDArray[np.float64] = _shown(VALUES + VOLUME, "The volumes.")

    def __getitem__(self, column: str) -> npt.NDArray[Any]:
        start, stop = self._span()
        return kept(self._series.strip.columns[self._series.place_of(column)][start:stop])

    def __len__(self) -> int:
        start, stop = self._span()
        return stop - start

    def record_batch(self) -> pa.RecordBatch:
        """Return ts and all value columns as an Arrow batch, a copy as the arrays are."""
        return record_batch({"ts": self.ts} | {name: self[name] for name in self.columns[VALUES:]})

    def _span(self) -> tuple[int, int]:
        """Return the rows of the strip that the window shows, start and stop."""
        series = self._series
        stop = series.cursor[series.cell] + 1
        if stop == 0:
            return 0, 0
        strip = series.strip
        start = stop - self.rows
        if start < strip.first:
            start = max(start, strip.first - strip.seen[0])
        return start, stop

    def __repr__(self) -> str:
        return f"window of the last {self.rows} {self.interval} bars of {self.symbol}"


class Closed:
    """Takes the place of a closed `SessionData`'s cursor, so that windows need no test for it."""

    def __getitem__(self, index: int) -> NoReturn:
        raise DataError("session data is closed, it has no bars any more")


CLOSED = Closed()

"""Session data: the strategy's only source of data.

    slot                                engine
    | lookback | fresh rows ........ |  --views--> get_bars, latest_bar, ...
               first        cursor ^ rows after it are the future

A `slot_writer.SlotWriter` and the processors have written the slot.

A `SessionData` is *prepared* when it is made, *active* from the first `bind` on, and *closed* by
`close`. Only an active one has data; any other use is refused.

A strategy gets a `BarWindow`: the last n bars known *now*, of one symbol and interval. A window is
made once and found by two or three dictionary look-ups. It holds no rows, and it moves with the
cursor and from slot to slot. Its arrays are read-only copies: one that a strategy keeps never shows
what came later.

A window reaches back `lookback` rows at most. A large slot may hold more rows, a small one does
not, and no result may depend on where slots end.
"""

import datetime as dt
import math
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.codes import DAY_NS, interval_ns
from pipeline.errors import DataError
from pipeline.tape.bar_window import CLOSED, BarWindow, LatestBar, Series, Strip
from pipeline.tape.slot import QUALITY, Slot, SlotShape


class SessionFacts(NamedTuple):
    """One trading session."""

    #: The trading date.
    date: dt.date
    #: When it opens and closes, ns UTC.
    open: int
    close: int
    #: Whether it closes before its usual time.
    early: bool


class SessionData:
    """Bars, indicators and session facts up to now; each lane that reads them has one.

    Symbols are given by name or by index. Intervals are given by name ("5m") or by length in ns;
    None and 0 are the base interval. `lookback`: the most rows a window may have, as the strategy
    declares; by default as many as the shape has. Every refusal is a DataError.
    """

    def __init__(self, shape: SlotShape, *, lookback: int | None = None) -> None:
        self.lookback = shape.lookback if lookback is None else lookback
        if not 0 < self.lookback <= shape.lookback:
            raise DataError(f"lookback must be 1 to {shape.lookback} rows, was {self.lookback}")
        self._shape = shape
        self._state = "prepared"
        self._symbols: dict[str | int, int] = {}
        for index, name in enumerate(shape.symbols):
            self._symbols |= {name: index, index: index}
        self._intervals: dict[str | int | None, int] = {None: 0, 0: 0}
        self._homes: dict[str, int] = {}
        for index, name in enumerate(shape.intervals):
            self._intervals |= {name: index, interval_ns(name): index}
            for column in shape.columns[index]:
                self._homes.setdefault(column, index)
        self._windows: dict[str | int | None, dict[str | int, dict[int | None, BarWindow]]] = {}
        self._series: dict[tuple[int, int], Series] = {}
        self._slots: WeakKeyDictionary[Slot, dict[tuple[int, int], Strip]] = WeakKeyDictionary()
        self._slot: Slot | None = None
        self._strips: dict[tuple[int, int], Strip] = {}
        self._cursor: memoryview | None = None
        self._session: SessionFacts | None = None

    @property
    def state(self) -> str:
        """Prepared, active or closed."""
        return self._state

    @property
    def symbols(self) -> tuple[str, ...]:
        """The run's symbols, in configuration order."""
        return self._shape.symbols

    @property
    def intervals(self) -> tuple[str, ...]:
        """The run's intervals, the base first."""
        return self._shape.intervals

    # --- the stage that owns it --------------------------------------------------------------

    def bind(self, slot: Slot, cursor: npt.NDArray[np.int64]) -> None:
        """Read from a slot just taken from now on; the slot is not changed.

        `cursor`, i8[intervals, symbols]: for each symbol the last row that may be known now, or
        `first - 1` if that is none of the slot's fresh rows. It is read whenever data is asked for,
        so its owner moves it as time goes on.
        """
        if self._state == "closed":
            raise DataError("session data is closed, it cannot be bound to a slot again")
        expected = (len(self.intervals), len(self.symbols))
        if cursor.shape != expected or cursor.dtype != np.int64:
            raise DataError(
                f"cursor must be int64 of shape {expected}, was {cursor.dtype} of shape "
                f"{cursor.shape}"
            )
        if not cursor.flags.c_contiguous:
            raise DataError("cursor must be contiguous, was a view with gaps")
        self._cursor = cursor.reshape(-1).data
        self._state = "active"
        self._slot = slot
        self._strips = self._slots.setdefault(slot, {})
        for series in self._series.values():
            self._show(series, slot, self._cursor)

    def enter_session(self, session: Any) -> None:
        """Make `session`, a SESSION record, the current one, before ``on_session_open``."""
        date = dt.date(1970, 1, 1) + dt.timedelta(int(session["date"]) // DAY_NS)
        self._session = SessionFacts(
            date, int(session["open"]), int(session["close"]), bool(session["early"])
        )

    def close(self) -> None:
        """Release the slots. Windows and methods refuse from now on; closing again does nothing."""
        self._state = "closed"
        for series in self._series.values():
            series.cursor = CLOSED
            del series.strip
        self._windows.clear()
        self._series.clear()
        self._slots.clear()
        self._strips = {}
        self._slot = self._cursor = self._session = None

    # --- the strategy ------------------------------------------------------------------------

    def get_bars(
        self, symbol: str | int, n: int | None = None, interval: str | int | None = None
    ) -> BarWindow:
        """Return the window of the last `n` known bars; None: `lookback` bars.

        It has fewer bars while fewer are known. Refused for an unknown symbol or interval and for
        `n` outside 1 to `lookback`.
        """
        try:
            return self._windows[interval][symbol][n]
        except KeyError:
            pass
        return self._make_window(symbol, n, interval)

    def latest_bar(self, symbol: str | int, interval: str | int | None = None) -> LatestBar | None:
        """Return a copy of the last known bar; None before the first."""
        return self._series_of(symbol, interval).latest()

    def bars_since(
        self, symbol: str | int, ts: int, interval: str | int | None = None
    ) -> BarWindow:
        """Return the window of the known bars that opened at `ts` (ns UTC) or later, maybe empty.

        It is valid until the hook returns, because its number of rows is that of now. Refused if
        more than `lookback` bars may have opened since.
        """
        series = self._series_of(symbol, interval)
        times = self.get_bars(symbol, None, interval).ts
        first = int(np.searchsorted(times, ts))
        if first == 0 and 0 < len(times) < series.count and times[0] > ts:
            raise DataError(
                f"{series.symbol} {series.interval} bars since {ts} may reach back further than "
                f"the lookback of {self.lookback} rows, which begins at {times[0]}"
            )
        rows = len(times) - first
        return self.get_bars(symbol, rows, interval) if rows else BarWindow(series, 0)

    def count(self, symbol: str | int, interval: str | int | None = None) -> int:
        """Return the number of known bars of the run."""
        return self._series_of(symbol, interval).count

    def indicator(
        self,
        symbol: str | int,
        name: str,
        n: int | None = None,
        interval: str | int | None = None,
    ) -> npt.NDArray[np.float64]:
        """Return the last `n` values of an indicator, or of any other column: f8[<= n].

        `n` is as for `get_bars`. `interval` None: the shortest one that has the column. Values are
        NaN while an indicator warms up. The array is a copy.
        """
        if interval is None:
            interval = self.intervals[self._homes.get(name, 0)]
        return self.get_bars(symbol, n, interval)[name]

    @property
    def session(self) -> SessionFacts:
        """The session that opened last. Refused before the first one opens."""
        if self._session is None:
            raise DataError(f"session data is {self._state}: no session has opened")
        return self._session

    def quality(self, symbol: str | int, interval: str | int | None = None) -> float:
        """Return the quality of the session so far, in per cent, at the last known bar.

        NaN before the first bar, and if the configuration does not ask for the running quality.
        """
        series = self._series_of(symbol, interval)
        if QUALITY not in series.columns:
            return math.nan
        window = self.get_bars(symbol, 1, interval)[QUALITY]
        return float(window[0]) if len(window) else math.nan

    def record_batch(
        self, symbol: str | int, interval: str | int | None = None, n: int | None = None
    ) -> pa.RecordBatch:
        """Return `get_bars(symbol, n, interval)` as an Arrow batch: ts and all value columns.

        It is a copy.
        """
        return self.get_bars(symbol, n, interval).record_batch()

    # --- windows and series, made once -------------------------------------------------------

    def _make_window(
        self, symbol: str | int, n: int | None, interval: str | int | None
    ) -> BarWindow:
        """Make a window, and enter it under all names of its symbol and interval."""
        series = self._series_of(symbol, interval)
        if n is not None and not (isinstance(n, int | np.integer) and 0 < n <= self.lookback):
            raise DataError(
                f"a window of {series.symbol} {series.interval} must have 1 to {self.lookback} "
                f"rows, was {n!r}; the strategy's lookback says how many it may have"
            )
        named = self._windows.setdefault(series.interval, {})
        self._windows[interval] = named
        windows = named.setdefault(series.symbol, {})
        named[series.symbol_index] = windows
        return windows.setdefault(n, BarWindow(series, self.lookback if n is None else int(n)))

    def _series_of(self, symbol: str | int, interval: str | int | None) -> Series:
        slot, cursor = self._slot, self._cursor
        if slot is None or cursor is None:
            raise DataError(
                f"session data is {self._state}, it must be active (bound to a slot) to read it"
            )
        index, symbol_index = self._intervals.get(interval), self._symbols.get(symbol)
        if index is None:
            raise DataError(
                f"{interval!r} is not one of this run's intervals: {', '.join(self.intervals)}"
            )
        if symbol_index is None:
            raise DataError(
                f"{symbol!r} is not one of this run's {len(self.symbols)} symbols: "
                f"{', '.join(self.symbols[:20])}"
            )
        series = self._series.get((index, symbol_index))
        if series is None:
            series = Series(self._shape, index, symbol_index)
            self._show(series, slot, cursor)
            self._series[index, symbol_index] = series
        return series

    def _show(self, series: Series, slot: Slot, cursor: memoryview) -> None:
        """Give a series the strip and the cursor of the bound slot."""
        key = series.index, series.symbol_index
        strip = self._strips.get(key)
        if strip is None:
            strip = Strip(slot.tables[series.index], series.symbol_index, writable=False)
            self._strips[key] = strip
        series.strip = strip
        series.cursor = cursor

"""What a slot holds and where.

    header     i8[8]            what the cells below name                     coordinator
    sessions   SESSION[K]       those that overlap the slot's span of time    coordinator
    per interval i (the base is 0), all 64-byte aligned:
      ts.i        i8[S, R]      open of each bar, ns UTC                      base: coordinator;
      close_ts.i  i8[S, R]      when it became known, ns UTC                  the others, and the
      values.i    f8[C, S, R]   prices, then one row per indicator            indicators of the
      count.i     i8[S]         fresh rows of each symbol                     base: the processor
      seen.i      i8[S]         rows of each symbol in all slots before       of the symbol

    the strip of one symbol, R rows: | lookback rows (right-aligned) | fresh rows | unused |
                                     0                            first    first+count     R

Where shares are split before a session, the slot begins with that session (cell SPLITS of the
header holds its index, which is not 0; else 0), and the rows of the past are on the new scale.

The *horizon* is the last instant the slot speaks for: all that happens after the previous slot's
horizon and up to this one is in it, and the next base bar closes after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.codes import DAY_NS, interval_ns
from pipeline.errors import ConfigError
from shm.layout import Field, Layout, record_batch

#: One trading session; ``date`` is 00:00Z of the trading date, ``break_start`` 0 without a break.
#: ``opens`` and ``closes`` say whether that event lies in this slot.
SESSION: np.dtype[Any] = np.dtype(
    [
        (name, "i8")
        for name in (
            *("index", "date", "open", "close", "early"),
            *("break_start", "break_end", "opens", "closes"),
        )
    ]
)

#: Cells of the header, in order.
SEQUENCE, FIRST_CLOSE, HORIZON, ROWS, SESSIONS, END, SPLITS = range(7)
_HEADER_CELLS = 8

#: Fresh base rows that a slot is sized for by default, of one symbol and of all together: large
#: enough to hide the hand-over between processes and the coordinator's work per symbol, small
#: enough to stay in a core's cache.
_SYMBOL_ROWS, _SLOT_ROWS = 65_536, 131_072
#: The same where a strategy runs in plain Python, which takes a hundred times as long per row: a
#: slot must not keep an engine busy for longer than a user waits for a sign of life.
_INTERPRETED_ROWS = 4_096
#: Name of the column that grades each bar, where the configuration asks for it.
QUALITY = "quality"


@dataclass(frozen=True)
class SlotShape:
    """Everything a slot's size follows from.

    ``columns``: the names of each interval's float64 columns, the five prices first.
    ``lookback``: rows of the past each table carries; ``rows``: fresh base rows per symbol;
    ``sessions``: sessions a slot can name.
    """

    symbols: tuple[str, ...]
    intervals: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    lookback: int
    rows: int
    sessions: int

    @classmethod
    def plan(
        cls,
        symbols: Sequence[str],
        intervals: Sequence[str],
        columns: Sequence[Sequence[str]],
        *,
        lookback: int,
        rows: int | None,
        quality: bool,
        interpreted: bool = False,
    ) -> "SlotShape":
        """Choose the shape for a run; ``rows`` None takes what suits symbols and strategies."""
        if rows is None:
            total = _INTERPRETED_ROWS if interpreted else _SLOT_ROWS
            rows = max(1, min(_SYMBOL_ROWS, total // len(symbols)))
        per_day = max(1, DAY_NS // interval_ns(intervals[0]) // 4)
        extra = (QUALITY,) if quality else ()
        return cls(
            tuple(symbols),
            tuple(intervals),
            tuple((*names, *extra) for names in columns),
            # One row at least: what another interval last showed must outlive a slot.
            max(1, lookback),
            rows,
            rows // per_day + 8,
        )

    @property
    def layout(self) -> Layout:
        """Where the arrays of one slot lie."""
        fields = [
            Field("header", np.int64, (_HEADER_CELLS,)),
            Field("sessions", SESSION, (self.sessions,)),
        ]
        count = len(self.symbols)
        for index, names in enumerate(self.columns):
            stride = self.stride
            fields += [
                Field(f"ts.{index}", np.int64, (count, stride)),
                Field(f"close_ts.{index}", np.int64, (count, stride)),
                Field(f"values.{index}", np.float64, (len(names), count, stride)),
                Field(f"count.{index}", np.int64, (count,)),
                Field(f"seen.{index}", np.int64, (count,)),
            ]
        return Layout(fields)

    @property
    def stride(self) -> int:
        """Rows of one symbol's strip: lookback, fresh rows and a derived bar left from before.

        A multiple of 8, so that every column of every symbol is 64-byte aligned.
        """
        return -(-(self.lookback + self.rows + 1) // 8) * 8

    def check_memory(self, slots: int, available: int) -> None:
        """Raise ConfigError, with both numbers, if a ring does not fit in ``available`` bytes."""
        needed = self.layout.size * slots
        if needed > available:
            raise ConfigError(
                f"the ring needs {needed / 2**20:,.1f} MiB of shared memory ({slots} slots of "
                f"{self.rows} rows x {len(self.symbols)} symbols), there are "
                f"{available / 2**20:,.1f} MiB; lower pipeline.slots, pipeline.slot_rows or the "
                "strategy's lookback"
            )


class BarTable:
    """One interval of one slot: NumPy views of shared memory, valid while the slot is held."""

    def __init__(self, interval: str, columns: Sequence[str], first: int, views: Sequence[Any]):
        self.interval = interval
        self.columns = tuple(columns)
        self.first = first
        self.ts: npt.NDArray[np.int64] = views[0]
        self.close_ts: npt.NDArray[np.int64] = views[1]
        self.values: npt.NDArray[np.float64] = views[2]
        self.count: npt.NDArray[np.int64] = views[3]
        self.seen: npt.NDArray[np.int64] = views[4]

    def record_batch(self, symbol: int, start: int, stop: int) -> pa.RecordBatch:
        """Rows start..stop-1 of a symbol's strip as an Arrow batch over the same memory."""
        columns: dict[str, npt.NDArray[Any]] = {"ts": self.ts[symbol, start:stop]}
        for index, name in enumerate(self.columns):
            columns[name] = self.values[index, symbol, start:stop]
        return record_batch(columns)


class Slot:
    """The views of one slot of the ring."""

    def __init__(self, shape: SlotShape, buffer: memoryview) -> None:
        views = shape.layout.views(buffer)
        self.header: npt.NDArray[np.int64] = views["header"]
        self.sessions: npt.NDArray[Any] = views["sessions"]
        self.tables = tuple(
            BarTable(
                interval,
                shape.columns[index],
                shape.lookback,
                [
                    views[f"{name}.{index}"]
                    for name in ("ts", "close_ts", "values", "count", "seen")
                ],
            )
            for index, interval in enumerate(shape.intervals)
        )

    @property
    def open_sessions(self) -> npt.NDArray[Any]:
        """The sessions this slot names, in order."""
        return self.sessions[: self.header[SESSIONS]]

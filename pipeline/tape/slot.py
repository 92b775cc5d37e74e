"""What a slot holds and where.

    header     i8[16]           SEQUENCE to UNTRADED, see the constants       coordinator
    sessions   SESSION[K]       those that overlap the slot's span of time    coordinator
    per interval i (the base is 0), all 64-byte aligned:
      ts.i        i8[S, R]      open of each bar, ns UTC                      base: coordinator;
      close_ts.i  i8[S, R]      when it became known, ns UTC                  the others, and the
      values.i    f8[C, S, R]   prices, then one row per indicator            indicators of the
      count.i     i8[S]         fresh rows of each symbol                     base: the processor
      seen.i      i8[S]         rows of each symbol in all slots before       of the symbol

    the strip of one symbol, R rows: | lookback rows (right-aligned) | fresh rows | unused |
                                     0                            first    first+count     R

If shares are split before a session, a slot begins with that session: cell SPLITS of its header
holds the index of the session, which is never 0, and its rows of the past are on the new scale. In
all other slots that cell is 0.

The *horizon* of a slot is an instant. The slot holds all bars and session events after the horizon
of the slot before and up to its own; the next base bar closes later.
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

#: One trading session.
SESSION: np.dtype[Any] = np.dtype(
    [
        ("index", "i8"),  # Its place among the sessions of the run.
        ("date", "i8"),  # 00:00Z of the trading date, ns UTC.
        ("open", "i8"),  # When it opens, ns UTC.
        ("close", "i8"),  # When it closes, ns UTC.
        ("early", "i8"),  # 1 if it closes before its usual time, else 0.
        ("break_start", "i8"),  # When its break begins, ns UTC; 0 without one.
        ("break_end", "i8"),  # When its break ends, ns UTC; 0 without one.
        ("opens", "i8"),  # 1 if it opens in this slot, else 0.
        ("closes", "i8"),  # 1 if it closes in this slot, else 0.
    ]
)
#: What strategies are shown of a session: its fields up to `break_end`. Where a slot ends is not
#: for them, because no result may depend on it.
SHOWN_SESSION: np.dtype[Any] = np.dtype(SESSION.descr[: SESSION.names.index("opens")])  # type: ignore[union-attr]

#: Cells of the header: the slot's number; the close of its first base bar, ns UTC; its horizon, ns
#: UTC; its fresh base bars, of all symbols; its sessions; 1 if it is the last slot; the session
#: before which shares are split; when the tape began, ns of the monotonic clock; 1 if any of its
#: base bars has no volume.
SEQUENCE, FIRST_CLOSE, HORIZON, ROWS, SESSIONS, END, SPLITS, BEGAN, UNTRADED = range(9)
_HEADER_CELLS = 16  # two cache lines

#: The most fresh base rows of a slot by default, of one symbol and of all together. They are enough
#: to hide the time of handing a slot on and the coordinator's work per symbol, and few enough to
#: stay in a core's cache.
_SYMBOL_ROWS, _SLOT_ROWS = 65_536, 131_072
#: The most of all symbols together if a strategy runs in plain Python, which takes a hundred times
#: as long per row: an engine must finish a slot before a user misses a sign of progress.
_INTERPRETED_ROWS = 4_096
#: The name of the column with the quality of each bar, if the configuration asks for it.
QUALITY = "quality"


@dataclass(frozen=True)
class SlotShape:
    """The numbers and names that determine the layout and size of a slot."""

    #: The run's symbols, in configuration order.
    symbols: tuple[str, ...]
    #: The run's intervals, the base first.
    intervals: tuple[str, ...]
    #: For each interval the names of its float64 columns, the five prices first.
    columns: tuple[tuple[str, ...], ...]
    #: Rows of the past that each table carries for each symbol.
    lookback: int
    #: The most fresh base rows of each symbol.
    rows: int
    #: The most sessions that a slot can name.
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
        """Choose the shape for a run.

        ``rows`` None: a number that suits symbols and strategies. ``quality``: whether each
        interval has a column for it. ``interpreted``: whether a strategy runs in plain Python.
        """
        if rows is None:
            total = _INTERPRETED_ROWS if interpreted else _SLOT_ROWS
            rows = max(1, min(_SYMBOL_ROWS, total // len(symbols)))
        per_day = max(1, DAY_NS // interval_ns(intervals[0]) // 4)
        extra = (QUALITY,) if quality else ()
        return cls(
            tuple(symbols),
            tuple(intervals),
            tuple((*names, *extra) for names in columns),
            # At least one row: the last bar of a longer interval must stay known in later slots.
            max(1, lookback),
            rows,
            rows // per_day + 8,
        )

    @property
    def layout(self) -> Layout:
        """The places of the arrays of one slot."""
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
        """Rows of one symbol's strip: lookback, fresh rows and one derived bar of an earlier slot.

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
        """Return rows start to stop-1 of a symbol's strip as an Arrow batch, without a copy."""
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
        """The sessions that this slot names, in order: a view of SESSION records."""
        return self.sessions[: self.header[SESSIONS]]

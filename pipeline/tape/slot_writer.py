"""The slot writer: appends rows to the tables of one slot after the other.

    writer                      slot
    append --copy-> | lookback | fresh rows ........ | room left |
                               first            count ^

The process that writes a table has one writer for it, and sets the table's count to 0 before it
appends to a slot that was used before. Readers have a `SessionData` each.
"""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import DataError
from pipeline.tape.bar_window import Strip
from pipeline.tape.slot import Slot, SlotShape


class SlotWriter:
    """Appends rows to the slot that is bound. Every refusal is a DataError."""

    def __init__(self, shape: SlotShape) -> None:
        self._shape = shape
        # As many fresh rows as a schedule has room for. A table of longer bars may get one more: a
        # bar that began in an earlier slot.
        self._room = [shape.rows + (index > 0) for index in range(len(shape.intervals))]
        self._slots: WeakKeyDictionary[Slot, dict[tuple[int, int], Strip]] = WeakKeyDictionary()
        self._slot: Slot | None = None
        self._strips: dict[tuple[int, int], Strip] = {}

    def bind(self, slot: Slot) -> None:
        """Write to a slot just claimed from now on; the slot is not changed."""
        self._slot = slot
        self._strips = self._slots.setdefault(slot, {})

    def append(
        self,
        symbol_index: int,
        interval_index: int,
        ts: npt.NDArray[np.int64],
        close_ts: npt.NDArray[np.int64],
        columns: Sequence[npt.NDArray[np.float64]],
    ) -> None:
        """Write rows behind the fresh ones of a symbol in the bound slot, and count them.

        All arrays have one length. `columns` are the first value columns of the table, at least the
        prices, in the table's order. Refused before the first `bind`, for an unknown index, for
        arrays of different lengths, for too few or too many columns, and if the rows do not fit; in
        these cases no row is written.
        """
        strip = self._strips.get((interval_index, symbol_index))
        if strip is None:
            strip = self._make_strip(interval_index, symbol_index)
        rows, begin = len(ts), strip.count[0]
        if begin + rows > self._room[interval_index]:
            raise DataError(
                f"{self._name(interval_index, symbol_index)}: {rows} rows do not fit behind "
                f"{begin}, the slot has room for {self._room[interval_index]}"
            )
        self._check_columns(strip, interval_index, symbol_index, rows, (close_ts, *columns))
        span = slice(strip.first + begin, strip.first + begin + rows)
        for target, column in zip(strip.columns, (ts, close_ts, *columns), strict=False):
            target[span] = column
        strip.count[0] = begin + rows

    def _make_strip(self, index: int, symbol_index: int) -> Strip:
        if self._slot is None:
            raise DataError("the slot writer must be bound to a slot before rows are appended")
        shape = self._shape
        if not (0 <= index < len(shape.intervals) and 0 <= symbol_index < len(shape.symbols)):
            raise DataError(
                f"interval {index} and symbol {symbol_index} must be 0 or more and below "
                f"{len(shape.intervals)} and {len(shape.symbols)}"
            )
        strip = Strip(self._slot.tables[index], symbol_index, writable=True)
        self._strips[index, symbol_index] = strip
        return strip

    def _check_columns(
        self, strip: Strip, index: int, symbol_index: int, rows: int, columns: Sequence[Any]
    ) -> None:
        most = len(strip.columns) - 1
        if not len(PRICE_COLUMNS) < len(columns) <= most:
            raise DataError(
                f"{self._name(index, symbol_index)}: {len(columns) - 1} value columns were given, "
                f"the table takes {len(PRICE_COLUMNS)} to {most - 1}"
            )
        for column in columns:
            if len(column) != rows:
                raise DataError(
                    f"{self._name(index, symbol_index)}: columns must have {rows} rows as ts has, "
                    f"one has {len(column)}"
                )

    def _name(self, index: int, symbol_index: int) -> str:
        return f"{self._shape.symbols[symbol_index]} {self._shape.intervals[index]}"

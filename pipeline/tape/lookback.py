"""The rows of the past that the writer of a bar table carries from one slot into the next.

A writer keeps a copy of these rows, because the producer may already write the slot before anew
while this stage still works on the present one.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.market.indicators.split_scaling import Power, rescale
from pipeline.native.kernel import kernel
from pipeline.tape.slot import BarTable

#: Columns as the kernels copy them, i8[columns, symbols, rows]: words, whatever they stand for.
_Words = npt.NDArray[np.int64]


@kernel()
def _carry(tail: _Words, run: _Words, low: int, high: int, rows: int) -> None:
    for column in range(tail.shape[0]):
        for symbol in range(low, high):
            for row in range(rows):
                run[column, symbol, row] = tail[column, symbol - low, row]


@kernel()
def _keep(tail: _Words, run: _Words, counts: Any, low: int, high: int, rows: int) -> None:
    for column in range(tail.shape[0]):
        for symbol in range(low, high):
            fresh = counts[symbol]
            for row in range(rows):
                tail[column, symbol - low, row] = run[column, symbol, fresh + row]


class Tail:
    """The lookback rows of some columns and symbols of one bar table.

    ``columns``: the slice of value columns that the owner of this object writes. ``times``: whether
    it also writes ts and close_ts, and counts rows.
    """

    def __init__(self, table: BarTable, columns: slice, symbols: range, *, times: bool) -> None:
        self._rows = table.first
        self._columns = columns
        self._low, self._high = symbols.start, symbols.stop
        width = table.values[columns].shape[0]
        self._values = np.full((width, len(symbols), self._rows), np.nan)
        self._times: npt.NDArray[np.int64] | None = None
        if times:
            self._times = np.zeros((2, len(symbols), self._rows), np.int64)
        self._seen = np.zeros(len(symbols), np.int64)

    def split(self, symbol: int, ratio: float, powers: Sequence[Power]) -> None:
        """Convert a symbol's rows to the scale after a split.

        ``powers``: for each column of the table, the power of the ratio that scales it.
        """
        for values, power in zip(self._values, powers[self._columns], strict=True):
            rescale(values[symbol - self._low], ratio, power)

    def carry_in(self, table: BarTable) -> None:
        """Write the lookback rows into a slot that was just claimed or taken."""
        span = (self._low, self._high, self._rows)
        _carry(self._values.view(np.int64), self._words_of(table), *span)
        if self._times is not None:
            _carry(self._times[:1], table.ts[np.newaxis], *span)
            _carry(self._times[1:], table.close_ts[np.newaxis], *span)
            table.seen[self._low : self._high] = self._seen

    def keep(self, table: BarTable) -> None:
        """Copy the last rows of the slot, once all its fresh rows are written."""
        span = (self._low, self._high, self._rows)
        _keep(self._values.view(np.int64), self._words_of(table), table.count, *span)
        if self._times is not None:
            _keep(self._times[:1], table.ts[np.newaxis], table.count, *span)
            _keep(self._times[1:], table.close_ts[np.newaxis], table.count, *span)
            self._seen += table.count[self._low : self._high]

    def _words_of(self, table: BarTable) -> _Words:
        return table.values[self._columns].view(np.int64)

"""Rows of one symbol as a file has them, and the file on disk where they wait.

An import reads all sources before it decides what they are (which interval, which clock), and
changes nothing before all of them are right. The rows wait in one temporary file without a name,
so the memory of an import does not grow with the number of files or rows, and a process that dies
leaves nothing.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from pipeline.codes import PRICES

Int64Array = npt.NDArray[np.int64]
Float64Array = npt.NDArray[np.float64]

#: Bytes of a row: its time, perhaps its instant, its prices and volume, its line.
_WORD: Final = 8
#: A whole price may come as a float that is so far beside it.
_NEARLY: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of one symbol, in the order of the file."""

    wall: Int64Array
    """int64[n], the times on the clock of the file, ns since 1970 on that clock."""
    utc: Int64Array | None
    """int64[n], the instants, ns UTC; None if the file does not say which instants they are."""
    values: tuple[Float64Array, ...]
    """The ``PRICE_COLUMNS``, five float64[n]."""
    lines: Int64Array
    """int64[n], the line of each row in its file, from 1; of a binary file the row, from 0."""

    def __len__(self) -> int:
        return len(self.wall)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> Rows:
        """Return some of the rows, by index, mask or slice."""
        return Rows(
            self.wall[rows],
            None if self.utc is None else self.utc[rows],
            tuple(column[rows] for column in self.values),
            self.lines[rows],
        )

    def divided(self, divisor: float) -> Rows:
        """Return the rows with prices divided, of which those that are nearly whole are whole."""
        whole = [np.round(column) for column in self.values[:4]]
        prices = tuple(
            np.where(np.abs(column - near) < _NEARLY, near, column) / divisor
            for column, near in zip(self.values[:4], whole, strict=True)
        )
        return Rows(self.wall, self.utc, (*prices, *self.values[4:]), self.lines)


class Kept(NamedTuple):
    """A place in a `Spool`."""

    offset: int
    """Where it begins, in bytes."""
    rows: int
    """The number of rows."""
    instants: bool
    """Whether the rows have instants."""


class Spool:
    """A temporary file of rows, for any number of threads; a context manager that removes it."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(  # noqa: SIM115 - closed by `__exit__`
            prefix="ringtape-import-", buffering=0
        )
        self._lock = threading.Lock()
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def keep(self, rows: Rows) -> Kept:
        """Write rows; return their place. OSError if there is no room."""
        columns = [rows.wall, *([] if rows.utc is None else [rows.utc]), rows.lines, *rows.values]
        with self._lock:
            kept = Kept(self._end, len(rows), rows.utc is not None)
            self._file.seek(kept.offset)
            for column in columns if len(rows) else ():
                view = np.ascontiguousarray(column).view(np.uint8).data
                self._end += len(view)
                while view:
                    view = view[self._file.write(view) :]
        return kept

    def read(self, kept: Kept) -> Rows:
        """Read rows. The arrays are the caller's own."""
        words = PRICES + 2 + int(kept.instants)
        data = bytearray(words * kept.rows * _WORD)
        with self._lock:
            self._file.seek(kept.offset)
            view = memoryview(data)
            while view:
                view = view[self._file.readinto(view) :]
        whole = np.frombuffer(data, np.int64).reshape(words, kept.rows)
        wall, *rest = whole
        utc = rest.pop(0) if kept.instants else None
        lines, *values = rest
        return Rows(wall, utc, tuple(column.view(np.float64) for column in values), lines)

    def blocks(self, kept: list[Kept], *, backwards: bool = False) -> Iterator[Rows]:
        """Read places in their order; with ``backwards`` from the last row to the first."""
        for place in reversed(kept) if backwards else kept:
            rows = self.read(place)
            yield rows.take(slice(None, None, -1)) if backwards else rows

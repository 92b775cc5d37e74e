"""Rows of one symbol as a file has them, and the place where they wait.

An import reads all sources before it decides what they are (which interval, which clock), and
changes nothing before all of them are right. Rows wait in memory, up to a limit, and beyond it in
one temporary file without a name. So the memory of an import does not grow with the number of files
or rows, and a process that dies leaves nothing.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from pipeline.codes import PRICES
from pipeline.errors import DataError

Int64Array = npt.NDArray[np.int64]
Float64Array = npt.NDArray[np.float64]

#: Bytes of a row: its time, perhaps its instant, its prices and volume, its line.
_WORD: Final = 8
#: Bytes of rows that wait in memory, at most: those of two million rows.
_MEMORY: Final = 1 << 27
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

    @property
    def columns(self) -> list[npt.NDArray[Any]]:
        """The arrays in the order of the file of a `Spool`."""
        return [self.wall, *([] if self.utc is None else [self.utc]), self.lines, *self.values]

    @property
    def nbytes(self) -> int:
        """The size of all arrays, bytes."""
        return len(self) * _WORD * len(self.columns)

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


def joined_rows(parts: Sequence[Rows]) -> Rows:
    """Return the rows of several parts, at least one, as one."""
    if len(parts) == 1:
        return parts[0]
    instants = [part.utc for part in parts if part.utc is not None]
    return Rows(
        np.concatenate([part.wall for part in parts]),
        np.concatenate(instants) if len(instants) == len(parts) else None,
        tuple(map(np.concatenate, zip(*(part.values for part in parts), strict=True))),
        np.concatenate([part.lines for part in parts]),
    )


class Kept(NamedTuple):
    """Rows in a `Spool`: in memory, or at a place in its file."""

    rows: Rows | None
    """The rows; None if they are in the file."""
    offset: int = 0
    """Where they begin in the file, in bytes."""
    size: int = 0
    """The number of rows in the file."""
    instants: bool = False
    """Whether the rows in the file have instants."""


class Spool:
    """Rows that wait, for any number of threads; a context manager that removes its file.

    Up to ``memory`` bytes of them are in memory.
    """

    def __init__(self, memory: int = _MEMORY) -> None:
        self._file = tempfile.TemporaryFile(  # noqa: SIM115 - closed by `__exit__`
            prefix="ringtape-import-", buffering=0
        )
        self._lock = threading.Lock()
        self._end = 0
        self._room = memory

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
        """Keep rows, whose arrays nobody changes. DataError if the disk has no room for them."""
        size = rows.nbytes
        with self._lock:
            if size <= self._room:
                self._room -= size
                return Kept(rows)
            try:
                return self._write(rows)
            except OSError as error:
                raise DataError(
                    f"rows cannot wait in the temporary directory {tempfile.gettempdir()}: "
                    f"{error.strerror}; nothing was imported: set TMPDIR to another directory"
                ) from error

    def _write(self, rows: Rows) -> Kept:
        kept = Kept(None, self._end, len(rows), rows.utc is not None)
        self._file.seek(kept.offset)
        for column in rows.columns if len(rows) else ():
            view = np.ascontiguousarray(column).view(np.uint8).data
            self._end += len(view)
            while view:
                view = view[self._file.write(view) :]
        return kept

    def read(self, kept: Kept) -> Rows:
        """Return rows, whose arrays nobody may change. Those from the file are read anew."""
        if kept.rows is not None:
            return kept.rows
        words = PRICES + 2 + int(kept.instants)
        data = bytearray(words * kept.size * _WORD)
        with self._lock:
            self._file.seek(kept.offset)
            view = memoryview(data)
            while view:
                view = view[self._file.readinto(view) :]
        whole = np.frombuffer(data, np.int64).reshape(words, kept.size)
        wall, *rest = whole
        utc = rest.pop(0) if kept.instants else None
        lines, *values = rest
        return Rows(wall, utc, tuple(column.view(np.float64) for column in values), lines)

    def blocks(self, kept: list[Kept]) -> Iterator[Rows]:
        """Read rows in the order in which they are given."""
        return map(self.read, kept)

    def drain(self, kept: list[Kept], *, backwards: bool = False) -> Iterator[Rows]:
        """Read rows for the last time, with ``backwards`` from the last row to the first.

        The list is empty at the end. Rows that were in memory leave their room to others.
        """
        if not backwards:
            kept.reverse()
        while kept:
            place = kept.pop()
            rows = self.read(place)
            if place.rows is not None:
                with self._lock:
                    self._room += rows.nbytes
            yield rows.take(slice(None, None, -1)) if backwards else rows

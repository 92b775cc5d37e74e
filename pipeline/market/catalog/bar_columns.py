"""Bars of one series in memory, and the form in which a catalog takes them: block by block."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import DataError

Int64Array = npt.NDArray[np.int64]
Float64Array = npt.NDArray[np.float64]

BLOCK_ROWS: Final = 65_536
"""Rows of a block that is cut from bars in memory."""

SCHEMA = pa.schema(
    [pa.field("ts", pa.timestamp("ns", "UTC"), nullable=False)]
    + [pa.field(name, pa.float64(), nullable=False) for name in PRICE_COLUMNS]
)


class BarBlocks(Protocol):
    """Bars of one series that anybody can go through, as often as they like, a piece at a time.

    A catalog takes the bars to write in this form, so that they need not be in memory together.
    """

    def blocks(self) -> Iterator[BarColumns]:
        """Begin at the first bar and yield all bars, `ts` ascending, the same ones each time.

        Blocks may have any number of rows. Who goes through them holds a few at once. Raises
        DataError if the bars cannot be read.
        """


@dataclass(frozen=True, slots=True)
class BarColumns:
    """The columns of one series, or of a block of it, in memory."""

    ts: Int64Array
    """int64[n], the opens, ns UTC."""
    values: tuple[Float64Array, ...]
    """Five float64[n], the ``PRICE_COLUMNS``."""

    @classmethod
    def from_table(cls, table: pa.Table | pa.RecordBatch) -> BarColumns:
        """Take `ts` and the price columns of `table`, in any numeric type, and no other column.

        Raises DataError if a column is missing, has a null or is not of numbers.
        """
        _check_columns(table)
        ts = _column(table, "ts", pa.int64())
        # Adding 0.0 turns -0.0 into 0.0, so that equal values have equal bytes.
        values = tuple(_column(table, name, pa.float64()) + 0.0 for name in PRICE_COLUMNS)
        return cls(ts, values)

    def to_table(self) -> pa.Table:
        """Return an Arrow table over the same memory, with the schema of a catalog file."""
        ts = pa.array(self.ts).view(SCHEMA.field("ts").type)
        return pa.table([ts, *(pa.array(v) for v in self.values)], schema=SCHEMA)

    def blocks(self) -> Iterator[BarColumns]:
        """Yield views of at most `BLOCK_ROWS` rows, as of `BarBlocks`."""
        for first in range(0, len(self.ts), BLOCK_ROWS):
            yield self.rows(first, first + BLOCK_ROWS)

    def rows(self, first: int, behind: int | None = None) -> BarColumns:
        """Return a view of the rows from ``first`` to the one before ``behind``, or to the end."""
        chosen = slice(first, behind)
        return BarColumns(self.ts[chosen], tuple(column[chosen] for column in self.values))

    def only(self, chosen: npt.NDArray[np.bool_]) -> BarColumns:
        """Return the rows for which ``chosen``, bool[n], is true."""
        return BarColumns(self.ts[chosen], tuple(column[chosen] for column in self.values))

    def content_hash(self) -> str:
        """Return the sha256 of the little-endian bytes of ts, open, high, low, close, volume."""
        digest = hashlib.sha256(np.ascontiguousarray(self.ts, dtype="<i8").data)
        for column in self.values:
            digest.update(np.ascontiguousarray(column, dtype="<f8").data)
        return digest.hexdigest()


NO_BARS: Final = BarColumns(np.empty(0, np.int64), (np.empty(0),) * len(PRICE_COLUMNS))


@dataclass(frozen=True, slots=True)
class TableBars:
    """The bars of an Arrow table, which is converted block by block. They are `BarBlocks`."""

    table: pa.Table
    """Columns `ts` and the five prices in any numeric type, sorted by `ts`."""

    def blocks(self) -> Iterator[BarColumns]:
        """Yield the bars. DataError if a column is missing, has a null or is not of numbers."""
        _check_columns(self.table)
        for first in range(0, self.table.num_rows, BLOCK_ROWS):
            yield BarColumns.from_table(self.table.slice(first, BLOCK_ROWS))


def joined(parts: list[BarColumns]) -> BarColumns:
    """Return the rows of all parts as one. What is one part already is not copied."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return NO_BARS
    columns = zip(*(part.values for part in parts), strict=True)
    return BarColumns(
        np.concatenate([part.ts for part in parts]), tuple(map(np.concatenate, columns))
    )


def regrouped(blocks: Iterable[BarColumns], rows: int) -> Iterator[BarColumns]:
    """Yield the same bars in blocks of exactly ``rows`` rows, of which the last may have fewer."""
    held: list[BarColumns] = []
    count = 0
    for block in blocks:
        first = 0
        while count + len(block.ts) - first >= rows:
            behind = first + rows - count
            yield joined([*held, block.rows(first, behind)])
            held, count, first = [], 0, behind
        if first < len(block.ts):
            held.append(block.rows(first))
            count += len(block.ts) - first
    if held:
        yield joined(held)


def values_of(array: pa.Array, kind: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return the 8-byte values of an Arrow array without nulls as NumPy, without a copy.

    ``to_numpy`` would import pandas, which takes a third of a second in every process that reads.
    """
    if len(array) == 0:
        return np.empty(0, dtype=kind)
    values = np.frombuffer(array.buffers()[1], dtype=kind)
    values.flags.writeable = False
    return values[array.offset : array.offset + len(array)]


def only_chunk(column: pa.ChunkedArray) -> pa.Array:
    """Return the column as one array. A column of one row group is not copied."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _check_columns(table: pa.Table | pa.RecordBatch) -> None:
    """Raise DataError if a column is missing or has a null."""
    missing = [name for name in ("ts", *PRICE_COLUMNS) if name not in table.schema.names]
    if missing:
        raise DataError(
            f"bars need the columns ts, {', '.join(PRICE_COLUMNS)}; missing: "
            f"{', '.join(missing)}; found: {', '.join(table.schema.names)}"
        )
    for name in ("ts", *PRICE_COLUMNS):
        column = table.column(name)
        if column.null_count:
            first = column.is_null().index(True).as_py()
            raise DataError(
                f"column {name} has {column.null_count} empty values, first in row {first}"
            )


def _column(table: pa.Table | pa.RecordBatch, name: str, kind: pa.DataType) -> npt.NDArray[Any]:
    column = table.column(name)
    if isinstance(column, pa.ChunkedArray):
        column = only_chunk(column)
    try:
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("ns", column.type.tz)).view(pa.int64())
        column = column.cast(kind)
    except pa.ArrowException as error:
        raise DataError(f"column {name} of type {column.type} is not {kind}: {error}") from None
    return values_of(column, np.int64 if kind == pa.int64() else np.float64)

"""The cells of a table of actions, as text or Parquet has them, and what can be read in them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.codes import DAY_NS
from pipeline.errors import DataError
from pipeline.market.importers.actions.bad_rows import BadRows
from pipeline.market.importers.options import DateOrder
from pipeline.market.importers.source import Source
from pipeline.market.importers.symbols import only_array
from pipeline.market.importers.times.readers import TimeReader, open_times

_PARQUET = b"PAR1"
_RATIO = re.compile(r"([^:/]+?)\s*(?:[:/]|\bfor\b|-for-)\s*([^:/]+)", re.IGNORECASE)
_FORMS = " or a ratio (2, 2:1, 2/1, 2-for-1)"


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a file."""

    label: str
    """The name of the file in messages."""
    names: list[str]
    """The header."""
    lines: Sequence[int]
    """The line of each row in its file, as an editor counts; of Parquet the row, from 0."""
    bad: BadRows
    """The rows that cannot be taken, by their lines."""
    column_at: Callable[[int], pa.Array]
    """Returns a column by its position."""

    def column(self, at: int) -> pa.Array:
        """Return the cells of a column; of text without blanks around them, null if empty."""
        column = self.column_at(at)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            return column
        text = pc.utf8_trim_whitespace(column.cast(pa.string()))
        return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)

    def place(self, row: int) -> str:
        """Return the place of a row, for messages."""
        return self.bad.place(self.lines[row])

    def dates(self, at: int, order: DateOrder | None) -> list[str]:
        """Return a column of dates as YYYY-MM-DD; rows that have none are bad, and have "".

        Of a time of day with its zone, the date that is written is taken. DataError if none can be
        read, or if it is not known whether the month or the day comes first.
        """
        column = self.column(at)
        if not len(column):
            return []
        try:
            reader = open_times(column, date_order=order)
            times = reader.read(column)
        except DataError as error:
            raise DataError(f"{self.label}, column {self.names[at]!r}: {error}") from None
        fault = times.unread
        for row in np.flatnonzero(fault).tolist():
            self.bad.add(self.lines[row], partial(_no_time, reader, column, row))
        if times.utc is not None:
            # The date of a midnight elsewhere is another one in UTC.
            in_utc = ~fault & (times.wall == times.utc) & (times.wall % DAY_NS != 0)
            for row in np.flatnonzero(in_utc).tolist():
                self.bad.add(self.lines[row], partial(_no_date, column, row))
            fault = fault | in_utc
        days = (times.wall // DAY_NS).astype("M8[D]").astype(str)
        return np.where(fault, "", days).tolist()

    def numbers(self, at: int, name: str, none: float) -> list[float]:
        """Return a column of numbers; an empty cell is ``none``, rows without a number are bad.

        A split may be a ratio, such as 7:1, 7/1 or 7-for-1. DataError if the column is of another
        type.
        """
        column = self.column(at)
        kind = column.type
        if pa.types.is_decimal(kind):
            column = column.cast(pa.string())  # Arrow's own double may not be the nearest one
        elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind):
            return column.cast(pa.float64(), safe=False).fill_null(none).to_pylist()
        elif not pa.types.is_string(kind):
            raise DataError(f"{self.label}: {name} must be a number, was {kind}")
        read, forms = (_ratio, _FORMS) if name == "split" else (_number, "")
        found = [none if cell is None else read(cell) for cell in column.to_pylist()]
        for row in (row for row, value in enumerate(found) if value is None):
            was = repr(_text(column, row))
            self.bad.add(self.lines[row], f"{name} must be a number{forms}, was {was}")
        return [none if value is None else value for value in found]


def _text(column: pa.Array, row: int) -> str | None:
    return column.slice(row, 1).cast(pa.string())[0].as_py()


def _no_time(reader: TimeReader, column: pa.Array, row: int) -> str:
    return reader.explain(_text(column, row))


def _no_date(column: pa.Array, row: int) -> str:
    return (
        f"{_text(column, row)} is a time of day in UTC, where the date may not be the ex-date; "
        "write the date alone"
    )


def _number(text: str) -> float | None:
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def _ratio(text: str) -> float | None:
    match = _RATIO.fullmatch(text)
    if match is None:
        return _number(text)
    above, below = _number(match[1]), _number(match[2])
    return above / below if above is not None and below else None


def is_parquet(begin: bytes) -> bool:
    """Return whether the first bytes of a file are those of Parquet."""
    return begin.startswith(_PARQUET)


def cells_of_parquet(source: Source) -> Cells:
    """Read a file of Parquet. DataError if it cannot be decoded."""
    try:
        with source.seekable() as stream, pq.ParquetFile(stream, pre_buffer=False) as file:
            table = file.read(use_threads=False)
            table.validate(full=True)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        told = " ".join(str(error).split())  # Arrow's messages may have several lines
        raise DataError(f"{source.label} is damaged: {told}; get the file again") from error
    bad = BadRows(source.label, "row")
    bad.rows = table.num_rows
    return Cells(
        source.label,
        table.column_names,
        range(table.num_rows),
        bad,
        lambda at: only_array(table.column(at)),
    )


def cells_of_text(text: str, label: str) -> Cells:
    """Read delimited text; the first line that is not blank is the header.

    Rows with more or fewer cells are bad.
    """
    delimiter = max(",;\t", key=text.lstrip("\r\n").partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    bad = BadRows(label)
    line = 1
    try:
        for cells in reader:
            if not names:
                names = [cell.strip() for cell in cells] if any(cells) else []
            elif len(cells) == len(names) and any(cells):
                rows.append(cells)
                lines.append(line)
            elif any(cells):
                bad.add(line, f"has {len(cells)} cells, the header has {len(names)}")
                bad.rows += 1
            line = reader.line_num + 1  # a cell in quotes may have several lines
    except csv.Error as error:
        raise DataError(f"{bad.place(line)}: {error}") from None
    bad.rows += len(rows)
    return Cells(
        label, names, lines, bad, lambda at: pa.array([row[at] for row in rows], pa.string())
    )

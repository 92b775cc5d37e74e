"""Lines of a text file that are no rows, and rows without a time."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from pipeline.market.importers import tally as kinds
from pipeline.market.importers.empty_cells import EMPTY_CELLS
from pipeline.market.importers.fields import names_time
from pipeline.market.importers.header import Header
from pipeline.market.importers.options import Options
from pipeline.market.importers.symbols import only_array
from pipeline.market.importers.tally import Tally
from pipeline.market.importers.text import Lines, begins_row
from pipeline.market.importers.times.readers import TimeReader

Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
_EMPTY: Final = sorted(EMPTY_CELLS)


class OddRows:
    """The lines of one file that are no rows of its table."""

    def __init__(self, header: Header, tally: Tally, options: Options) -> None:
        self._cells, self._tally = len(header.cells), tally
        self._drops = options.bad_rows == "drop"
        #: The lines of further headers like the first, and how many lines are no rows.
        self._headers: list[int] = []
        self._others = 0

    def settle(self) -> None:
        """Count the headers below the first: files that were put together have them.

        With titles or the like between, they are of other tables.
        """
        if not self._others:
            self._tally.note("headers between the rows, left out", len(self._headers))
            return
        self._tally.add(
            kinds.HEADER,
            np.array(self._headers, np.int64),
            lambda _: "names the columns again, and other lines stand between the tables",
            left_out=False,
        )

    def line_numbers(self, lines: Lines, rows: int, odd: list[csv.InvalidRow]) -> Int64Array:
        """Return the line of each row, and count the lines that are no rows."""
        if lines.ends + int(not lines.data.endswith(b"\n")) == rows and not odd:
            return np.arange(lines.first, lines.first + rows)
        # Arrow leaves out lines that are empty; one of blanks is a row for it.
        filled = np.array([bool(line.rstrip(b"\r")) for line in lines.data.split(b"\n")])
        begins = begins_row(lines.data)
        self._tally.note("line breaks within quoted cells", int((~begins).sum()))
        numbers = lines.first + np.flatnonzero(filled & begins)
        if odd:
            every = np.array([row.number - 1 for row in odd], np.int64)
            odd[:] = [row for row in odd if row.text.strip()]
            self._others += len(odd)
            at = np.array([row.number - 1 for row in odd], np.int64)
            self._tally.add(
                kinds.CELLS,
                numbers[at],
                lambda index: (
                    f"{odd[index].actual_columns} fields, expected {self._cells} as in the first "
                    "line"
                ),
                left_out=self._drops,
            )
            numbers = np.delete(numbers, every)
        return numbers[:rows]

    def tell_times(
        self,
        table: pa.Table,
        text: pa.Array,
        bad: BoolArray,
        numbers: Int64Array,
        times: TimeReader,
    ) -> None:
        """Count ``bad`` rows, whose time cannot be read: blank ones, further headers, all others.

        ``text`` has their times, and ``times`` reads them.
        """
        empty = _is_empty(text)
        blank = bad & np.logical_and.reduce([_is_empty(only_array(one)) for one in table.columns])
        self._tally.note("rows of empty cells, left out", int(blank.sum()))
        again, other = _are_headers(table, text, bad & ~empty)
        other |= bad & empty & _has_words(table)
        self._headers += numbers[again].tolist()
        for kind, rows in (
            (kinds.NO_TIME, bad & empty & ~blank & ~other),
            (kinds.HEADER, other),
            (kinds.TIME, bad & ~empty & ~again & ~other),
        ):
            (at,) = np.nonzero(rows)
            self._tally.add(
                kind,
                numbers[at],
                partial(_explain, times, text, at),
                left_out=self._drops and kind is not kinds.HEADER,
            )


def _are_headers(table: pa.Table, text: pa.Array, rows: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Return which of some rows name columns: as the header does, and otherwise."""
    again, other = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for row in np.flatnonzero(rows).tolist():
        if names_time(text[row].as_py()):
            cells = {name: str(table[name][row].as_py()).strip() for name in table.column_names}
            alike = all(name == cell for name, cell in cells.items())
            (again if alike else other)[row] = True
    return again, other


def _has_words(table: pa.Table) -> BoolArray:
    """Return which rows have words in all cells that are not empty, as a second header has."""
    words, filled = np.ones(table.num_rows, bool), np.zeros(table.num_rows, bool)
    for column in map(only_array, table.columns):
        empty = _is_empty(column)
        filled |= ~empty
        if not pa.types.is_string(column.type):
            words &= empty
            continue
        is_word = pc.match_substring_regex(column, "^[A-Za-z][A-Za-z ._-]*$").fill_null(False)
        words &= empty | is_word.to_numpy(zero_copy_only=False)
    return words & filled


def _explain(times: TimeReader, text: pa.Array, bad: npt.NDArray[np.intp], index: int) -> str:
    return times.explain(text[int(bad[index])].as_py())


def _is_empty(column: pa.Array) -> BoolArray:
    """Return which cells of a column have no value."""
    if not pa.types.is_string(column.type):
        return column.is_null().to_numpy(zero_copy_only=False)
    empty = pc.is_in(pc.utf8_trim_whitespace(column), pa.array(_EMPTY))
    return pc.or_(empty.fill_null(True), column.is_null()).to_numpy(zero_copy_only=False)

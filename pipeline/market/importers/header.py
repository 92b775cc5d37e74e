"""The first lines of a text file: which character divides its cells, and what its columns are.

A cell is a value if it is a number or a time. A line with three values looks like a row, and no
such line is left out above the table.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.market.importers.cell_values import is_value
from pipeline.market.importers.fields import names_prices, normal

_DELIMITERS: Final = "\t;|,"
"""The characters between cells; of two that fit alike, the first is taken."""
_SAMPLE_LINES: Final = 200
"""So many filled lines show where the table begins."""
_OF_ROW: Final = 3
"""So many values make a line look like a row, and so many cells a table."""


@dataclass(frozen=True, slots=True)
class Header:
    """The line of a text file that names its columns; in a file without one, its first row."""

    delimiter: str
    """The character between two cells."""
    cells: tuple[str, ...]
    """The cells, without blanks and quotes around them."""
    is_header: bool
    """Whether the line names columns; if not, it is the first row."""
    lines: tuple[str, ...] = ()
    """The first lines of the file."""
    at: int = 0
    """How many lines stand before it."""
    left_out: int = 0
    """How many of these are not blank, and are left out without the user's or a layout's word."""
    row_cells: int = 0
    """The usual number of cells of the rows, if no row has as many as a header; else 0."""

    @property
    def above(self) -> int:
        """The lines of the file before its first row."""
        return self.at + int(self.is_header)

    def row(self, number: int) -> tuple[str, ...]:
        """Return the cells of a line of the file, by its number from 0; none if it is not there."""
        if number >= len(self.lines):
            return ()
        return tuple(split_cells(self.lines[number], self.delimiter))

    @property
    def first_row(self) -> tuple[str, ...]:
        """The cells of the first row below the header."""
        return self.row(self.above)

    @property
    def notes(self) -> list[str]:
        """Remarks on the lines above it, for the account of an import."""
        return [f"Lines above the table, left out: {self.left_out:,}."] if self.left_out else []

    @property
    def names(self) -> tuple[str, ...]:
        """Unique names of the columns, or their positions from 1 if the line is no header.

        A column without a name, as the index column of a data frame, is called by its position.
        """
        if not self.is_header:
            return tuple(str(i + 1) for i in range(len(self.cells)))
        seen: dict[str, int] = {}
        unique = []
        for place, cell in enumerate(self.cells, start=1):
            name = cell or f"column {place}"
            seen[name] = seen.get(name, 0) + 1
            unique.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
        return tuple(unique)

    @property
    def normal_names(self) -> tuple[str, ...]:
        """Names reduced to letters and digits, for comparison."""
        return tuple(normal(cell) for cell in self.cells)


def find_header(lines: Sequence[str]) -> Header:
    """Return the header among the first lines of a file, at least one of which is not blank.

    It is the first line that names as many columns as most lines have cells. Lines above it, such
    as a title or an address, are left out. In a table without names it is the first row.
    """
    filled = _filled(lines)
    delimiter = _delimiter([lines[number] for number in filled])
    first = _first_of_table([split_cells(lines[number], delimiter) for number in filled])
    return _header(lines, filled[first], delimiter, first)


def header_at(lines: Sequence[str], at: int) -> Header:
    """Return one of the first lines of a file as its header; the last one if there are fewer."""
    at = min(at, len(lines) - 1)
    below = [lines[at + number] for number in _filled(lines[at:])]
    return _header(lines, at, _delimiter(below), 0)


def _filled(lines: Sequence[str]) -> list[int]:
    """Return the numbers of the first lines that are not blank."""
    return [number for number, line in enumerate(lines) if line.strip()][:_SAMPLE_LINES]


def _header(lines: Sequence[str], at: int, delimiter: str, left_out: int) -> Header:
    """Return a line as the header.

    Rows may end with delimiters that it has not, or it with some that the rows have not: cells
    that are empty in every line.
    """
    cells = split_cells(lines[at], delimiter)
    if not _names_columns(cells):
        return Header(delimiter, tuple(cells), False, tuple(lines), at, left_out)
    below = lines[at + 1 :]
    rows = [split_cells(below[number], delimiter) for number in _filled(below)]
    widths = [len(row) for row in rows]
    usual = _usual(widths) if rows and len(cells) not in widths else len(cells)
    behind = [cells[usual:], *(row[len(cells) :] for row in rows)]
    if not any(cell for some in behind for cell in some):
        cells = (cells + [""] * usual)[:usual]
    odd = usual != len(cells) and any(_is_row(row) for row in rows if len(row) == usual)
    row_cells = usual if odd else 0
    return Header(delimiter, tuple(cells), True, tuple(lines), at, left_out, row_cells)


def _delimiter(lines: Sequence[str]) -> str:
    """Return the character with which most cells are values, else the most frequent one.

    It is that of the lines further down, since there may be a title above.
    """
    below = [re.sub('"[^"]*"', "", line) for line in lines[len(lines) // 2 :]]
    text = "\n".join(below)
    found = [one for one in _DELIMITERS if one in text] or [","]
    if len(found) == 1:
        return found[0]
    sample = below[:8]

    def fits(delimiter: str) -> tuple[int, int]:
        cells = [cell for line in sample for cell in split_cells(line, delimiter)]
        return sum(map(is_value, cells)), text.count(delimiter)

    return max(found, key=fits)


def split_cells(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line, without blanks and quotes around them."""
    (cells,) = csv.reader([line], delimiter=delimiter, skipinitialspace=True)
    return [cell.strip().strip('"') for cell in cells]


def _first_of_table(lines: Sequence[Sequence[str]]) -> int:
    """Return the first line of the table, by the cells of each line."""
    usual = _usual([len(cells) for cells in lines])
    if usual < _OF_ROW:
        return 0
    row = next((at for at, cells in enumerate(lines) if _is_row(cells)), None)
    named = [
        at
        for at, cells in enumerate(lines[:row])
        if 2 * _count_filled(cells) >= max(4, usual) and _names_columns(cells)
    ]
    fitting = [at for at in named if len(lines[at]) == usual]
    if fitting:
        return fitting[0]
    if row is not None:
        # A header of another number of names is no title.
        return named[-1] if named else row
    wide = (at for at, cells in enumerate(lines) if len(cells) == usual)
    return next((at for at in wide if _count_filled(lines[at]) > 1), 0)


def _usual(widths: Sequence[int]) -> int:
    return max(set(widths), key=lambda width: (widths.count(width), width))


def _count_filled(cells: Sequence[str]) -> int:
    return sum(map(bool, cells))


def _is_row(cells: Sequence[str]) -> bool:
    return sum(map(is_value, cells)) >= _OF_ROW and not names_prices(cells)


def _names_columns(cells: Sequence[str]) -> bool:
    """Return whether cells are names: no values, unless beside those of prices (an average 50)."""
    return not any(map(is_value, cells)) or names_prices(cells)

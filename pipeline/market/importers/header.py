"""The first lines of a text file: which character divides its cells, and what its columns are."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.market.importers.fields import normal

_DELIMITERS: Final = ",;\t|"


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

    It is the first line that has as many cells as most of the lines, if these are at least 5, so
    that a title or an address above a table is left out; else the first line. Blank lines are none.
    """
    filled = [number for number, line in enumerate(lines) if line.strip()]
    below = [lines[number] for number in filled[len(filled) // 2 :]]
    delimiter = _delimiter("\n".join(below))
    widths = [len(split_cells(lines[number], delimiter)) for number in filled]
    return header_at(lines, filled[_first_of_table(widths)])


def header_at(lines: Sequence[str], at: int) -> Header:
    """Return one of the first lines of a file as its header; the last one if there are fewer."""
    at = min(at, len(lines) - 1)
    delimiter = _delimiter(lines[at])
    cells = tuple(split_cells(lines[at], delimiter))
    is_header = not any(_is_value(cell) for cell in cells)
    return Header(delimiter, cells, is_header, tuple(lines), at)


def _delimiter(text: str) -> str:
    return max(_DELIMITERS, key=text.count)


def split_cells(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line, without blanks and quotes around them."""
    (cells,) = csv.reader([line], delimiter=delimiter, skipinitialspace=True)
    return [cell.strip().strip('"') for cell in cells]


def _first_of_table(widths: list[int]) -> int:
    """Return the first line of the table, by the number of cells of each line."""
    usual = max(set(widths), key=widths.count)
    if usual < 5 or widths[0] == usual:
        return 0
    return next(at for at, width in enumerate(widths) if width == usual)


def _is_value(cell: str) -> bool:
    return re.fullmatch(r"[-+]?[\d.][\d.:/ -]*(?:[eE][-+]?\d+)?", cell) is not None

"""The rows of a source that cannot be bars: counted by kind, told all at once, left out if asked.

A refusal that names one row at a time would take as many imports as there are bad rows. So the rows
are counted by kind, with the first lines of each, and a refusal has the options that lead on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError

_SHOWN: Final = 3
"""So many lines of a kind are named."""


class Kind(NamedTuple):
    """A kind of rows that are no bars."""

    words: str
    """What they are, as of several: ``rows without a time``."""
    ways: tuple[str, ...]
    """The options that lead on, with what they do."""

    @property
    def one(self) -> str:
        """What one of them is: ``row without a time``."""
        return self.words.replace("rows", "row", 1)


_DROP: Final = "--bad-rows drop leaves such rows out"
_WIDEN: Final = "--bad-rows widen widens high and low by up to 1 % of the price"
_EQUAL: Final = "--duplicates same takes one of rows that are equal"
_ONE_OF: Final = "--duplicates first or last takes one of them"
_FLOOR: Final = "--off-grid floor moves such rows to the beginning of their bar"
_ZONE: Final = "--tz names another clock"

CELLS: Final = Kind("rows with more or fewer cells than columns", (_DROP,))
NO_TIME: Final = Kind("rows without a time", (_DROP,))
TIME: Final = Kind("rows whose time cannot be read", (_DROP,))
CLOCK: Final = Kind("rows whose time the clock shows twice or never", (_ZONE, _DROP))
NO_PRICES: Final = Kind("rows without prices", (_DROP,))
NUMBER: Final = Kind("rows with a cell that is no number", (_DROP,))
RULE: Final = Kind("rows that cannot be a bar", (_DROP,))
RANGE: Final = Kind("rows with a price outside of high and low", (_DROP, _WIDEN))
UNIT: Final = Kind("rows in another unit than others", ("correct them in the file",))
DUPLICATE: Final = Kind("rows with the time of a row before", (_EQUAL, _ONE_OF))
ORDER: Final = Kind("rows earlier than a row before", ("sort the file by its times", _DROP))
GRID: Final = Kind("rows off the grid of the interval", (_FLOOR, "--off-grid keep"))
OVERLAP: Final = Kind("rows less than a bar after the row before", (_FLOOR, "--interval"))

_KINDS: Final = (
    *(CELLS, NO_TIME, TIME, CLOCK, NO_PRICES, NUMBER, RULE, RANGE),
    *(UNIT, DUPLICATE, ORDER, GRID, OVERLAP),
)


@dataclass
class _Found:
    rows: int = 0
    #: The first lines, with what is wrong there.
    first: list[tuple[int, str]] = field(default_factory=list)


class Tally:
    """The rows of one source that are no bars.

    ``label`` names the source, ``unit`` is ``line`` or ``row``.
    """

    def __init__(self, label: str, unit: str = "line") -> None:
        self._label, self._unit = label, unit
        self._bad: dict[Kind, _Found] = {}
        self._left: dict[Kind, _Found] = {}
        #: What was done to rows, and to how many.
        self._changed: dict[str, int] = {}
        #: The rows of the source that were looked at.
        self.rows = 0

    def place(self, line: int) -> str:
        """Return the place of a row, for messages."""
        return f"{self._label}, {self._unit} {line}"

    def add(
        self,
        kind: Kind,
        lines: npt.NDArray[np.int64],
        words: Callable[[int], str],
        *,
        left_out: bool,
    ) -> None:
        """Count rows of a kind, by their lines int64[n].

        ``words`` says what is wrong with the row of an index into ``lines``. The rows are
        ``left_out`` of the import because an option says so, or they make it end in a refusal.
        """
        if not len(lines):
            return
        found = (self._left if left_out else self._bad).setdefault(kind, _Found())
        found.rows += len(lines)
        for index in range(min(len(lines), _SHOWN - len(found.first))):
            found.first.append((int(lines[index]), words(index)))

    def note(self, words: str, rows: int) -> None:
        """Count rows that were taken otherwise than they are written, such as ``rows moved``."""
        if rows:
            self._changed[words] = self._changed.get(words, 0) + rows

    def changed(self) -> dict[str, int]:
        """Return how many rows were changed, or given up for another, by what was done."""
        return dict(self._changed)

    def left_out(self) -> dict[str, int]:
        """Return how many rows are left out, by their kind."""
        return {kind.words: self._left[kind].rows for kind in _KINDS if kind in self._left}

    def check(self) -> None:
        """Raise DataError, with all kinds of bad rows and the options that lead on, if any are."""
        if not self._bad:
            return
        kinds = [kind for kind in _KINDS if kind in self._bad]
        told = [self._told(kind, self._bad[kind]) for kind in kinds]
        ways = list(dict.fromkeys(way for kind in kinds for way in kind.ways))
        total = sum(found.rows for found in self._bad.values())
        if total == 1:
            ((line, words),) = self._bad[kinds[0]].first
            raise DataError(f"{self.place(line)}: {words}; {', '.join(ways)}")
        raise DataError(
            f"{self._label}: {total:,} of {self.rows:,} rows cannot be taken: {'; '.join(told)}. "
            f"Options: {', '.join(ways)}"
        )

    def _told(self, kind: Kind, found: _Found) -> str:
        shown = ", ".join(f"{self._unit} {line}: {words}" for line, words in sorted(found.first))
        more = found.rows - len(found.first)
        count = f"{found.rows:,} {kind.one if found.rows == 1 else kind.words}"
        return f"{count} ({shown}{f', and {more:,} more' if more else ''})"

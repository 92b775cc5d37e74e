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
from pipeline.market.importers.options import Options

_NONE_GIVEN: Final = Options()
_SHOWN: Final = 3
"""So many lines of a kind are named."""
_LONGEST: Final = 300
"""Characters of what is said of a line, at most."""
_ORDERLY: Final = 10
"""If more than one in so many rows is earlier than a row before, the file has another order."""


class Way(NamedTuple):
    """A way on from a refusal."""

    words: str
    """The option, with what it does."""
    option: str = ""
    """The field of `Options`; "" if no option leads on."""
    values: tuple[str | bool, ...] = ()
    """The values of the option that do so."""

    def is_open(self, options: Options) -> bool:
        """Return whether the user has not gone this way already."""
        return not self.option or getattr(options, self.option) not in self.values


class Kind(NamedTuple):
    """A kind of rows that are no bars."""

    words: str
    """What they are, as of several: ``rows without a time``."""
    ways: tuple[Way, ...]
    """What leads on."""

    @property
    def one(self) -> str:
        """What one of them is: ``row without a time``."""
        return self.words.replace("rows", "row", 1)


_DROP: Final = Way("--bad-rows drop leaves such rows out", "bad_rows", ("drop",))
_WIDEN: Final = Way(
    "--bad-rows widen widens high and low by up to 1 % of the price", "bad_rows", ("widen",)
)
_EQUAL: Final = Way("--duplicates same takes one of rows that are equal", "duplicates", ("same",))
_ONE_OF: Final = Way(
    "--duplicates first or last takes one of them", "duplicates", ("first", "last")
)
_FLOOR: Final = Way(
    "--off-grid floor moves such rows to the beginning of their bar", "off_grid", ("floor",)
)
_KEEP: Final = Way("--off-grid keep takes them as they are", "off_grid", ("keep",))
_INTERVAL: Final = Way("--interval gives the distance of the rows")
_ZONE: Final = Way("--tz names another clock")
_CORRECT: Final = Way("correct them in the file")
_SPLIT: Final = Way("make a file of each table")
_SORT: Final = Way("--sort sorts the rows by their times", "sort", (True,))

CELLS: Final = Kind("rows with more or fewer cells than columns", (_DROP,))
NO_TIME: Final = Kind("rows without a time", (_DROP,))
TIME: Final = Kind("rows whose time cannot be read", (_DROP,))
CLOCK: Final = Kind("rows whose time the clock shows twice or never", (_ZONE, _DROP))
NO_PRICES: Final = Kind("rows without prices", (_DROP,))
NUMBER: Final = Kind("rows with a cell that is no number", (_DROP,))
RULE: Final = Kind("rows that cannot be a bar", (_DROP,))
RANGE: Final = Kind("rows with a price outside of high and low", (_DROP, _WIDEN))
FAR: Final = Kind("rows with a price more than 1 % outside of high and low", (_DROP,))
HEADER: Final = Kind("rows of a further header", (_SPLIT,))
UNIT: Final = Kind("rows in another unit than others", (_CORRECT,))
DUPLICATE: Final = Kind("rows with the time of a row before", (_EQUAL, _ONE_OF))
ORDER: Final = Kind("rows earlier than a row before", (_SORT, _DROP))
GRID: Final = Kind("rows off the grid of the interval", (_FLOOR, _KEEP))
OWN_GRID: Final = Kind("rows that all lie as far beside the grid of the interval", (_KEEP,))
OVERLAP: Final = Kind("rows less than a bar after the row before", (_FLOOR, _DROP, _INTERVAL))

_KINDS: Final = (
    *(CELLS, NO_TIME, TIME, CLOCK, NO_PRICES, NUMBER, RULE, RANGE, FAR),
    *(HEADER, UNIT, DUPLICATE, ORDER, GRID, OWN_GRID, OVERLAP),
)


@dataclass
class _Found:
    rows: int = 0
    #: The first lines, with what is wrong there.
    first: list[tuple[int, str]] = field(default_factory=list)


def _cut(words: str) -> str:
    """Return words without the middle of a cell that is very long."""
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}... ({len(words):,} characters)"


class Tally:
    """The rows of one source that are no bars.

    ``label`` names the source, ``unit`` is ``line`` or ``row``. The user's ``options`` are not told
    again as ways on.
    """

    def __init__(self, label: str, unit: str = "line", options: Options = _NONE_GIVEN) -> None:
        self._label, self._unit, self._options = label, unit, options
        self._bad: dict[Kind, _Found] = {}
        self._left: dict[Kind, _Found] = {}
        #: What was done to rows, and to how many.
        self._changed: dict[str, int] = {}
        #: The rows of the source that were looked at, and the series that they are of.
        self.rows, self.series = 0, 1
        #: The rows that are earlier than any row before.
        self.early = 0

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
            found.first.append((int(lines[index]), _cut(words(index))))

    def note(self, words: str, rows: int) -> None:
        """Count rows that were taken otherwise than they are written, such as ``rows moved``."""
        if rows:
            self._changed[words] = self._changed.get(words, 0) + rows

    def changed(self) -> dict[str, int]:
        """Return how many rows were changed, or given up for another, by what was done."""
        return {words + self._among: rows for words, rows in self._changed.items()}

    def left_out(self) -> dict[str, int]:
        """Return how many rows are left out, by their kind."""
        left = [(kind.words, self._left[kind].rows) for kind in _KINDS if kind in self._left]
        return {words + self._among: rows for words, rows in left}

    @property
    def _among(self) -> str:
        """Say that the rows of several series are counted together."""
        return f" (of {self.series:,} series together)" if self.series > 1 else ""

    def check(self) -> None:
        """Raise DataError, with all kinds of bad rows and the options that lead on, if any are."""
        for kind, way in ((ORDER, _SORT), (OVERLAP, _INTERVAL)):
            left = self._left.get(kind)
            if left is not None and self._is_disorder(left.rows):
                raise DataError(
                    f"{self._label}: {left.rows:,} of {self.rows:,} rows, too many to leave them "
                    f"out, are {kind.words} ({self._first(left)}); {way.words}"
                )
        if not self._bad:
            return
        kinds = [kind for kind in _KINDS if kind in self._bad]
        told = [self._told(kind, self._bad[kind]) for kind in kinds]
        total = sum(found.rows for found in self._bad.values())
        every = dict.fromkeys(way for kind in kinds for way in self._ways(kind, total))
        ways = ", ".join(way.words for way in every)
        if total == 1:
            ((line, words),) = self._bad[kinds[0]].first
            raise DataError(f"{self.place(line)}: {words}{ways and f'; {ways}'}")
        raise DataError(
            f"{self._label}: {total:,} of {self.rows:,} rows cannot be taken: {'; '.join(told)}"
            f"{ways and f'. Options: {ways}'}"
        )

    def _ways(self, kind: Kind, total: int) -> list[Way]:
        """Return what leads on from rows of a kind, of ``total`` bad ones."""
        if HEADER in self._bad:
            return [_SPLIT]  # whatever else is wrong with several tables
        ways = [way for way in kind.ways if way.is_open(self._options)]
        many = kind in (ORDER, OVERLAP) and self._is_disorder(
            max(self.early if kind is ORDER else 0, self._bad[kind].rows)
        )
        if _DROP in ways and (many or 0 < self.rows <= total):
            ways.remove(_DROP)
        return ways

    def _is_disorder(self, rows: int) -> bool:
        """Return whether so many rows that are too early show that the file is not in order."""
        return rows * _ORDERLY > self.rows > 0

    def _told(self, kind: Kind, found: _Found) -> str:
        count = f"{found.rows:,} {kind.one if found.rows == 1 else kind.words}"
        return f"{count} ({self._first(found)})"

    def _first(self, found: _Found) -> str:
        shown = ", ".join(f"{self._unit} {line}: {words}" for line, words in sorted(found.first))
        more = found.rows - len(found.first)
        return f"{shown}{f', and {more:,} more' if more else ''}"

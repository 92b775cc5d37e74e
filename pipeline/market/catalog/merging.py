"""Two ascending series of bars become one, block by block.

Both are cut at the same times, so that only a block of each is in memory. A bar is known by its
`ts`. Of a bar that is in both, the new one stays; whether it may differ from the old one is for the
caller to say, who has counted the conflicts before (`survey`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import DataError
from pipeline.market.catalog.bar_columns import NO_BARS, BarBlocks, BarColumns, joined

Mask = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Survey:
    """What a merge of new bars into old ones comes to, in rows."""

    old: int = 0
    """Old bars."""
    new: int = 0
    """New bars."""
    known: int = 0
    """New bars that are among the old ones, with any values."""
    conflicts: int = 0
    """Those of them that have other values."""
    first: str = ""
    """The first conflict in words."""

    @property
    def added(self) -> int:
        """New bars that were not there."""
        return self.new - self.known

    @property
    def conflict_words(self) -> str:
        """The number of conflicts and the first one, as a refusal says them."""
        return (
            f"{self.conflicts:,} of {self.new:,} bars conflict with bars already there, first at "
            f"{self.first}; --replace takes the new ones"
        )


def survey(old: BarBlocks, new: BarBlocks) -> Survey:
    """Go through both and count, without making the merged bars."""
    found = Survey()
    for before, after in _paired(old.blocks(), new.blocks()):
        found.old += len(before.ts)
        found.new += len(after.ts)
        match = _match(before, after)
        differs = _differs(before, after, match)
        if not found.conflicts and differs.any():
            row = int(np.argmax(differs))
            found.first = (
                f"{iso_time(after.ts[row])}: there {_words(before, int(match.place[row]))}; "
                f"new {_words(after, row)}"
            )
        found.known += int(np.count_nonzero(match.known))
        found.conflicts += int(np.count_nonzero(differs))
    return found


@dataclass(frozen=True, slots=True)
class MergedBars:
    """The bars of two series as one. They are `BarBlocks`."""

    old: BarBlocks
    """The bars that are there."""
    new: BarBlocks
    """The bars that take the place of old ones of the same `ts`, and the further ones."""

    def blocks(self) -> Iterator[BarColumns]:
        """Yield the merged bars."""
        for before, after in _paired(self.old.blocks(), self.new.blocks()):
            yield _merged(before, after)


def merge_bars(old: BarColumns, new: BarColumns, *, replace: bool) -> tuple[BarColumns, int, int]:
    """Unite two sorted series by timestamp into (merged, rows added, rows replaced).

    With `replace`, a new row takes the place of an old one of the same timestamp. Otherwise the two
    must be equal, and DataError has the number of conflicts and shows the first.
    """
    found = survey(old, new)
    if found.conflicts and not replace:
        raise DataError(found.conflict_words)
    merged = joined(list(MergedBars(old, new).blocks()))
    return merged, found.added, found.conflicts


def iso_time(ts: int | np.int64) -> str:
    """Return an instant, ns UTC, in ISO 8601."""
    return str(np.datetime64(int(ts), "ns")).removesuffix(".000000000") + "Z"


def _paired(
    old: Iterable[BarColumns], new: Iterable[BarColumns]
) -> Iterator[tuple[BarColumns, BarColumns]]:
    """Cut both at the same times; one of a pair may be empty."""
    olds, news = _filled(old), _filled(new)
    before, after = next(olds, None), next(news, None)
    while before is not None and after is not None:
        cut = min(before.ts[-1], after.ts[-1])
        some, others = (int(np.searchsorted(one.ts, cut, "right")) for one in (before, after))
        yield before.rows(0, some), after.rows(0, others)
        before = before.rows(some) if some < len(before.ts) else next(olds, None)
        after = after.rows(others) if others < len(after.ts) else next(news, None)
    while before is not None:
        yield before, NO_BARS
        before = next(olds, None)
    while after is not None:
        yield NO_BARS, after
        after = next(news, None)


def _filled(blocks: Iterable[BarColumns]) -> Iterator[BarColumns]:
    return (block for block in blocks if len(block.ts))


class _Match(NamedTuple):
    """Where the new bars of a pair are among the old ones."""

    place: npt.NDArray[np.intp]
    """The row of the old bar, of those that are known."""
    known: Mask
    """Whether there is one."""


def _match(old: BarColumns, new: BarColumns) -> _Match:
    if len(old.ts) == 0 or len(new.ts) == 0:
        return _Match(np.zeros(len(new.ts), np.intp), np.zeros(len(new.ts), np.bool_))
    place = np.minimum(np.searchsorted(old.ts, new.ts), len(old.ts) - 1)
    return _Match(place, old.ts[place] == new.ts)


def _differs(old: BarColumns, new: BarColumns, match: _Match) -> Mask:
    """Return which new bars are there with other values."""
    differs = np.zeros(len(new.ts), np.bool_)
    if match.known.any():
        for before, after in zip(old.values, new.values, strict=True):
            differs |= before[match.place] != after
        differs &= match.known
    return differs


def _merged(old: BarColumns, new: BarColumns) -> BarColumns:
    if len(new.ts) == 0:
        return old
    match = _match(old, new)
    stays = np.ones(len(old.ts), np.bool_)
    stays[match.place[match.known]] = False
    if not stays.any():
        return new
    kept = BarColumns(old.ts[stays], tuple(column[stays] for column in old.values))
    both = joined([kept, new])
    if kept.ts[-1] < new.ts[0]:
        return both
    order = np.argsort(both.ts, kind="stable")
    return BarColumns(both.ts[order], tuple(column[order] for column in both.values))


def _words(bars: BarColumns, row: int) -> str:
    pairs = zip(PRICE_COLUMNS, bars.values, strict=True)
    return " ".join(f"{name}={float(column[row])!r}" for name, column in pairs)

"""Two ascending series of bars become one, block by block.

Both are cut at the same times, so that only a block of each is in memory. A bar is known by its
`ts`. Of a bar that is in both, the new one stays. Old bars between two times may be wanted to go if
they are not among the new ones. What may be done to old bars is for the caller to say, who has
counted before what would be (`survey`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.codes import PRICE_COLUMNS
from pipeline.market.bar_rules import iso_time
from pipeline.market.catalog.bar_columns import (
    NO_BARS,
    BarBlocks,
    BarColumns,
    Int64Array,
    joined,
)
from pipeline.market.catalog.twins import Sample

Mask = npt.NDArray[np.bool_]


class Span(NamedTuple):
    """From one bar of a series to another one."""

    first: int
    """Open of the first bar, ns UTC."""
    last: int
    """Open of the last bar, ns UTC."""

    def joined(self, other: Span | None) -> Span:
        """Return the span from the first to the last bar of both."""
        if other is None:
            return self
        return Span(min(self.first, other.first), max(self.last, other.last))

    def beside(self, other: Span) -> list[Span]:
        """Return the parts of this span before and behind another one."""
        parts = [
            Span(self.first, min(self.last, other.first - 1)),
            Span(max(self.first, other.last + 1), self.last),
        ]
        return [part for part in parts if part.first <= part.last]


@dataclass(slots=True)
class Survey:
    """What a merge of new bars into old ones comes to, in rows."""

    old: int = 0
    """Old bars."""
    new: int = 0
    """New bars."""
    known: int = 0
    """New bars that are among the old ones, with any values."""
    replaced: int = 0
    """Those of them that have other values."""
    conflicts: int = 0
    """Those of them that have other values and may not."""
    first: str = ""
    """The first conflict in words."""
    first_at: int = 0
    """Open of its bar, ns UTC."""
    gone: int = 0
    """Old bars that are wanted to go."""
    foreign: int = 0
    """Those of them that may be of somebody else."""
    owner: str = ""
    """Who that is."""
    first_new: int = 0
    """Open of the first new bar, ns UTC."""
    last_new: int = 0
    """Open of the last new bar, ns UTC."""

    @property
    def added(self) -> int:
        """New bars that were not there."""
        return self.new - self.known

    def conflict_words(self, there: str) -> str:
        """Return the number of conflicts and the first one, as the begin of a refusal.

        ``there`` says which bars the old ones are.
        """
        return (
            f"{self.conflicts:,} of {self.new:,} bars conflict with {there}, first at {self.first}"
        )


def survey(
    old: BarBlocks,
    new: BarBlocks,
    *,
    free: int | None = None,
    going: Span | None = None,
    strangers: Sequence[tuple[Span, str]] = (),
    sample: Sample | None = None,
) -> Survey:
    """Go through both and count, without making the merged bars.

    The bar that opens at ``free`` may have other values. Old bars of ``going`` are wanted to go if
    they are not among the new ones; those that lie where ``strangers`` have bars are counted as
    foreign. The ``sample`` is given the new bars that are not there.
    """
    found = Survey()
    for before, after in _paired(old.blocks(), new.blocks()):
        match = _match(before, after)
        if len(after.ts):
            found.first_new = found.first_new if found.new else int(after.ts[0])
            found.last_new = int(after.ts[-1])
        found.old += len(before.ts)
        found.new += len(after.ts)
        found.known += int(np.count_nonzero(match.known))
        differs = _differs(before, after, match)
        _count_conflicts(found, before, after, match, differs, free)
        if sample is not None:
            sample.see(after, differs | ~match.known)
        if going is not None:
            _count_gone(found, before.ts[_going(before, match, going)], strangers)
    return found


def _count_conflicts(
    found: Survey,
    old: BarColumns,
    new: BarColumns,
    match: _Match,
    differs: Mask,
    free: int | None,
) -> None:
    found.replaced += int(np.count_nonzero(differs))
    if free is not None:
        differs = differs & (new.ts != free)
    if not found.conflicts and differs.any():
        row = int(np.argmax(differs))
        found.first_at = int(new.ts[row])
        words = _differences(old, int(match.place[row]), new, row)
        found.first = f"{iso_time(found.first_at)}: {words}"
    found.conflicts += int(np.count_nonzero(differs))


def _count_gone(found: Survey, gone: Int64Array, strangers: Sequence[tuple[Span, str]]) -> None:
    found.gone += len(gone)
    if not len(gone):
        return
    foreign = np.zeros(len(gone), np.bool_)
    for span, owner in strangers:
        inside = (gone >= span.first) & (gone <= span.last)
        if inside.any():
            found.owner = found.owner or owner
            foreign |= inside
    found.foreign += int(np.count_nonzero(foreign))


@dataclass(frozen=True, slots=True)
class MergedBars:
    """The bars of two series as one. They are `BarBlocks`."""

    old: BarBlocks
    """The bars that are there."""
    new: BarBlocks
    """The bars that take the place of old ones of the same `ts`, and the further ones."""
    going: Span | None = None
    """Where old bars go if they are not among the new ones."""

    def blocks(self) -> Iterator[BarColumns]:
        """Yield the merged bars, in blocks of at least one."""
        for before, after in _paired(self.old.blocks(), self.new.blocks()):
            merged = _merged(before, after, self.going)
            if len(merged.ts):
                yield merged


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


def _going(old: BarColumns, match: _Match, going: Span) -> Mask:
    """Return which old bars are wanted to go."""
    goes = (old.ts >= going.first) & (old.ts <= going.last)
    goes[match.place[match.known]] = False
    return goes


def _merged(old: BarColumns, new: BarColumns, going: Span | None) -> BarColumns:
    match = _match(old, new)
    stays = np.ones(len(old.ts), np.bool_) if going is None else ~_going(old, match, going)
    stays[match.place[match.known]] = False
    if not stays.any():
        return new
    kept = old if stays.all() else old.only(stays)
    if len(new.ts) == 0:
        return kept
    both = joined([kept, new])
    if kept.ts[-1] < new.ts[0]:
        return both
    order = np.argsort(both.ts, kind="stable")
    return BarColumns(both.ts[order], tuple(column[order] for column in both.values))


def _differences(old: BarColumns, place: int, new: BarColumns, row: int) -> str:
    """Return the values that differ in two bars: ``close there 10.5, new 10.6``.

    They have all their digits, so that a small difference shows.
    """
    pairs = [
        (name, float(before[place]), float(after[row]))
        for name, before, after in zip(PRICE_COLUMNS, old.values, new.values, strict=True)
    ]
    return "; ".join(
        f"{name} there {before!r}, new {after!r}"
        for name, before, after in pairs
        if before != after
    )

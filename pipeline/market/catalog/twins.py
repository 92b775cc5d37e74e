"""Bars that are in a series already, at other times: one of two imports has a wrong clock.

Whoever corrects a clock may name the file otherwise than before: by its folder, or where it was
moved. Then nothing but the bars themselves shows that they are the same, and both would stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from pipeline.market.catalog.bar_columns import BarBlocks, BarColumns, joined

FARTHEST: Final = 26 * HOUR_NS
"""So far apart two clocks are at most."""
_SAMPLE: Final = 2_048
"""So many new bars are looked for."""
_LEAST: Final = 4
_SHARE: Final = 0.8
"""So many of the bars, and at least this share of them, must be there, equally far away."""


class Twins(NamedTuple):
    """New bars that the series has already at other times."""

    shift: int
    """How much later the new ones are, ns, not 0."""
    found: int
    """How many of those that were looked for are there."""
    looked_for: int
    """How many were looked for."""
    ts: int
    """Open of the first of the old ones, ns UTC."""

    def words(self) -> str:
        """Return what was found: ``the first 200 bars are there 5 h earlier``."""
        away = abs(self.shift)
        units = ((DAY_NS, "d"), (HOUR_NS, "h"), (MINUTE_NS, "min"), (SECOND_NS, "s"))
        unit, name = next((one for one in units if away >= one[0]), units[-1])
        side = "earlier" if self.shift > 0 else "later"
        return (
            f"{self.found:,} of the first {self.looked_for:,} new bars, with all their values, are "
            f"there {away / unit:g} {name} {side}"
        )


class Sample:
    """Some new bars that the series does not have at their times, gathered block by block."""

    def __init__(self, first: int, last: int) -> None:
        """Take bars that open from ``first`` to ``last``, ns UTC."""
        self._first, self._last = first, last
        self._parts: list[BarColumns] = []
        self._rows = 0

    def see(self, bars: BarColumns, other: npt.NDArray[np.bool_]) -> None:
        """Look at a block; ``other``, bool[n], says which bars the series has not, or otherwise."""
        if self._rows >= _SAMPLE or not len(bars.ts):
            return
        inside = other & (bars.ts >= self._first) & (bars.ts <= self._last)
        self._parts.append(bars.only(inside).rows(0, _SAMPLE - self._rows))
        self._rows += len(self._parts[-1].ts)

    def bars(self) -> BarColumns:
        """Return the bars."""
        return joined([part for part in self._parts if len(part.ts)])


def find_twins(old: BarBlocks, sample: BarColumns) -> Twins | None:
    """Return how the bars of a sample are among old ones at other times; None if they are not.

    ``old`` are those around the sample. Bars that are not the only ones with their values, in
    either of both, show nothing. Where the one clock is put back or forward and the other is not,
    there are two distances; the more frequent one is told.
    """
    wanted = _only_ones(iter([sample]))
    there = _only_ones(old.blocks())
    shifts = Counter(ts - there[values] for values, ts in wanted.items() if values in there)
    usual = [one for one in shifts.most_common(2) if one[0] and abs(one[0]) <= FARTHEST]
    found = sum(count for _, count in usual)
    if found < _LEAST or found < _SHARE * min(len(wanted), len(there)):
        return None
    shift = usual[0][0]
    first = min(ts for values, ts in there.items() if wanted.get(values) == ts + shift)
    return Twins(shift, found, len(wanted), first)


def _only_ones(blocks: Iterator[BarColumns]) -> dict[bytes, int]:
    """Return the times of bars by their values, of those whose values no other one has."""
    found: dict[bytes, int] = {}
    again: set[bytes] = set()
    for block in blocks:
        values = np.stack(block.values, axis=1)
        for row, ts in zip(values, block.ts.tolist(), strict=True):
            key = row.tobytes()
            if key in found:
                again.add(key)
            found[key] = ts
    return {key: ts for key, ts in found.items() if key not in again}

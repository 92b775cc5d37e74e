"""Prices of a series that jump from one bar to the next, found when the series is written.

The manifest keeps how many there are and the first ones, whatever the splits in the catalog are,
which may be imported later. `unexplained` leaves out those that a split explains. A jump is

- an opening at 1.6 times the close of the day before or more, or at its 1.6th part or less;
- a step of 100 or of 1/100, within 10 %, between any two bars (pence to pounds).

Days are those of UTC: the catalog knows no calendar.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from pipeline.codes import CLOSE, DAY_NS, OPEN
from pipeline.market.actions import Actions, iso_date
from pipeline.market.catalog.bar_columns import BarColumns
from pipeline.market.catalog.coverage import USUAL_DAYS
from pipeline.market.jumps import is_jump, is_unit_step

KEPT: Final = 20
"""So many jumps of a series are kept; of more there is a count."""


class PriceJump(NamedTuple):
    """Two bars in a row between which the price jumps."""

    since: int
    """Open of the bar before, ns UTC."""
    ts: int
    """Open of the bar that opens with the jump, ns UTC."""
    before: float
    """The close before."""
    after: float
    """The open behind."""

    @property
    def is_unit_step(self) -> bool:
        """Whether the price has become 100 times as high or as low: another unit, maybe."""
        return bool(is_unit_step(self.after / self.before))

    def words(self) -> str:
        """Return the date and both prices: ``2020-04-22 from 609.6 to 5.854``."""
        return f"{iso_date(self.ts)} from {self.before:g} to {self.after:g}"


class PriceJumps(NamedTuple):
    """The jumps of a series."""

    total: int
    """How many there are."""
    first: tuple[PriceJump, ...]
    """The first ones, at most `KEPT`."""


NO_JUMPS: Final = PriceJumps(0, ())


class JumpScan:
    """Finds the jumps of bars that come block by block."""

    def __init__(self) -> None:
        self._ts = 0
        self._close = np.nan
        self._count = 0
        self._first: list[PriceJump] = []

    def look_at(self, bars: BarColumns) -> None:
        """Look at the next bars, of which there is at least one."""
        before = np.concatenate(([self._close], bars.values[CLOSE][:-1]))
        after = bars.values[OPEN]
        with np.errstate(all="ignore"):
            times = after / before
        # NaN is in place of the close before the first bar of all.
        rare = np.flatnonzero(is_jump(times))
        if len(rare):
            since = np.concatenate(([self._ts], bars.ts[:-1]))[rare]
            days = bars.ts[rare] // DAY_NS - since // DAY_NS
            near = (days > 0) & (days <= USUAL_DAYS)
            for place in np.flatnonzero(near | is_unit_step(times[rare])):
                row = rare[place]
                self._count += 1
                if self._count <= KEPT:
                    jump = int(since[place]), int(bars.ts[row]), before[row], after[row]
                    self._first.append(PriceJump(*jump[:2], float(jump[2]), float(jump[3])))
        self._ts, self._close = int(bars.ts[-1]), float(bars.values[CLOSE][-1])

    @property
    def found(self) -> PriceJumps:
        """The jumps so far."""
        return PriceJumps(self._count, tuple(self._first))


def unexplained(jumps: PriceJumps, actions: Actions) -> PriceJumps:
    """Return the jumps that no split explains. All that are not kept are taken for such."""
    left = tuple(jump for jump in jumps.first if not _is_split(jump, actions))
    return PriceJumps(jumps.total - len(jumps.first) + len(left), left)


def _is_split(jump: PriceJump, actions: Actions) -> bool:
    """Whether splits of the days between two bars explain a jump.

    The session of an ex-date may begin on the evening before, in UTC.
    """
    since, day = jump.since // DAY_NS * DAY_NS, jump.ts // DAY_NS * DAY_NS
    for last in (day, day + DAY_NS):
        split = float(np.prod(actions.split[(actions.ts > since) & (actions.ts <= last)]))
        if split != 1.0 and not is_jump(jump.after / jump.before * split):
            return True
    return False

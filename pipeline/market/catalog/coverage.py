"""How many days of bars a series has, and where it has none, by its times alone.

The manifest keeps it, so that a list of a catalog reads no bars. Days are those of UTC. No calendar
is asked, because the catalog knows none: a gap is longer than any usual week-end with holidays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS
from pipeline.market.catalog.day_tally import Days, DayTally, Int64Array
from pipeline.market.catalog.trading_week import ALL_WEEK

HOLIDAYS: Final = 20
"""The most days in a year that an exchange is closed on, of those that it is open on otherwise."""

USUAL_DAYS: Final = 6
"""The most days from one day with bars to the next that are no gap: in Frankfurt, from Friday over
Christmas to Thursday. Of bars of all seven days it is 1."""


class Gap(NamedTuple):
    """Days without a bar, between two days with bars."""

    after: int
    """The last day before, 00:00Z in ns."""
    before: int
    """The first day behind, 00:00Z in ns."""

    @property
    def days(self) -> int:
        """The days without a bar."""
        return (self.before - self.after) // DAY_NS - 1


class Coverage(NamedTuple):
    """The days of a series."""

    days: int
    """Days with bars."""
    gaps: int
    """How many gaps there are between them."""
    longest_gap: Gap | None
    """The longest gap, the first one of equals; None without a gap."""
    quality: float | None = None
    """The `quality` of the series; None for one that was written by a version without it."""


def all_gaps(days: Int64Array, week: str | None) -> list[Gap]:
    """Return every gap between the days with bars, given as days since 1970-01-01, ascending."""
    steps = np.diff(days)
    gaps = np.flatnonzero(steps > (1 if week == ALL_WEEK else USUAL_DAYS))
    return [Gap(int(days[at]) * DAY_NS, int(days[at + 1]) * DAY_NS) for at in gaps]


def coverage(tally: DayTally, week: str | None) -> Coverage:
    """Return the days that a series of at least one bar covers.

    ``tally`` has counted its bars. ``week`` is the part of the week that they cover, as
    `trading_week` says.
    """
    gaps = all_gaps(tally.days.number, week)
    longest = max(gaps, key=lambda gap: gap.days, default=None)
    return Coverage(len(tally.days.number), len(gaps), longest, quality(tally.days, gaps, week))


def quality(found: Days, gaps: Sequence[Gap], week: str | None) -> float:
    """Return the share of the bars there in those that the days of the series lead to expect.

    It is in per cent, rounded to two digits. As many bars are expected on each day from the first
    to the last one as the median day of the same weekday has, of those with bars. Weekdays count
    that have bars in at least half of the weeks, and in a series of more than a few days all from
    Monday to Friday. Bars beyond the median are not counted. Days without bars that are in no gap
    are taken for holidays, up to `HOLIDAYS` a year.
    """
    usual = _usual_bars(found, week)
    first, last = int(found.number[0]), int(found.number[-1])
    weekday = (np.arange(first, last + 1) + 3) % 7
    expected = usual[weekday]
    absent = np.ones(len(expected), np.bool_)
    absent[found.number - first] = False
    for gap in gaps:
        absent[gap.after // DAY_NS - first + 1 : gap.before // DAY_NS - first] = False
    holidays = np.flatnonzero(absent & (expected > 0))
    expected[holidays[: math.ceil(HOLIDAYS * len(expected) / 365)]] = 0.0
    present = np.minimum(found.bars, usual[found.weekday]).sum()
    return round(100.0 * float(present / expected.sum()), 2)


def _usual_bars(found: Days, week: str | None) -> npt.NDArray[np.float64]:
    """Return the bars of the median day of each weekday, float64[7], 0 where none are expected."""
    weeks = len(np.unique((found.number + 3) // 7))
    usual = np.zeros(7)
    for weekday in range(7):
        bars = found.bars[found.weekday == weekday]
        if 2 * len(bars) >= weeks:
            usual[weekday] = np.sort(bars)[len(bars) // 2]
    if week is not None:
        working = found.bars[found.weekday < 5]
        lacking = np.flatnonzero(usual[:5] == 0.0)
        if len(working):
            usual[lacking] = np.sort(working)[len(working) // 2]
    if not usual.any():  # a few days of different weeks
        usual[found.weekday] = np.sort(found.bars)[len(found.bars) // 2]
    return usual

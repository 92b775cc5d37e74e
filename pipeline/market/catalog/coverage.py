"""How many days of bars a series has, and where it has none, by its times alone.

The manifest keeps it, so that a list of a catalog reads no bars. Days are those of UTC. No calendar
is asked, because the catalog knows none: a gap is longer than any usual week-end with holidays.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from pipeline.codes import DAY_NS
from pipeline.market.catalog.day_tally import DayTally
from pipeline.market.catalog.trading_week import ALL_WEEK

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


def coverage(tally: DayTally, week: str | None) -> Coverage:
    """Return the days that a series of at least one bar covers.

    ``tally`` has counted its bars. ``week`` is the part of the week that they cover, as
    `trading_week` says.
    """
    days = tally.days.number
    steps = np.diff(days)
    gaps = np.flatnonzero(steps > (1 if week == ALL_WEEK else USUAL_DAYS))
    if not len(gaps):
        return Coverage(len(days), 0, None)
    at = int(gaps[np.argmax(steps[gaps])])
    longest = Gap(int(days[at]) * DAY_NS, int(days[at + 1]) * DAY_NS)
    return Coverage(len(days), len(gaps), longest)

"""Which clock a feed of FX shows, by the begin of its weeks: Sunday, 17:00 in New York."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from pipeline.codes import DAY_NS, HOUR_NS
from pipeline.market.importers.times.clock import Clock
from pipeline.market.importers.times.result import Int64Array

CANDIDATES: Final = (
    *("Europe/Athens", "America/New_York+7h", "UTC", "Europe/London", "America/New_York"),
    *("Etc/GMT-2", "Etc/GMT-3", "EST"),
)
"""The clocks that brokers and vendors of FX use."""
_SHORTEST, _LONGEST = 40 * HOUR_NS, 56 * HOUR_NS
"""A weekend without a holiday at its ends is this long; from Friday 17:00 it has 48 hours."""
_WEEK: Final = 7 * DAY_NS


class ClockFit(NamedTuple):
    """How well one clock fits the begins of the weeks."""

    clock: Clock
    """The clock."""
    fits: int
    """Weeks whose first bar opens when the market does, or within the hour after it."""
    weeks: int
    """Weeks whose begin could be judged; the same for all clocks."""

    def words(self) -> str:
        """Return the fit in words: ``Europe/Athens fits 93 of 95 week beginnings``."""
        return f"{self.clock.name} fits {self.fits} of {self.weeks} week beginnings"


def fit_fx_clocks(
    wall: Int64Array, candidates: tuple[str, ...] = CANDIDATES, *, opens: int = 17
) -> list[ClockFit]:
    """Return how well each of some clocks fits the bars of an FX series, the best first.

    ``wall`` are the opens of its bars, int64[n] in any order, ns since 1970 on the clock that is
    sought, and shorter than a day. ``opens`` is the hour in New York at which the week begins on
    Sunday: 17 for currencies, 18 for metals and futures of CME. A week can be judged if its first
    bar follows a weekend of 40 to 56 hours and lies between noon of Sunday and noon of Monday:
    weeks beside holidays and gaps in the data tell nothing. Clocks that fit equally well stay in
    the order of `candidates`.
    """
    firsts = _week_begins(wall)
    new_york = Clock.parse("America/New_York")
    found = []
    for name in candidates:
        clock = Clock.parse(name)
        instants = clock.to_utc(firsts)
        local = new_york.to_wall(instants.utc)
        hour = _since_sunday(local) // HOUR_NS
        fits = (hour == opens) & ~instants.never
        found.append(ClockFit(clock, int(np.count_nonzero(fits)), len(firsts)))
    return sorted(found, key=lambda fit: -fit.fits)


def _week_begins(wall: Int64Array) -> Int64Array:
    """Return the first bars after weekends that can be judged."""
    times = np.unique(wall)
    gaps = np.diff(times)
    firsts = times[1:][(gaps >= _SHORTEST) & (gaps <= _LONGEST)]
    since = _since_sunday(firsts)
    return firsts[(since >= DAY_NS // 2) & (since < DAY_NS + DAY_NS // 2)]


def _since_sunday(wall: Int64Array) -> Int64Array:
    """Return the ns since the last midnight of a Sunday on the same clock."""
    return (wall - 3 * DAY_NS) % _WEEK  # 1970-01-04 was a Sunday

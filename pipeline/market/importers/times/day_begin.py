"""Of which session a daily bar is whose stamp is an instant, such as 2022-05-11T21:00:00Z.

Feeds stamp a day with the instant at which it begins: midnight of some zone, 17:00 in New York
(FX), 17:00 in Chicago (futures of CME), 9:30 in New York, or with the one at which it ends there,
16:00.
A day that begins in the evening is of the date after it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from pipeline.codes import DAY_NS, HOUR_NS, MINUTE_NS
from pipeline.market.importers.times.clock import Clock
from pipeline.market.importers.times.result import Int64Array


class DayRule(NamedTuple):
    """One way to stamp days."""

    words: str
    """The way in words."""
    zone: str
    """The clock that shows the time of all stamps."""
    time: int
    """The time of day that it shows, ns since midnight."""
    evening: bool
    """Whether days begin then on the evening before their date."""

    def fits(self, utc: Int64Array) -> int:
        """Return how many instants have the time of day."""
        return int(np.count_nonzero(Clock.parse(self.zone).to_wall(utc) % DAY_NS == self.time))

    def dates(self, utc: Int64Array) -> Int64Array:
        """Return the date of the session of each instant, int64[n], 00:00Z in ns."""
        wall = Clock.parse(self.zone).to_wall(utc)
        return (wall + (DAY_NS - self.time if self.evening else 0)) // DAY_NS * DAY_NS

    @property
    def clock(self) -> str:
        """The clock that shows the dates, as ``--tz`` names it."""
        return f"{self.zone}+{(DAY_NS - self.time) // HOUR_NS}h" if self.evening else self.zone


class DayBegins(NamedTuple):
    """How the days of a daily series are stamped."""

    rule: DayRule
    """The way that fits most rows."""
    fits: int
    """The rows that it fits."""
    rows: int
    """All rows."""
    dates: Int64Array
    """int64[n], the date of the session of each row, 00:00Z in ns."""
    weekend: int
    """Rows whose session is dated Saturday or Sunday."""
    alone: bool
    """Whether no other way that fits as well gives other dates; if not, the dates are a guess."""
    other: DayRule | None = None
    """The first way that fits as well and gives other dates."""

    def words(self) -> str:
        """Return it in words, for the account of an import."""
        some = "" if self.fits == self.rows else f" ({self.fits:,} of {self.rows:,} rows)"
        return f"{self.rule.words}{some}"

    def doubts(self, *, instants: bool) -> tuple[str, ...]:
        """Return the sentences that tell a guess, for the account of an import.

        ``instants`` says whether the file has instants, else they are those of ``--tz``.
        """
        if self.other is None:
            return ()
        told = f"The dates may be others: the rows fit as well if {self.other.words}"
        if instants:
            return (f"{told}, which --tz {self.other.clock} says.",)
        return (f"{told}. Without --tz they are as written.",)


_MIDNIGHTS: Final = (
    *("America/New_York", "America/Chicago", "Europe/London", "Europe/Berlin", "Europe/Athens"),
    *("Asia/Tokyo", "Asia/Shanghai", "Asia/Kolkata", "Australia/Sydney", "Europe/Moscow"),
    *("Etc/GMT-2", "Etc/GMT-3"),
)
_NEW_YORK, _CHICAGO = "America/New_York", "America/Chicago"
RULES: Final = (
    DayRule("days begin at midnight UTC", "UTC", 0, False),
    DayRule("days begin at 17:00 in New York, the evening before", _NEW_YORK, 17 * HOUR_NS, True),
    DayRule("days begin at 17:00 in Chicago, the evening before", _CHICAGO, 17 * HOUR_NS, True),
    DayRule("days are stamped at the close in New York, 16:00", _NEW_YORK, 16 * HOUR_NS, False),
    DayRule("days are stamped at their end in New York, 17:00", _NEW_YORK, 17 * HOUR_NS, False),
    DayRule(
        "days are stamped at the open in New York, 9:30",
        _NEW_YORK,
        9 * HOUR_NS + 30 * MINUTE_NS,
        False,
    ),
    *(DayRule(f"days begin at midnight of {zone}", zone, 0, False) for zone in _MIDNIGHTS),
)
"""The ways that are known."""
_LEAST_SHARE: Final = 0.9


def find_day_begins(utc: Int64Array) -> DayBegins | None:
    """Return how a daily series is stamped; None if no known way fits nine rows in ten.

    ``utc`` are the stamps of its rows, int64[n], ns UTC. Of ways that fit equally well the one is
    taken that has the fewest sessions on Saturdays and Sundays, and of those the first of `RULES`:
    21:00Z in winter is the close in New York, and midnight in Moscow.
    """
    if len(utc) == 0:
        return None
    found = []
    for rule in RULES:
        fits = rule.fits(utc)
        if fits >= _LEAST_SHARE * len(utc):
            dates = rule.dates(utc)
            weekend = int(np.count_nonzero((dates // DAY_NS + 3) % 7 >= 5))
            found.append(DayBegins(rule, fits, len(utc), dates, weekend, alone=True))
    if not found:
        return None
    best = min(found, key=_rank)
    alike = [one for one in found if _rank(one) == _rank(best)]
    others = [one.rule for one in alike if (one.dates != best.dates).any()]
    return best._replace(alone=not others, other=others[0] if others else None)


def _rank(one: DayBegins) -> tuple[int, int]:
    return -one.fits, one.weekend

"""The clock of a broker's server, as the weeks of currencies show it.

The market of currencies is open from Sunday to Friday, 17:00 in New York; that of metals and
indices opens up to an hour later. A clock on which the last bars of weeks end with the market, and
no bar lies outside of it, is the clock of the file. The first bars of weeks tell less, since some
servers begin the week at their own midnight, an hour late when only New York has summer time.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import numpy as np

from pipeline.codes import DAY_NS, HOUR_NS, MINUTE_NS
from pipeline.market.importers.times.clock import Clock
from pipeline.market.importers.times.result import Int64Array

_WEEK_NS: Final = 7 * DAY_NS
_SUNDAY: Final = 3 * DAY_NS + 17 * HOUR_NS
_FRIDAY: Final = DAY_NS + 17 * HOUR_NS
"""17:00 of the first Sunday and Friday of 1970, on New York's clock."""
NEW_YORK_CLOSE: Final = "America/New_York+7h"
"""Seven hours ahead of New York: its midnight is the close of the day, and its summer time is that
of the United States."""
CLOCKS: Final = ("Europe/Athens", NEW_YORK_CLOSE, "UTC", "Etc/GMT-2", "Etc/GMT-3")
"""The clocks that servers have."""

_WEEKEND_NS: Final = (36 * HOUR_NS, 4 * DAY_NS)
"""Between which lengths a gap is a weekend; a longer one has a holiday beside it."""
_LATE_NS: Final = {True: 65 * MINUTE_NS, False: 125 * MINUTE_NS}
"""How late the first bar of a week may be: of a pair of currencies, of anything else."""
_EARLY_NS: Final = 30 * MINUTE_NS
"""How much before the market the last bar of a week may end and still show when it closed."""
_CURRENCIES: Final = (
    "AUD|CAD|CHF|CNH|CZK|DKK|EUR|GBP|HKD|HUF|JPY|MXN|NOK|NZD|PLN|SEK|SGD|TRY|USD|ZAR"
)
_PAIR: Final = re.compile(rf"(?:{_CURRENCIES})/?(?:{_CURRENCIES})")
_LEAST_WEEKS: Final = 0.5
"""The share of weeks that must fit."""
_MARGIN: Final = 3
"""By how many weeks a clock must be ahead of the others, and as how many one counts in which a bar
lies outside of the market's week. In one week in five, the last hour of a pair has no bar."""


class ServerClock(NamedTuple):
    """The clock that the weeks of a symbol show."""

    clock: Clock
    """The clock."""
    fits: int
    """Weeks that begin and end with the market."""
    weeks: int
    """All weeks that were looked at."""

    def words(self) -> str:
        """Return what shows it, as a sentence."""
        return (
            f"{self.fits:,} of {self.weeks:,} weeks end and begin with the market of currencies by "
            f"the clock {self.clock}."
        )


def server_clock(
    symbol: str, before: Int64Array, after: Int64Array, step: int
) -> ServerClock | None:
    """Return the clock of a symbol's clock times; None if they do not show it.

    ``before`` and ``after``, int64[n] in ns, are the opens of the bars on both sides of gaps of a
    day or more, and ``step`` is the length of a bar in ns. Bars longer than an hour show no clock.
    Of clocks that mean the same instants, the first of `CLOCKS` is taken.
    """
    gaps = after - before
    weekend = (gaps >= _WEEKEND_NS[0]) & (gaps <= _WEEKEND_NS[1])
    if step > HOUR_NS or not weekend.any():
        return None
    late = _LATE_NS[_PAIR.match(symbol) is not None]
    edges = np.stack((before[weekend], after[weekend]))
    found: list[tuple[int, ServerClock, Int64Array]] = []
    for name in CLOCKS:
        clock = Clock.parse(name)
        utc, twice, never = clock.to_utc(edges.reshape(-1))
        if (twice | never).any():
            continue
        ends, begins = utc.reshape(edges.shape)
        opens, closes = _since(begins, _SUNDAY), _since(ends + step, _FRIDAY)
        outside = (opens <= -step) | (closes >= step)
        fits = ~outside & (opens <= late) & (closes >= -_EARLY_NS)
        if fits.mean() >= _LEAST_WEEKS:
            one = ServerClock(clock, int(fits.sum()), len(fits))
            found.append((one.fits - _MARGIN * int(outside.sum()), one, utc))
    if not found:
        return None
    score, best, instants = max(found, key=lambda one: one[0])  # the first of equal ones
    rivals = [other for other, _, utc in found if (utc != instants).any()]
    return best if all(score >= other + _MARGIN for other in rivals) else None


def weeks_outside(
    symbol: str, before: Int64Array, after: Int64Array, step: int, clock: Clock
) -> tuple[int, int]:
    """Return in how many weeks a bar lies outside of the market by a clock, and the weeks.

    The times are as in `server_clock`. Only of pairs of currencies it is known when their market is
    closed: of anything else there are no weeks.
    """
    gaps = after - before
    weekend = (gaps >= _WEEKEND_NS[0]) & (gaps <= _WEEKEND_NS[1])
    if step > HOUR_NS or _PAIR.fullmatch(symbol) is None:
        return 0, 0
    begins, ends = (clock.to_utc(edge[weekend]).utc for edge in (after, before))
    outside = (_since(begins, _SUNDAY) <= -step) | (_since(ends + step, _FRIDAY) >= step)
    return int(outside.sum()), len(outside)


def _since(utc: Int64Array, moment: int) -> Int64Array:
    """Return how long after the nearest such moment of the week some instants are, ns."""
    wall = Clock.parse("America/New_York").to_wall(utc)
    since: Int64Array = (wall - moment + _WEEK_NS // 2) % _WEEK_NS - _WEEK_NS // 2
    return since

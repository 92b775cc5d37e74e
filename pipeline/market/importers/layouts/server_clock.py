"""The clock of a broker's server, as the weeks of currencies show it.

The market of currencies is open from Sunday to Friday, 17:00 in New York; that of metals and
indices opens up to an hour later. A clock on which the last bars of weeks end with the market, and
no bar lies outside of it, is the clock of the file. The first bars of weeks tell less, since some
servers begin the week at their own midnight, an hour late when only New York has summer time.
"""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import numpy as np

from pipeline.codes import DAY_NS, SECOND_NS
from pipeline.errors import DataError
from pipeline.market.importers.delimited import RowsClock
from pipeline.market.importers.stamps import Int64Array, Stamps, from_utc, to_utc

_MINUTE_NS = 60 * SECOND_NS
_HOUR_NS = 60 * _MINUTE_NS
_WEEK_NS = 7 * DAY_NS
_NEW_YORK = ZoneInfo("America/New_York")
_SUNDAY = 3 * DAY_NS + 17 * _HOUR_NS
_FRIDAY = DAY_NS + 17 * _HOUR_NS
"""17:00 of the first Sunday and Friday of 1970, on New York's clock."""

CLOCKS = (
    RowsClock("Europe/Athens", ZoneInfo("Europe/Athens")),
    RowsClock("New York close", _NEW_YORK, ahead=7 * _HOUR_NS),
    RowsClock("UTC", ZoneInfo("UTC")),
    RowsClock("Etc/GMT-2", ZoneInfo("Etc/GMT-2")),
    RowsClock("Etc/GMT-3", ZoneInfo("Etc/GMT-3")),
)
"""The clocks that servers have. ``New York close`` is seven hours ahead of New York: its midnight
is the close of the day, and its summer time is that of the United States."""

_WEEKEND_NS = (36 * _HOUR_NS, 4 * DAY_NS)
"""Between which lengths a gap is a weekend; a longer one has a holiday beside it."""
_LATE_NS = {True: 65 * _MINUTE_NS, False: 125 * _MINUTE_NS}
"""How late the first bar of a week may be: of a pair of currencies, of anything else."""
_EARLY_NS = 30 * _MINUTE_NS
"""How much before the market the last bar of a week may end and still show when it closed."""
_CURRENCIES = "AUD|CAD|CHF|CNH|CZK|DKK|EUR|GBP|HKD|HUF|JPY|MXN|NOK|NZD|PLN|SEK|SGD|TRY|USD|ZAR"
_PAIR = re.compile(rf"(?:{_CURRENCIES})/?(?:{_CURRENCIES})")
_LEAST_WEEKS = 0.5
"""The share of weeks that must fit."""
_MARGIN = 3
"""By how many weeks a clock must be ahead of the others, and as how many one counts in which a bar
lies outside of the market's week. In one week in five, the last hour of a pair has no bar."""


def server_clock(symbol: str, wall: Int64Array) -> RowsClock | None:
    """Return the clock of a symbol's clock times, int64[n] in ns, None if they do not show it.

    Bars longer than an hour show no clock. Of clocks that mean the same instants, the first of
    `CLOCKS` is taken.
    """
    wall = np.sort(wall)
    steps = np.diff(wall)
    ends = np.flatnonzero((steps >= _WEEKEND_NS[0]) & (steps <= _WEEKEND_NS[1]))
    if len(ends) == 0:
        return None
    lengths, counts = np.unique(steps[steps > 0], return_counts=True)
    step = int(lengths[np.argmax(counts)])
    if step > _HOUR_NS:
        return None
    late = _LATE_NS[_PAIR.match(symbol) is not None]
    edges = np.concatenate([wall[ends] + step, wall[ends + 1]])
    scores: list[tuple[int, RowsClock]] = []
    for clock in CLOCKS:
        utc = _instants(edges, clock)
        if utc is None:
            continue
        closes, opens = _since(utc[: len(ends)], _FRIDAY), _since(utc[len(ends) :], _SUNDAY)
        outside = (opens <= -step) | (closes >= step)
        fits = ~outside & (opens <= late) & (closes >= -_EARLY_NS)
        if fits.mean() >= _LEAST_WEEKS:
            scores.append((int(fits.sum()) - _MARGIN * int(outside.sum()), clock))
    if not scores:
        return None
    score, best = max(scores, key=lambda one: one[0])  # the first of equal ones
    rivals = [clock for other, clock in scores if other > score - _MARGIN and clock is not best]
    if rivals:
        instants = _instants(wall, best)
        found = [utc for clock in rivals if (utc := _instants(wall, clock)) is not None]
        if instants is None or any((utc != instants).any() for utc in found):
            return None
    return best


def _instants(wall: Int64Array, clock: RowsClock) -> Int64Array | None:
    """Return clock times in UTC; None if the clock never shows one of them, or shows it twice."""
    try:
        return to_utc(Stamps(wall - clock.ahead, None), clock.zone, str)
    except DataError:
        return None


def _since(utc: Int64Array, moment: int) -> Int64Array:
    """Return how long after the nearest such moment of the week some instants are, ns."""
    wall = from_utc(utc, _NEW_YORK).wall
    since: Int64Array = (wall - moment + _WEEK_NS // 2) % _WEEK_NS - _WEEK_NS // 2
    return since

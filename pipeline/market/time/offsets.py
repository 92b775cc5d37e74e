"""How far a time zone's clock is ahead of UTC, and when that changes."""

import datetime as dt
from zoneinfo import ZoneInfo

from pipeline.codes import DAY_NS

_SECOND_NS = 1_000_000_000
_DAY = 86_400
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def offsets_between(zone: ZoneInfo, first: int, last: int) -> tuple[tuple[int, int], ...]:
    """Return a zone's offsets from day ``first`` to day ``last``, both since 1970-01-01.

    They are pairs of an instant, ns UTC, and of the ns that the clock is ahead from then on; the
    first instant is 00:00Z of day ``first``. A change that is taken back within a day is not seen.
    """
    now = _ahead(zone, first * _DAY)
    found = [(first * DAY_NS, now * _SECOND_NS)]
    for day in range(first, last + 1):
        later = _ahead(zone, (day + 1) * _DAY)
        if later != now:
            at = _change(zone, day * _DAY, (day + 1) * _DAY)
            found.append((at * _SECOND_NS, later * _SECOND_NS))
            now = later
    return tuple(found)


def _ahead(zone: ZoneInfo, second: int) -> int:
    """Return how many seconds a zone's clock is ahead at a second since 1970-01-01T00:00Z."""
    offset = (_EPOCH + dt.timedelta(seconds=second)).astimezone(zone).utcoffset()
    assert offset is not None
    return offset.days * _DAY + offset.seconds


def _change(zone: ZoneInfo, low: int, high: int) -> int:
    """Return the second after ``low`` from which on the offset is that of ``high``, by halves."""
    after = _ahead(zone, high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _ahead(zone, middle) == after else (middle, high)
    return high

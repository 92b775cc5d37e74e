"""Intervals as the names of vendors' files have them."""

from __future__ import annotations

from pipeline.codes import interval_name
from pipeline.errors import ConfigError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def timeframe(count: str, unit: str) -> str | None:
    """Return the interval of a number and a unit ("15", "Min"), None if it is longer than a day.

    Only the first letter of the unit counts: s, m, h or d, of either case.
    """
    seconds = _SECONDS.get(unit[:1].lower())
    if seconds is None:
        return None
    try:
        return interval_name(int(count) * seconds * 1_000_000_000)
    except ConfigError:
        return None

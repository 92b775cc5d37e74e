"""The zones of the IANA database, and those that a text without one may mean: `New York`."""

from __future__ import annotations

import functools
from typing import Final
from zoneinfo import available_timezones

from pipeline.errors import nearest

_MOST: Final = 3
_LIKE_CITY, _LIKE_NAME = 0.75, 0.8
"""How like a text a city must be, and a whole name, 0 to 1."""


@functools.lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Return the names of zones that mean the same on every machine."""
    return frozenset(available_timezones() - {"localtime", "posixrules", "Factory"})


def zones_like(text: str) -> list[str]:
    """Return the zones, at most three, that a text may mean; none if nothing is near.

    The city, which is the last part of a name, tells more than the area before it. It may have
    blanks, or be the initials of a city of several words, such as NY. If the text has an area,
    zones of other areas are named only where that area has none.
    """
    asked = text.strip().replace(" ", "_")
    if not asked:
        return []
    area, slash, city = asked.rpartition("/")
    zones = sorted(zone_names())
    by_city: dict[str, list[str]] = {}
    for zone in zones:
        by_city.setdefault(zone.rpartition("/")[2], []).append(zone)
    cities = [one for one in by_city if city.casefold() in (one.casefold(), _initials(one))]
    cities = cities or nearest(city, by_city, _MOST, _LIKE_CITY)
    found = [zone for one in cities for zone in by_city[one]]
    inside = [zone for zone in found if zone.casefold().startswith(f"{area}{slash}".casefold())]
    return (inside or found or nearest(asked, zones, _MOST, _LIKE_NAME))[:_MOST]


def _initials(city: str) -> str:
    """Return the initials of a city of several words in small letters; "" of one of one word."""
    words = city.split("_")
    return "".join(word[:1] for word in words).casefold() if len(words) > 1 else ""

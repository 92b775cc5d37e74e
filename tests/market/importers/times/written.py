"""Ways in which programs write a time, and strategies for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Way(NamedTuple):
    """A way to write a date."""

    words: str
    date: Callable[[dt.datetime], str]
    order: str = "mdy"


def _month(when: dt.datetime) -> str:
    return MONTHS[when.month - 1]


WAYS = (
    Way("2024-11-04", lambda w: f"{w:%Y-%m-%d}"),
    Way("2024/11/04", lambda w: f"{w:%Y/%m/%d}"),
    Way("2024.11.04", lambda w: f"{w:%Y.%m.%d}"),
    Way("2024-1-4", lambda w: f"{w.year}-{w.month}-{w.day}"),
    Way("20241104", lambda w: f"{w:%Y%m%d}"),
    Way("11/04/2024", lambda w: f"{w:%m/%d/%Y}"),
    Way("11/4/24", lambda w: f"{w.month}/{w.day}/{w:%y}"),
    Way("04.11.2024", lambda w: f"{w:%d.%m.%Y}", "dmy"),
    Way("4-11-2024", lambda w: f"{w.day}-{w.month}-{w.year}", "dmy"),
    Way("Nov 04, 2024", lambda w: f"{_month(w)[:3]} {w.day:02}, {w.year}"),
    Way("November 4, 2024", lambda w: f"{_month(w)} {w.day}, {w.year}"),
    Way(
        "Mon Nov 04 2024", lambda w: f"{DAYS[w.weekday()][:3]} {_month(w)[:3]} {w.day:02} {w.year}"
    ),
    Way("4 Nov 2024", lambda w: f"{w.day} {_month(w)[:3]} {w.year}"),
    Way("04-NOV-24", lambda w: f"{w.day:02}-{_month(w)[:3].upper()}-{w:%y}"),
    Way("04Nov2024", lambda w: f"{w.day:02}{_month(w)[:3]}{w.year}"),
    Way(
        "Mon, 04 Nov 2024",
        lambda w: f"{DAYS[w.weekday()][:3]}, {w.day:02} {_month(w)[:3]} {w.year}",
    ),
    Way("2024-Nov-04", lambda w: f"{w.year}-{_month(w)[:3]}-{w.day:02}"),
)
"""Ways to write a date."""

CLOCKS: dict[str, tuple[int, Callable[[dt.datetime], str]]] = {
    "09:30": (60, lambda w: f"{w:%H:%M}"),
    "9:5": (60, lambda w: f"{w.hour}:{w.minute}"),
    "09:30:00": (1, lambda w: f"{w:%H:%M:%S}"),
    "9:30:00 AM": (1, lambda w: f"{(w.hour + 11) % 12 + 1}:{w:%M:%S} {'AP'[w.hour > 11]}M"),
    "093000": (1, lambda w: f"{w:%H%M%S}"),
    "0930": (60, lambda w: f"{w:%H%M}"),
    "09:30:00.25": (0, lambda w: f"{w:%H:%M:%S.%f}"),
    "09:30:00,250": (0, lambda w: f"{w:%H:%M:%S},{w.microsecond:06}"),
    "093000.25": (0, lambda w: f"{w:%H%M%S.%f}"),
}
"""Ways to write a time of day, with the seconds to which they are exact, 0 for microseconds."""

BLANKS = (" ", "  ", "\t", "T", ", ", "\u00a0")
"""What stands between the two."""


def cut(when: dt.datetime, seconds: int) -> dt.datetime:
    """Return a time without what is below some seconds, 0 for microseconds."""
    if seconds == 0:
        return when
    return when.replace(microsecond=0, second=when.second if seconds == 1 else 0)


def ns(when: dt.datetime) -> int:
    """Return the ns since 1970 on the clock of a time without a zone."""
    return int(np.datetime64(when, "ns").astype(np.int64))


def moments(first: int = 1971, last: int = 2025) -> st.SearchStrategy[dt.datetime]:
    """Return times without a zone from year to year."""
    return st.datetimes(
        dt.datetime(first, 1, 1),  # noqa: DTZ001 - the reading of a clock
        dt.datetime(last, 12, 31, 23, 59, 59, 999_999),  # noqa: DTZ001
    )

"""The time of day and the date as a clock at the exchange shows them."""

from typing import NamedTuple


class LocalTime(NamedTuple):
    """What ``ctx.time`` gives: the present moment on the exchange's clock, in its time zone."""

    #: The day as one number: 20241125 is 25 November 2024.
    date: int
    year: int
    month: int
    day: int
    #: 0 is Monday, 6 is Sunday.
    weekday: int
    hour: int
    minute: int
    second: int

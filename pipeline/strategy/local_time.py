"""The time of day and the date as a clock at the exchange shows them."""

from typing import NamedTuple

from pipeline.strategy.wrong_name import refuse_setting

#: What to write where ``ctx.time`` is compared with one thing.
OF_TIME = (
    "compare (ctx.time.hour, ctx.time.minute) with (10, 0), or ctx.time.date with 20241125, which "
    "is 25 November 2024"
)


class LocalTime(NamedTuple):
    """What ``ctx.time`` gives: the present moment on the exchange's clock, in its time zone."""

    date: int
    """The day as one number: 20241125 is 25 November 2024."""

    year: int
    """The year, as 2024."""

    month: int
    """The month, 1 to 12."""

    day: int
    """The day of the month, from 1."""

    weekday: int
    """The day of the week: 0 is Monday, 6 is Sunday."""

    hour: int
    """The hour, 0 to 23."""

    minute: int
    """The minute, 0 to 59."""

    second: int
    """The second, 0 to 59."""


setattr(LocalTime, "__setattr__", refuse_setting("ctx.time"))  # noqa: B010  # untyped

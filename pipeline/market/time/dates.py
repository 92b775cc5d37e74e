"""Dates as callers may give them."""

import datetime as dt
from typing import TypeAlias

from pipeline.errors import DataError
from pipeline.market.time.calendars import EPOCH_ORDINAL

DateLike: TypeAlias = dt.date | str


def to_date(day: int) -> dt.date:
    """Return the date of a day, counted from 1970-01-01."""
    return dt.date.fromordinal(day + EPOCH_ORDINAL)


def parse_date(value: DateLike, name: str) -> dt.date:
    """Return the date that an argument called ``name`` means. DataError if it means none."""
    if isinstance(value, dt.datetime):
        if value.tzinfo is None and value.time() == dt.time(0):
            return value.date()
    elif isinstance(value, dt.date):
        return value
    elif isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError as error:
            raise DataError(
                f"{name} must be a calendar date such as 2023-07-03, was {value!r} ({error})"
            ) from error
    raise DataError(
        f"{name} must be a date or an ISO date such as 2023-07-03 without time or zone, "
        f"was {value!r}"
    )

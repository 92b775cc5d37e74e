"""Whether the month or the day comes first in dates like 3/4/2017: what all rows together show."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.signedinteger[Any]]
LAST_SHORT_YEAR: Final = dt.datetime.now(dt.UTC).year + 1 - 2000
"""A year of two digits is one from 1970 up to the next one: ``17/03/31`` is no date of 2031."""
Verdict = Literal["mdy", "dmy", "ymd", "both", "unknown"]


class DateOrder:
    """Gathers the evidence: a number above 12 is no month."""

    def __init__(self) -> None:
        self._month_first = False
        self._day_first = False
        self._may_begin_with_year = False
        self._no_year = False

    def see(self, first: Integers, second: Integers, short_year: Integers | None = None) -> None:
        """Take the first and the second number of n dates, and the third if it has two digits."""
        fine = (first >= 1) & (second >= 1) & (first <= 31) & (second <= 31)
        self._month_first |= bool((fine & (first <= 12) & (second > 12)).any())
        self._day_first |= bool((fine & (second <= 12) & (first > 12)).any())
        if short_year is not None:
            # 18/01/02 may be of 2018, but 31/01/02 is not of 2031, nor is there a day 98.
            self._may_begin_with_year = True
            no_year = (first > LAST_SHORT_YEAR) | (short_year > 31) | (short_year == 0)
            self._no_year |= bool((fine & no_year).any())

    @property
    def verdict(self) -> Verdict:
        """``mdy`` or ``dmy``; ``both`` if there are dates of each; ``unknown`` if all fit both.

        Dates like 18/01/02, which may begin with their year, are ``unknown`` too. It is never
        ``ymd``, which only the user can say.
        """
        if self._month_first and self._day_first:
            return "both"
        if self._month_first:
            return "mdy"
        if self._day_first and (self._no_year or not self._may_begin_with_year):
            return "dmy"
        return "unknown"

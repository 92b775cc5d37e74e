"""Whether the month or the day comes first in dates like 3/4/2017: what all rows together show."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Verdict = Literal["mdy", "dmy", "both", "unknown"]


class DateOrder:
    """Gathers the evidence: a number above 12 is no month."""

    def __init__(self) -> None:
        self._month_first = False
        self._day_first = False

    def see(self, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> None:
        """Take the first and the second number of some dates, int64[n] each."""
        fine = (first >= 1) & (second >= 1) & (first <= 31) & (second <= 31)
        self._month_first |= bool((fine & (first <= 12) & (second > 12)).any())
        self._day_first |= bool((fine & (second <= 12) & (first > 12)).any())

    @property
    def verdict(self) -> Verdict:
        """``mdy`` or ``dmy``; ``both`` if there are dates of each; ``unknown`` if all fit both."""
        if self._month_first and self._day_first:
            return "both"
        if self._month_first or self._day_first:
            return "mdy" if self._month_first else "dmy"
        return "unknown"

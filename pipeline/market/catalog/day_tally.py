"""The hours and days in which a series has bars, counted block by block."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from pipeline.codes import HOUR_NS

Int64Array = npt.NDArray[np.int64]


class Days(NamedTuple):
    """The days of a series."""

    number: Int64Array
    """int64[K], those with bars, in days since 1970-01-01 UTC, ascending."""
    bars: Int64Array
    """int64[K], the bars of each."""

    @property
    def weekday(self) -> Int64Array:
        """int64[K], 0 for Monday to 6 for Sunday."""
        return (self.number + 3) % 7  # 1970-01-01 was a Thursday


class DayTally:
    """Counts the bars of one series by the hours, in UTC, in which they open.

    It holds 16 bytes for each hour with a bar, whatever the number of bars. ``rows`` is that
    number, ``first_ts`` and ``last_ts`` are the opens of the first and the last bar, ns UTC.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.first_ts = 0
        self.last_ts = 0
        self._hours: list[Int64Array] = []
        self._bars: list[Int64Array] = []

    @classmethod
    def of(cls, ts: Int64Array) -> Self:
        """Count the bars that open at ``ts``, int64[N] in ns UTC, ascending."""
        tally = cls()
        tally.look_at(ts)
        return tally

    def look_at(self, ts: Int64Array) -> None:
        """Count the next bars, int64[N], the first of which is not before the last one so far.

        The hours and days may only be asked for when all bars are counted.
        """
        if len(ts) == 0:
            return
        if self.rows == 0:
            self.first_ts = int(ts[0])
        self.rows += len(ts)
        self.last_ts = int(ts[-1])
        hours = ts // HOUR_NS
        starts = np.flatnonzero(np.diff(hours, prepend=hours[0] - 1))
        counts = np.diff(starts, append=len(ts))
        found = hours[starts]
        if self._hours and self._hours[-1][-1] == found[0]:
            self._bars[-1][-1] += counts[0]
            found, counts = found[1:], counts[1:]
        if len(found):
            self._hours.append(found)
            self._bars.append(counts)

    @cached_property
    def hours(self) -> Int64Array:
        """int64[H], the hours with bars, since 1970-01-01 UTC, ascending."""
        return np.concatenate([np.empty(0, np.int64), *self._hours])

    @cached_property
    def days(self) -> Days:
        """The days with bars."""
        if not len(self.hours):
            return Days(np.empty(0, np.int64), np.empty(0, np.int64))
        days = self.hours // 24
        starts = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
        return Days(days[starts], np.add.reduceat(np.concatenate(self._bars), starts))

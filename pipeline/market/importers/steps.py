"""The interval of bars, as the distances between their rows show it."""

from __future__ import annotations

import math
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, interval_name, interval_ns
from pipeline.errors import ConfigError, DataError
from pipeline.market.catalog.account import Fact

#: So many distances are kept; irregular times, as of ticks, have more than are needed.
_MOST_KEPT: Final = 50_000
_MOST_GAPS: Final = 5_000
#: Rows are in no order if more than this share of them go forward and as many back.
_SHUFFLED: Final = 0.2
#: Dates so far apart at most are those of daily bars, over a week-end with a holiday.
_LONGEST_WEEKEND: Final = 4 * DAY_NS
#: A length that all distances are multiples of is no accident if there are so many of them.
_ENOUGH: Final = 12
#: So many rows show the hours of an exchange.
_ENOUGH_HOURS: Final = 20
#: A gap between two rows as of a night.
_NIGHT_NS: Final = 4 * HOUR_NS
_HALF_HOUR: Final = 30 * MINUTE_NS
#: Times of day that lie farther apart may be those of a market that never closes.
_PART: Final = 23 * HOUR_NS


class Steps:
    """The distances between neighbouring rows, gathered block by block."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._last: int | None = None
        #: The last distance, and those directly behind and before gaps as of a night.
        self._last_length = _NIGHT_NS
        self._behind_gaps: dict[int, int] = {}
        self._before_gaps: dict[int, int] = {}
        #: Whether no row so far is later than the one before.
        self.descends = True
        self.rows = 0
        #: Rows that are later, and earlier, than the one before.
        self._later = self._earlier = 0
        #: The earliest and the latest time of day, ns since midnight.
        self.earliest, self.latest = DAY_NS, 0
        #: The times of the rows before and after each gap of a day or more, as week-ends are.
        self.around_gaps: list[tuple[int, int]] = []

    def add(self, wall: npt.NDArray[np.int64]) -> None:
        """Take in the times of a block, int64[n] ns, in the order of the file."""
        if not len(wall):
            return
        self.rows += len(wall)
        of_day = wall % DAY_NS
        self.earliest = min(self.earliest, int(of_day.min()))
        self.latest = max(self.latest, int(of_day.max()))
        steps = np.diff(wall, prepend=wall[0] if self._last is None else self._last)
        steps = steps[self._last is None :]
        self._last = int(wall[-1])
        self.descends = self.descends and bool((steps <= 0).all())
        self._later += int((steps > 0).sum())
        self._earlier += int((steps < 0).sum())
        lengths = np.abs(steps)
        if len(self.around_gaps) < _MOST_GAPS:
            late = np.flatnonzero(lengths >= DAY_NS)
            after = wall[len(wall) - len(steps) :][late]
            pairs = np.sort(np.stack((after - steps[late], after), axis=1), axis=1)
            self.around_gaps += [(before, behind) for before, behind in pairs.tolist()]
        if not len(lengths):
            return
        # Most distances are equal, and it takes long to sort them.
        usual = lengths[len(lengths) // 2]
        other, counts = np.unique(lengths[lengths != usual], return_counts=True)
        found = dict(zip(other.tolist(), counts.tolist(), strict=True))
        found[int(usual)] = len(lengths) - int(counts.sum())
        self._look_around_gaps(lengths)
        for length, count in found.items():
            if length == 0:
                continue
            if length in self._counts or len(self._counts) < _MOST_KEPT:
                self._counts[length] = self._counts.get(length, 0) + count

    def _look_around_gaps(self, lengths: npt.NDArray[np.int64]) -> None:
        """Count the distances beside gaps, of which one is that of the first two rows of a day."""
        with_last = np.append(self._last_length, lengths)
        (gaps,) = np.nonzero(with_last >= _NIGHT_NS)
        for counts, beside in ((self._behind_gaps, gaps + 1), (self._before_gaps, gaps - 1)):
            inside = beside[(beside >= 0) & (beside < len(with_last))]
            for length in with_last[inside].tolist():
                counts[length] = counts.get(length, 0) + 1
        self._last_length = int(lengths[-1])

    @property
    def timed(self) -> bool:
        """Whether a row has a time of day."""
        return self.latest > 0

    @property
    def hours(self) -> str:
        """The earliest and the latest time of day in words, such as ``09:30 to 15:59``."""
        texts = [str(np.datetime64(ns, "ns"))[11:19] for ns in (self.earliest, self.latest)]
        return " to ".join(text.removesuffix(":00") for text in texts)

    def stamps(self, interval: str) -> Literal["open", "close"] | None:
        """Return of which end of their bars the times are, as the times of day show it.

        Exchanges open and close at full or half hours. So the earliest time is an open if it is
        one, and the bar of the latest time then ends with one. None if the rows do not show it.
        """
        step = interval_ns(interval)
        if step >= MINUTE_NS and self._begins_late(step):
            return "close"
        if self.rows < _ENOUGH_HOURS or step >= _HALF_HOUR or self.latest - self.earliest > _PART:
            return None
        if self.earliest % _HALF_HOUR == 0 and (self.latest + step) % _HALF_HOUR == 0:
            return "open"
        if (self.earliest - step) % _HALF_HOUR == 0 and self.latest % _HALF_HOUR == 0:
            return "close"
        return None

    def _begins_late(self, step: int) -> bool:
        """Return whether times lie less than a second before the ends of bars, as 09:30:59.999."""
        last = step - SECOND_NS
        return self.earliest % step >= last and self.latest % step >= last

    @property
    def moves(self) -> bool:
        """Whether two rows have different times."""
        return bool(self._counts)

    @property
    def shuffled(self) -> str:
        """Say that the rows are in no order of time; "" if they are in one."""
        if min(self._later, self._earlier) <= _SHUFFLED * self.rows:
            return ""
        return (
            f"the rows are in no order of time, {self._earlier:,} of {self.rows:,} are earlier "
            "than the row before"
        )

    def join(self, other: Steps) -> None:
        """Take in the distances of the rows of another symbol of the same file."""
        for mine, others in (
            (self._counts, other._counts),
            (self._behind_gaps, other._behind_gaps),
            (self._before_gaps, other._before_gaps),
        ):
            for length, count in others.items():
                mine[length] = mine.get(length, 0) + count
        self.descends = self.descends and other.descends
        self._later += other._later
        self._earlier += other._earlier
        # Where the file ends, as at a gap, the last distance is that of the last two rows of a day.
        length = other._last_length
        self._before_gaps[length] = self._before_gaps.get(length, 0) + 1
        self.earliest = min(self.earliest, other.earliest)
        self.latest = max(self.latest, other.latest)
        self.rows += other.rows

    def choose(self, place: str) -> Fact:
        """Return the interval that the rows show.

        It is the most frequent distance. In sparse data a smaller distance may be the interval: the
        smallest one is, if all others are multiples of it and at least one distance in a hundred
        equals it. DataError, naming the ``place``, if the rows show no interval.
        """
        if not self._counts and self.rows and not self.timed:
            return Fact("1d", "rows")
        if not self._counts:
            raise DataError(
                f"{place}: a single row shows no interval; give it, such as --interval 1m"
            )
        usual = max(self._counts, key=lambda length: (self._counts[length], -length))
        least = min(self._counts)
        total = sum(self._counts.values())
        even = all(length % least == 0 for length in self._counts)
        if least < usual and even and self._counts[least] * 100 >= total:
            sides = [self._behind_gaps, self._before_gaps]
            if self.descends:
                sides.reverse()
            at_open, at_close = (side.get(least, 0) for side in sides)
            # There may be no gap before the first row, or behind the last one.
            if self._counts[least] - 1 <= max(at_open, at_close) > 1:
                at_first = at_open >= at_close
                raise DataError(_cut(place, _length(usual), _length(least), at_first=at_first))
            # The last row of a file may be of a bar that had just begun.
            if self._counts[least] > 1 or not at_close:
                usual = least
        if not self.timed and usual <= _LONGEST_WEEKEND:
            usual = DAY_NS
        try:
            name = interval_name(usual)
            if DAY_NS % usual:
                raise DataError(
                    f"{place}: the rows are mostly {name} apart, which divides no day; if they "
                    "are bars, give their interval with --interval, and --off-grid floor if their "
                    "times are inexact"
                )
            return Fact(name, "rows")
        except ConfigError:
            if usual > _LONGEST_WEEKEND:
                raise DataError(
                    f"{place}: the rows are mostly {usual / DAY_NS:g} days apart; weekly and "
                    "longer bars are not supported, the longest are those of 1d"
                ) from None
            raise DataError(
                f"{place}: rows are mostly {usual / SECOND_NS:g} s apart, which is no interval "
                "from 1s to 1d; if they are bars, give their interval with --interval, if they are "
                "ticks, that of the bars to make of them"
            ) from None

    def check(self, interval: str, place: str, *, timed: bool = True, leave: str = "") -> None:
        """Raise DataError if rows cannot be bars of an interval that nobody reads in them.

        Rows of dates alone are daily bars. Rows that all lie a multiple of a longer interval
        apart are bars of that one, unless they are too few to tell. ``timed`` is false if the times
        are written without a time of day, ``leave`` is another way on than --interval.
        """
        step = interval_ns(interval)
        if step < DAY_NS and not self.timed and (self._counts or not timed):
            raise DataError(
                f"{place}: the times are dates without a time of day, so the rows are days apart "
                f"and no bars of {interval}; {leave}give --interval 1d"
            )
        usual = max(self._counts, key=lambda length: self._counts[length], default=step)
        total = sum(self._counts.values())
        # Some irregular times of bars are a little less than a bar apart.
        near = usual < step if total >= _ENOUGH else 2 * usual <= step
        if near and 2 * self._counts[usual] > total:
            raise DataError(
                f"{place}: the rows are mostly {usual / SECOND_NS:g} s apart, so they are no bars "
                f"of {interval}; {leave}give the interval of the rows with --interval: a run makes "
                "longer bars of them (streams)"
            )
        if step == DAY_NS and total >= _ENOUGH and usual > _LONGEST_WEEKEND:
            raise DataError(
                f"{place}: the rows are mostly {usual / DAY_NS:g} days apart, so they are no daily "
                "bars; weekly and longer bars are not supported"
            )
        apart = math.gcd(*self._counts) if self._counts else 0
        if total < _ENOUGH or apart <= step or apart % step:
            return
        shown = _longest_within(apart)
        if shown > step:
            raise DataError(
                f"{place}: all {self.rows:,} rows lie a multiple of {interval_name(shown)} apart, "
                f"so they are no bars of {interval}; {leave}give --interval "
                f"{interval_name(shown)}"
            )


def _cut(place: str, usual: str, least: str, *, at_first: bool) -> str:
    """Say that rows are as bars of which one is cut where the day begins or ends."""
    row, side, way = "last", "close", "--bad-rows drop, which leaves the last rows out"
    if at_first:
        row, side = "first", "open"
        way = "--off-grid floor, by which the first bar has the time at which a whole one begins"
    return (
        f"{place}: the rows are mostly {usual} apart, and {least} only at the {row} row of a day. "
        f"They are bars of {usual}, of which the {row} is cut at the {side}, or bars of {least} "
        f"with holes; say which: --interval {usual} {way}, or --interval {least}"
    )


def _length(ns: int) -> str:
    try:
        return interval_name(ns)
    except ConfigError:
        return f"{ns / SECOND_NS:g}s"


def _longest_within(length: int) -> int:
    """Return the longest interval of which a length in ns is a multiple; 0 if there is none."""
    names = ("1d", "4h", "1h", "30m", "15m", "10m", "5m", "1m", "30s", "15s", "10s", "5s", "1s")
    return next((ns for ns in map(interval_ns, names) if length % ns == 0), 0)

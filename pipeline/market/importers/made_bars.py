"""Bars of the rows of one symbol: their times as opens in UTC, the rules kept, in order.

::

    rows, block by block
      -> the time of the bar's open in UTC
      -> the rules of prices and volume      else: told, left out, or widened
      -> equal times, order, the grid        else: told, left out, one taken, or moved
      -> bars, all but the last, which waits for the next block
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.codes import CLOSE, DAY_NS, HIGH, LOW, MINUTE_NS, OPEN, VOLUME, interval_ns
from pipeline.market.bar_rules import (
    HIGH_BELOW_LOW,
    OUTSIDE,
    broken_values,
    order_words,
    value_words,
    values_look_right,
)
from pipeline.market.catalog.bar_columns import BarColumns
from pipeline.market.importers import tally as kinds
from pipeline.market.importers.options import WIDEN_BY, Options
from pipeline.market.importers.rows import Rows, joined_rows
from pipeline.market.importers.tally import Tally
from pipeline.market.importers.times.clock import Clock
from pipeline.market.importers.times.day_begin import DayRule
from pipeline.market.importers.units import Units

#: Clocks of whole time zones differ by multiples of it.
_QUARTER_NS: Final = 15 * MINUTE_NS
Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Making:
    """What the bars of one symbol in one source are made by."""

    interval: str
    """The interval."""
    clock: Clock
    """The clock of times that are no instants."""
    end_stamped: bool
    """Whether times are those of the bars' ends."""
    days: DayRule | None
    """How instants show the dates of daily bars; None: the date is as written."""
    options: Options
    """What the user asks for."""
    labels: bool = False
    """Whether the instants are the labels of bars in a catalog, also of daily ones."""
    backwards: bool = False
    """Whether the rows come in the opposite order of the file, which has the newest first."""

    def bars(self, blocks: Iterator[Rows], tally: Tally) -> Iterator[BarColumns]:
        """Yield the bars of blocks of rows in ascending order; count the rows that are none.

        The bars are right only if ``tally`` has no bad rows after the last block.
        """
        held: tuple[Int64Array, Rows] | None = None
        units = Units()
        for read in blocks:
            ts, rows = self._right_values(*self._times(read, tally), tally)
            if not self.labels:
                units.see(rows, tally)
            if held is not None and len(ts):
                if ts[0] - held[0][0] < interval_ns(self.interval):
                    ts, rows = np.concatenate((held[0], ts)), joined_rows([held[1], rows])
                else:
                    yield BarColumns(held[0], held[1].values)
                held = None
            ts, rows = self._in_order(ts, rows, tally)
            if len(ts) > 1:
                yield BarColumns(ts[:-1], rows.take(slice(None, -1)).values)
            if len(ts):
                last = np.array([len(ts) - 1])  # not a slice, which would hold the whole block
                held = ts[last], rows.take(last)
        if held is not None:
            yield BarColumns(held[0], held[1].values)

    def _times(self, rows: Rows, tally: Tally) -> tuple[Int64Array, Rows]:
        """Return the opens of rows, ns UTC, and the rows that have one."""
        step = interval_ns(self.interval)
        if self.labels and rows.utc is not None:
            return rows.utc, rows
        if step % DAY_NS == 0:
            if self.days is not None:
                utc = self.clock.to_utc(rows.wall).utc if rows.utc is None else rows.utc
                return self.days.dates(utc), rows
            return rows.wall // DAY_NS * DAY_NS, rows
        ts = rows.utc
        if ts is None:
            ts, twice, never = self.clock.to_utc(rows.wall)
            if (fault := twice | never).any():
                wrong = rows.take(fault)
                tally.add(
                    kinds.CLOCK,
                    wrong.lines,
                    lambda index: self.clock.explain(int(wrong.wall[index])),
                    left_out=self._drops,
                )
                ts, rows = ts[~fault], rows.take(~fault)
        if self.end_stamped:
            ts = ts - step
        return self._on_grid(ts, rows, step, tally)

    def _on_grid(
        self, ts: Int64Array, rows: Rows, step: int, tally: Tally
    ) -> tuple[Int64Array, Rows]:
        """Return the rows at the times that the option wants; the grid is that of their clock."""
        beside = rows.wall % step
        off = beside != 0
        if not off.any():
            return ts, rows
        how = self.options.off_grid
        if how == "keep":
            odd = beside % MINUTE_NS != 0
            words = "rows that do not begin at a whole minute, kept as they are"
            tally.note(words, int(odd.sum()) if step >= MINUTE_NS else 0)
            return ts, rows
        own = 2 * int(off.sum()) > len(off) and _one_grid(beside[off])
        if how == "floor" and not own:
            tally.note("rows moved to the beginning of their bar", int(off.sum()))
            # The end of a bar is written a little too late or too early.
            up = (2 * beside > step) & self.end_stamped
            return ts - beside + step * up, rows
        (at,) = np.nonzero(off)
        tally.add(
            kinds.OWN_GRID if own else kinds.GRID,
            rows.lines[at],
            lambda index: (
                f"ts is {int(beside[at[index]]) / 1e9:g} s after the beginning of a bar"
                f" of {self.interval}"
            ),
            left_out=False,
        )
        return ts[~off], rows.take(~off)

    @property
    def _drops(self) -> bool:
        return self.options.bad_rows == "drop"

    def _right_values(self, ts: Int64Array, rows: Rows, tally: Tally) -> tuple[Int64Array, Rows]:
        """Return the rows whose prices and volume can be a bar's."""
        if self.options.bad_rows == "widen":
            rows = _widen(rows, tally)
        bad = tell_broken(rows, tally, self.options)
        return (ts[~bad], rows.take(~bad)) if bad.any() else (ts, rows)

    def _in_order(self, ts: Int64Array, rows: Rows, tally: Tally) -> tuple[Int64Array, Rows]:
        """Return rows in ascending order, none of which overlaps another."""
        step = interval_ns(self.interval)
        if len(ts) < 2 or bool((np.diff(ts) >= step).all()):
            return ts, rows
        if self._drops:
            return self._once_each(*self._without_others(ts, rows, tally), tally)
        late = np.append(False, ts[1:] < np.maximum.accumulate(ts)[:-1])
        if late.any():
            tally.early += int(late.sum())
            # Behind one row of a late date, all others would be early: what goes back is told.
            (at,) = np.nonzero(np.append(False, ts[1:] < ts[:-1]))
            self._tell_order(kinds.ORDER, at, ts[at - 1], ts, rows, tally, False)
            ts, rows = ts[~late], rows.take(~late)
        ts, rows = self._once_each(ts, rows, tally)
        (at,) = np.nonzero(np.append(False, np.diff(ts) < step))
        if len(at):
            self._tell_order(kinds.OVERLAP, at, ts[at - 1], ts, rows, tally, False)
        return ts, rows

    def _without_others(self, ts: Int64Array, rows: Rows, tally: Tally) -> tuple[Int64Array, Rows]:
        """Return the rows that stay: those at or behind the end of the last one that does.

        Rows with its time stay, too. Which rows stay does not depend on how rows are cut in blocks.
        """
        step = interval_ns(self.interval)
        last = _last_that_stays(ts, step)
        late = ts < last
        near = (ts > last) & (ts < last + step)
        tally.early += int(late.sum())
        for kind, some in ((kinds.ORDER, late), (kinds.OVERLAP, near)):
            (at,) = np.nonzero(some)
            if len(at):
                self._tell_order(kind, at, last[at], ts, rows, tally, True)
        stays = ~(late | near)
        return ts[stays], rows.take(stays)

    def _once_each(self, ts: Int64Array, rows: Rows, tally: Tally) -> tuple[Int64Array, Rows]:
        """Return rows of which no two have the same time, as the option says. ``ts`` ascends."""
        again = np.append(False, ts[1:] == ts[:-1])
        if not again.any():
            return ts, rows
        how = self.options.duplicates
        (at,) = np.nonzero(again)
        if how in ("refuse", "same"):
            first = np.searchsorted(ts, ts[at])
            equal = np.ones(len(at), bool)
            for column in rows.values:
                equal &= column[at] == column[first]
            bad = at if how == "refuse" else at[~equal]
            self._tell_order(kinds.DUPLICATE, bad, ts[bad], ts, rows, tally, False)
            left = 0 if how == "refuse" else int(equal.sum())
        else:
            left = len(at)
        tally.note(f"rows with the time of another ({how})", left)
        latest = (how == "last") != self.backwards
        gone = np.append(again[1:], False) if latest else again
        return ts[~gone], rows.take(~gone)

    def _tell_order(
        self,
        kind: kinds.Kind,
        at: npt.NDArray[np.intp],
        before: Int64Array,
        ts: Int64Array,
        rows: Rows,
        tally: Tally,
        left_out: bool,
    ) -> None:
        """Count rows that cannot follow those ``before`` them. ``at`` are their places."""
        step = interval_ns(self.interval)
        tally.add(
            kind,
            rows.lines[at],
            lambda index: order_words(int(before[index]), int(ts[at[index]]), step),
            left_out=left_out,
        )


def tell_broken(rows: Rows, tally: Tally, options: Options, price: str = "") -> BoolArray:
    """Count rows whose prices or volume no bar has, each by the first rule; return their mask.

    ``price`` is the name of the only price, of ticks.
    """
    left_out = options.bad_rows == "drop"
    bad = np.zeros(len(rows), bool)
    if values_look_right(rows.values):
        return bad
    with np.errstate(all="ignore"):
        for rule, at, broken in broken_values(rows.values):
            new = broken & ~bad
            parts = {kinds.RULE: new}
            if rule in (OUTSIDE, HIGH_BELOW_LOW):
                near = _widened(rows)[2]
                parts = {kinds.RANGE: new & near, kinds.FAR: new & ~near}
            for kind, some in parts.items():
                (found,) = np.nonzero(some)
                name = "" if at == VOLUME else price
                words = partial(_broken_words, rule, at, found, rows, name)
                tally.add(kind, rows.lines[found], words, left_out=left_out)
            bad |= broken
    return bad


def _broken_words(
    rule: int,
    at: int,
    broken: npt.NDArray[np.intp],
    rows: Rows,
    name: str,
    index: int,
) -> str:
    """Say why one of ``broken`` rows, by its place among them, breaks a rule in column ``at``."""
    return value_words(rule, int(broken[index]), at, rows.values, name)


def _last_that_stays(ts: Int64Array, step: int) -> Int64Array:
    """Return the time of the last row that stays before each row, int64[n]; of the first its own.

    A row stays if it begins when the bar of the last one that does has ended, or later.
    """
    found = np.empty(len(ts), np.int64)
    last = int(ts[0])
    for row, at in enumerate(ts.tolist()):
        found[row] = last
        if at >= last + step:
            last = at
    return found


def _one_grid(beside: Int64Array) -> bool:
    """Return whether rows lie beside a grid by as much, which a clock shows: theirs is another."""
    return bool(beside[0] % _QUARTER_NS == 0 and (beside == beside[0]).all())


def _widened(rows: Rows) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], BoolArray]:
    """Return high and low that hold open and close, and of which rows a small step is enough."""
    columns = rows.values
    top = np.maximum(columns[OPEN], columns[CLOSE])
    bottom = np.minimum(columns[OPEN], columns[CLOSE])
    high, low = np.maximum(columns[HIGH], top), np.minimum(columns[LOW], bottom)
    with np.errstate(all="ignore"):
        moved = np.maximum(high - columns[HIGH], columns[LOW] - low)
        # NaN is never within the limit, and 0 has nothing to widen.
        return high, low, (moved > 0) & (moved <= WIDEN_BY * bottom)


def _widen(rows: Rows, tally: Tally) -> Rows:
    """Return rows whose high and low hold open and close, where a small step is enough."""
    high, low, small = _widened(rows)
    if not small.any():
        return rows
    tally.note("rows whose high or low was widened", int(small.sum()))
    columns = list(rows.values)
    columns[HIGH] = np.where(small, high, columns[HIGH])
    columns[LOW] = np.where(small, low, columns[LOW])
    return Rows(rows.wall, rows.utc, tuple(columns), rows.lines)

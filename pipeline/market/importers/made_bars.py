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

import numpy as np
import numpy.typing as npt

from pipeline.codes import CLOSE, DAY_NS, HIGH, LOW, OPEN, VOLUME, interval_ns
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
from pipeline.market.importers.rows import Rows
from pipeline.market.importers.tally import Tally
from pipeline.market.importers.times.clock import Clock
from pipeline.market.importers.times.day_begin import DayRule
from pipeline.market.importers.units import Units

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
                    ts, rows = np.concatenate((held[0], ts)), _joined(held[1], rows)
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
        if self.options.off_grid == "keep":
            return ts, rows
        off = ts % step != 0
        if not off.any():
            return ts, rows
        if self.options.off_grid == "floor":
            tally.note("rows moved to the beginning of their bar", int(off.sum()))
            return ts - ts % step, rows
        lines, times = rows.lines[off], ts[off]
        tally.add(
            kinds.GRID,
            lines,
            lambda index: (
                f"ts is {int(times[index] % step) / 1e9:g} s after the beginning of a bar"
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
            rows = _widened(rows, tally)
        bad = tell_broken(rows, tally, self.options)
        return (ts[~bad], rows.take(~bad)) if bad.any() else (ts, rows)

    def _in_order(self, ts: Int64Array, rows: Rows, tally: Tally) -> tuple[Int64Array, Rows]:
        """Return rows in ascending order, none of which overlaps another."""
        step = interval_ns(self.interval)
        if len(ts) < 2 or bool((np.diff(ts) >= step).all()):
            return ts, rows
        before = np.maximum.accumulate(ts)[:-1]
        late = np.append(False, ts[1:] < before)
        if late.any():
            # Behind one row of a late date, all others would be early: what goes back is told.
            (at,) = np.nonzero(late if self._drops else np.append(False, ts[1:] < ts[:-1]))
            earlier = before[at - 1] if self._drops else ts[at - 1]
            self._tell_order(kinds.ORDER, at, earlier, ts, rows, tally, self._drops)
            ts, rows = ts[~late], rows.take(~late)
        ts, rows = self._once_each(ts, rows, tally)
        near = np.append(False, np.diff(ts) < step)
        if near.any():
            (at,) = np.nonzero(near)
            self._tell_order(kinds.OVERLAP, at, ts[at - 1], ts, rows, tally, False)
        return ts, rows

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
        gone = np.append(again[1:], False) if how == "last" else again
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
    beyond = f", by more than {WIDEN_BY:.0%} of the price" if options.bad_rows == "widen" else ""
    bad = np.zeros(len(rows), bool)
    if values_look_right(rows.values):
        return bad
    with np.errstate(all="ignore"):
        for rule, at, broken in broken_values(rows.values):
            (new,) = np.nonzero(broken & ~bad)
            kind = kinds.RANGE if rule in (OUTSIDE, HIGH_BELOW_LOW) else kinds.RULE
            name = "" if at == VOLUME else price
            words = partial(
                _broken_words, rule, at, new, rows, name, beyond if kind is kinds.RANGE else ""
            )
            tally.add(kind, rows.lines[new], words, left_out=left_out)
            bad |= broken
    return bad


def _broken_words(
    rule: int,
    at: int,
    broken: npt.NDArray[np.intp],
    rows: Rows,
    name: str,
    beyond: str,
    index: int,
) -> str:
    """Say why one of ``broken`` rows, by its place among them, breaks a rule in column ``at``."""
    return value_words(rule, int(broken[index]), at, rows.values, name) + beyond


def _joined(first: Rows, second: Rows) -> Rows:
    utc = None
    if first.utc is not None and second.utc is not None:
        utc = np.concatenate((first.utc, second.utc))
    return Rows(
        np.concatenate((first.wall, second.wall)),
        utc,
        tuple(np.concatenate(pair) for pair in zip(first.values, second.values, strict=True)),
        np.concatenate((first.lines, second.lines)),
    )


def _widened(rows: Rows, tally: Tally) -> Rows:
    """Return rows whose high and low hold open and close, where a small step is enough."""
    columns = list(rows.values)
    top = np.maximum(columns[OPEN], columns[CLOSE])
    bottom = np.minimum(columns[OPEN], columns[CLOSE])
    high, low = np.maximum(columns[HIGH], top), np.minimum(columns[LOW], bottom)
    with np.errstate(all="ignore"):
        moved = np.maximum(high - columns[HIGH], columns[LOW] - low)
        # NaN is never within the limit, and 0 has nothing to widen.
        small = (moved > 0) & (moved <= WIDEN_BY * bottom)
    if not small.any():
        return rows
    tally.note("rows whose high or low was widened", int(small.sum()))
    columns[HIGH] = np.where(small, high, columns[HIGH])
    columns[LOW] = np.where(small, low, columns[LOW])
    return Rows(rows.wall, rows.utc, tuple(columns), rows.lines)

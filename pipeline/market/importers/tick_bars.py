"""Bars of ticks: trades or quotes, added up by the interval in which they fall."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.codes import CLOSE, interval_ns
from pipeline.market.bar_rules import order_words
from pipeline.market.catalog.bar_columns import BarColumns
from pipeline.market.importers import tally as kinds
from pipeline.market.importers.made_bars import tell_broken
from pipeline.market.importers.options import Options
from pipeline.market.importers.rows import Rows
from pipeline.market.importers.tally import Tally
from pipeline.market.importers.times.clock import Clock

Int64Array = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TickMaking:
    """What bars are made by of ticks."""

    interval: str
    """The interval of the bars."""
    clock: Clock
    """The clock of times that are no instants."""
    options: Options
    """What the user asks for."""

    def bars(self, blocks: Iterator[Rows], tally: Tally) -> Iterator[BarColumns]:
        """Yield the bars of blocks of ticks in the order of time; count the ticks that are none.

        All four prices of a tick's row are its price, and its volume is its size. Of equal times,
        the order of the file counts.
        """
        step = interval_ns(self.interval)
        ts, prices, sizes = np.empty(0, np.int64), np.empty(0), np.empty(0)
        for read in blocks:
            new, rows = self._right(read, tally, int(ts[-1]) if len(ts) else None)
            ts = np.concatenate((ts, new))
            prices = np.concatenate((prices, rows.values[CLOSE]))
            sizes = np.concatenate((sizes, rows.values[-1]))
            if not len(ts):
                continue
            # The ticks of the last bar wait for those of the next block.
            begin = int(np.searchsorted(ts, ts[-1] // step * step))
            if begin:
                yield _added_up(ts[:begin], prices[:begin], sizes[:begin], step)
            ts, prices, sizes = ts[begin:], prices[begin:], sizes[begin:]
        if len(ts):
            yield _added_up(ts, prices, sizes, step)

    def _right(self, rows: Rows, tally: Tally, before: int | None) -> tuple[Int64Array, Rows]:
        """Return the instants of ticks that are in order, and the ticks."""
        left_out = self.options.bad_rows == "drop"
        ts = self.clock.to_utc(rows.wall).utc if rows.utc is None else rows.utc
        bad = tell_broken(rows, tally, self.options, "the price")
        ts, rows = ts[~bad], rows.take(~bad)
        latest = np.maximum.accumulate(ts if before is None else np.append(before, ts))
        latest = latest[-len(ts) :] if len(ts) else latest[:0]
        (late,) = np.nonzero(ts < latest)
        tally.add(
            kinds.ORDER,
            rows.lines[late],
            lambda index: order_words(int(latest[late[index]]), int(ts[late[index]]), 0),
            left_out=left_out,
        )
        fine = ts >= latest
        return ts[fine], rows.take(fine)


def _added_up(
    ts: Int64Array,
    prices: npt.NDArray[np.float64],
    sizes: npt.NDArray[np.float64],
    step: int,
) -> BarColumns:
    """Return the bars of ticks in ascending order, int64[n > 0] and float64[n]."""
    opens = ts // step * step
    first = np.flatnonzero(np.append(True, opens[1:] != opens[:-1]))
    last = np.append(first[1:], len(ts)) - 1
    values = (
        prices[first],
        np.maximum.reduceat(prices, first),
        np.minimum.reduceat(prices, first),
        prices[last],
        np.add.reduceat(sizes, first),
    )
    return BarColumns(opens[first], values)

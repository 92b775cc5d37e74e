"""A small market in memory: what the reference replays, and what the product is given."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.codes import PRICE_COLUMNS, interval_ns
from pipeline.market.actions import Action, Actions
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series
from pipeline.market.time.time_manager import SessionTable

Block = tuple[npt.NDArray[np.int64], tuple[npt.NDArray[np.float64], ...]]


@dataclass(frozen=True)
class Bars:
    """One symbol's bars: ``ts`` i8[n] ascending, ``values`` f8[5, n] in the order of prices."""

    ts: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]

    def blocks(self, rows: int) -> "Blocks":
        """Give them as a catalog's reader does, ``rows`` at a time."""
        return Blocks(self, rows)

    def to_table(self) -> pa.Table:
        columns = dict(zip(PRICE_COLUMNS, map(pa.array, self.values), strict=True))
        return pa.table({"ts": pa.array(self.ts).cast(pa.timestamp("ns", "UTC")), **columns})


class Blocks:
    """What `pipeline.market.catalog.catalog.BarReader` is to a feed, over arrays."""

    def __init__(self, bars: Bars, rows: int) -> None:
        self._blocks: Iterator[Block] = iter(
            [
                (bars.ts[at : at + rows], tuple(bars.values[:, at : at + rows]))
                for at in range(0, len(bars.ts), rows)
            ]
        )
        self.closed = False

    def next_block(self) -> Block | None:
        return next(self._blocks, None)

    def close(self) -> None:
        self.closed = True


@dataclass(frozen=True)
class Market:
    """Bars of each symbol at the base interval, the sessions, and the intervals (base first)."""

    bars: Mapping[str, Bars]
    sessions: SessionTable
    streams: tuple[str, ...]

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self.bars)

    @cached_property
    def intervals(self) -> tuple[int, ...]:
        return tuple(interval_ns(name) for name in self.streams)

    def split(self, actions: Iterable[Action]) -> "Market":
        """The same bars as they would be traded with these splits."""
        bars = {name: Bars(one.ts, one.values.copy()) for name, one in self.bars.items()}
        for action in actions:
            one = bars[self.symbols[action.symbol]]
            daily = self.intervals[0] == 86_400_000_000_000
            begins = self.sessions.date_ns if daily else self.sessions.close_ns - 1
            later = one.ts > begins[action.session - 1]
            one.values[:4, later] /= action.split
            one.values[4, later] *= action.split
        return Market(bars, self.sessions, self.streams)

    def write(self, folder: Path, actions: Iterable[Action] = ()) -> Path:
        """Write the bars into a catalog; symbols without a single bar cannot be in one."""
        catalog = Catalog(folder)
        catalog.write_all(
            [
                Series(symbol, self.streams[0], bars.to_table(), "test")
                for symbol, bars in self.bars.items()
            ]
        )
        for action in actions:
            day = self.sessions.date_ns[action.session : action.session + 1]
            row = Actions(day, np.array([action.split]), np.array([action.dividend]))
            catalog.write_actions({self.symbols[action.symbol]: row}, "test")
        return folder


def random_walk(ts: npt.NDArray[np.int64], seed: int) -> Bars:
    """Give each time a bar of prices in cents that go up and down, some without volume."""
    rng = np.random.default_rng(seed)
    count = len(ts)
    close = 10_000 + rng.integers(-40, 41, count).cumsum()
    close = np.maximum(close, 100)
    open_ = close + rng.integers(-20, 21, count)
    high = np.maximum(open_, close) + rng.integers(0, 15, count)
    low = np.minimum(open_, close) - rng.integers(0, 15, count)
    volume = rng.integers(0, 6, count) * 100.0
    values = np.array([open_ / 100, high / 100, low / 100, close / 100, volume])
    return Bars(np.asarray(ts, np.int64), values)


def session_table(spans: list[tuple[int, int]]) -> SessionTable:
    """Sessions from their opens and closes (ns), labelled by days around a month's end."""
    opens = np.array([open_ for open_, _ in spans], np.int64)
    closes = np.array([close for _, close in spans], np.int64)
    none = np.zeros(len(spans), np.int64)
    return SessionTable(
        date_ns=(29 + np.arange(len(spans), dtype=np.int64)) * 86_400_000_000_000,
        open_ns=opens,
        close_ns=closes,
        early_close=np.zeros(len(spans), np.bool_),
        break_start_ns=none,
        break_end_ns=none.copy(),
    )

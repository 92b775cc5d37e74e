"""Bars of ticks: as a slow walk adds them up, however the ticks are cut into blocks."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import MINUTE_NS, SECOND_NS
from pipeline.errors import DataError
from pipeline.market.importers.options import Options
from pipeline.market.importers.rows import Rows
from pipeline.market.importers.tally import Tally
from pipeline.market.importers.tick_bars import TickMaking
from pipeline.market.importers.times.clock import Clock

BEGIN = 28_400_000 * MINUTE_NS
Tick = tuple[int, int, int]
"""The time in units of 20 s, the price (0 is none) and the size."""


def rows_of(ticks: list[Tick], first_line: int) -> Rows:
    columns = np.array(ticks, np.int64).reshape(-1, 3).T
    ts = BEGIN + 20 * SECOND_NS * columns[0]
    price, size = columns[1].astype(np.float64), columns[2].astype(np.float64)
    lines = np.arange(first_line, first_line + len(ticks))
    return Rows(ts, ts, (price, price, price, price, size), lines)


def made(blocks: list[list[Tick]], options: Options) -> list[tuple[int, ...]] | None:
    """The bars of ticks: minute, prices, volume; None if a tick is refused."""
    tally = Tally("a.csv")
    starts = np.cumsum([2, *map(len, blocks)]).tolist()
    some = (rows_of(block, first) for block, first in zip(blocks, starts[:-1], strict=True))
    found = []
    for bars in TickMaking("1m", Clock.fixed(0), options).bars(some, tally):
        minutes = ((bars.ts - BEGIN) // MINUTE_NS).tolist()
        values = np.stack(bars.values, axis=1).tolist()
        found += [(minute, *map(int, row)) for minute, row in zip(minutes, values, strict=True)]
    try:
        tally.check()
    except DataError:
        return None
    return found


def expected(ticks: list[Tick], options: Options) -> list[tuple[int, ...]] | None:
    drops = options.bad_rows == "drop"
    bars: list[tuple[int, ...]] = []
    latest = None
    for time, price, size in ticks:
        if price == 0 or (latest is not None and time < latest):
            if not drops:
                return None
            continue
        latest = time
        if bars and bars[-1][0] == time // 3:
            minute, first, high, low, _, volume = bars[-1]
            bars[-1] = (minute, first, max(high, price), min(low, price), price, volume + size)
        else:
            bars.append((time // 3, price, price, price, price, size))
    return bars


ticks = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 1, 4, -2]), st.integers(0, 5), st.integers(0, 3)),
    max_size=30,
).map(
    lambda drawn: [
        (int(time), price, size)
        for time, (_, price, size) in zip(
            np.cumsum([step for step, _, _ in drawn]), drawn, strict=True
        )
    ]
)


@given(
    file=ticks,
    options=st.sampled_from([Options(), Options(bad_rows="drop")]),
    cuts=st.lists(st.integers(0, 30), max_size=4),
)
def test_bars_of_ticks_are_those_of_a_slow_walk(
    file: list[Tick], options: Options, cuts: list[int]
):
    ends = [0, *sorted(min(cut, len(file)) for cut in cuts), len(file)]
    cut = [file[begin:end] for begin, end in itertools.pairwise(ends)]
    assert made(cut, options) == expected(file, options)

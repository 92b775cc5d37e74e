"""Bars of rows: the same ones however the rows are cut into blocks, as a slow loop makes them."""

import itertools
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import MINUTE_NS
from pipeline.errors import DataError
from pipeline.market.importers.made_bars import Making
from pipeline.market.importers.options import Options
from pipeline.market.importers.rows import Rows
from pipeline.market.importers.tally import Tally
from pipeline.market.importers.times.clock import Clock

BEGIN = 28_400_000 * MINUTE_NS
HALF = MINUTE_NS // 2


class Row(NamedTuple):
    """A row of a file: its time in half minutes, its close (0 is no price), its volume."""

    time: int
    close: int
    volume: int


class Made(NamedTuple):
    """The bars of some rows, or that they are refused."""

    bars: list[tuple[int, float, float]] | None
    counts: dict[str, int]


def rows_of(some: list[Row], first_line: int) -> Rows:
    close = np.array([row.close for row in some], np.float64)
    ts = BEGIN + HALF * np.array([row.time for row in some], np.int64)
    lines = np.arange(first_line, first_line + len(some))
    volume = np.array([row.volume for row in some], np.float64)
    return Rows(ts, ts, (close, close, close, close, volume), lines)


def made(blocks: list[list[Row]], options: Options) -> Made:
    """The bars of blocks of rows, and the counts of those that were left out or changed."""
    tally = Tally("a.csv")
    making = Making("1m", Clock.fixed(0), False, None, options)
    starts = np.cumsum([2, *map(len, blocks)]).tolist()
    some = (rows_of(block, first) for block, first in zip(blocks, starts[:-1], strict=True))
    bars = []
    for made_bars in making.bars(some, tally):
        times = ((made_bars.ts - BEGIN) // HALF).tolist()
        bars += zip(times, made_bars.values[3].tolist(), made_bars.values[4].tolist(), strict=True)
    try:
        tally.check()
    except DataError:
        return Made(None, {})
    return Made(bars, {**tally.left_out(), **tally.changed()})


def expected(rows: list[Row], options: Options) -> list[tuple[int, float, float]] | None:
    """The bars of rows by one walk; None if one of them is refused."""
    drops = options.bad_rows == "drop"
    bars: list[tuple[int, float, float]] = []
    for time, close, volume in rows:
        if options.off_grid == "refuse" and time % 2:
            return None
        if close == 0:
            if not drops:
                return None
            continue
        if options.off_grid == "floor":
            time -= time % 2
        bar = (time, float(close), float(volume))
        if bars and time < bars[-1][0]:
            if not drops:
                return None
        elif bars and time == bars[-1][0]:
            if options.duplicates == "refuse":
                return None
            if options.duplicates == "same" and bar != bars[-1]:
                return None
            if options.duplicates == "last":
                bars[-1] = bar
        elif bars and time < bars[-1][0] + 2:
            return None
        else:
            bars.append(bar)
    return bars


rows = st.builds(Row, st.integers(0, 1), st.integers(0, 4), st.integers(1, 2))
files = st.lists(st.tuples(st.sampled_from([2, 2, 2, 2, 1, 0, -3]), rows), max_size=25).map(
    lambda drawn: [
        row._replace(time=int(time))
        for time, (_, row) in zip(np.cumsum([step for step, _ in drawn]), drawn, strict=True)
    ]
)
options = st.builds(
    Options,
    bad_rows=st.sampled_from(["refuse", "drop"]),
    duplicates=st.sampled_from(["refuse", "first", "last", "same"]),
    off_grid=st.sampled_from(["keep", "floor", "refuse"]),
)


@given(file=files, options=options, cuts=st.lists(st.integers(0, 25), max_size=4))
def test_bars_are_those_of_a_slow_walk_however_rows_are_cut(
    file: list[Row], options: Options, cuts: list[int]
):
    ends = [0, *sorted(min(cut, len(file)) for cut in cuts), len(file)]
    cut = [file[begin:end] for begin, end in itertools.pairwise(ends)]
    found, whole = made(cut, options), made([file], options)
    assert found == whole
    assert found.bars == expected(file, options)


@pytest.mark.parametrize("end_stamped", [False, True])
def test_times_of_a_clock_become_opens_in_utc(end_stamped: bool):
    clock = Clock.parse("Europe/Berlin")
    making = Making("1m", clock, end_stamped, None, Options())
    some = rows_of([Row(0, 1, 1)], 2)
    (bars,) = making.bars(iter([Rows(some.wall, None, some.values, some.lines)]), Tally("a.csv"))
    assert bars.ts.tolist() == [BEGIN - 60 * MINUTE_NS - (MINUTE_NS if end_stamped else 0)]

"""Bars of rows: the same ones however the rows are cut into blocks, as a slow loop makes them."""

import itertools
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given
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
            if not drops:
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
@example(
    file=[Row(2, 1, 1), Row(3, 1, 1), Row(3, 1, 1)], options=Options(bad_rows="drop"), cuts=[2]
)
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


def grid_of(clock: list[str], zone: str, interval: str, **options) -> list[str] | str:
    """The opens, UTC, of rows at times of day on a clock; or the refusal."""
    wall = np.array([f"2024-11-13T{one}" for one in clock], "M8[ns]").astype(np.int64)
    end_stamped = options.pop("stamped", "open") == "close"
    making = Making(
        interval, Clock.parse(zone), end_stamped, None, Options(off_grid="floor", **options)
    )
    value = np.ones(len(wall))
    rows = Rows(wall, None, (value,) * 5, np.arange(2, 2 + len(wall)))
    tally = Tally("a.csv", options=making.options)
    found = [bars.ts for bars in making.bars(iter([rows]), tally)]
    ts = np.concatenate([np.empty(0, np.int64), *found])
    try:
        tally.check()
    except DataError as error:
        return str(error)
    return [str(one)[11:16] for one in ts.astype("M8[ns]")]


def test_rows_are_moved_to_the_bar_of_their_clock_and_end():
    late = ["09:30:59.999", "09:31:59.999"]
    assert grid_of(late, "UTC", "1m") == ["09:30", "09:31"]
    assert grid_of(late, "UTC", "1m", stamped="close") == ["09:30", "09:31"]
    assert grid_of(["10:00", "11:00", "12:20"], "Asia/Kolkata", "1h") == ["04:30", "05:30", "06:30"]


def test_rows_on_a_grid_of_their_own_are_not_moved():
    told = grid_of(["09:30", "13:30"], "America/New_York", "4h")
    assert "2 rows that all lie as far beside the grid of the interval" in told
    assert told.endswith(". Options: --off-grid keep takes them as they are")


@pytest.mark.parametrize(("how", "volume"), [("first", 1.0), ("last", 2.0)])
def test_the_first_of_equal_times_is_that_of_the_file_with_the_newest_first(how: str, volume):
    making = Making("1m", Clock.fixed(0), False, None, Options(duplicates=how), backwards=True)
    file = [Row(4, 1, 1), Row(2, 1, 1), Row(2, 1, 2), Row(0, 1, 1)]
    rows = rows_of(file, 2).take(slice(None, None, -1))
    tally = Tally("a.csv")
    found = np.concatenate([bars.values[4] for bars in making.bars(iter([rows]), tally)])
    tally.check()
    assert found.tolist() == [1.0, volume, 1.0]

"""The interval that rows show by the distances between them."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from pipeline.errors import DataError
from pipeline.market.importers.steps import Steps

BEGIN = 19_724 * DAY_NS  # 2024-01-02


def gathered(wall: list[int], *cuts: int) -> Steps:
    """The distances of times that come in blocks which end at ``cuts``."""
    steps = Steps()
    for begin, end in zip((0, *cuts), (*cuts, len(wall)), strict=True):
        steps.add(np.array(wall[begin:end], np.int64))
    return steps


@given(
    distances=st.lists(st.integers(-3, 5), min_size=1, max_size=60),
    cuts=st.lists(st.integers(0, 60), max_size=4),
)
def test_the_usual_distance_is_the_interval_however_rows_are_cut(
    distances: list[int], cuts: list[int]
):
    begin = BEGIN + HOUR_NS
    wall = [begin, *(begin + MINUTE_NS * int(at) for at in np.cumsum(distances))]
    ends = sorted(min(cut, len(wall)) for cut in cuts)
    steps, whole = gathered(wall, *ends), gathered(wall)
    assert (steps.rows, steps.descends, steps.timed) == (
        len(wall),
        all(distance <= 0 for distance in distances),
        any(at % DAY_NS for at in wall),
    )
    counts = Counter(abs(distance) for distance in distances if distance)
    if not counts:
        with pytest.raises(DataError, match="a single row shows no interval"):
            steps.choose("here")
        return
    assert steps.choose("here") == whole.choose("here")
    # All are multiples of a minute, so that one minute in a hundred would be the interval.
    usual = max(counts, key=lambda length: (counts[length], -length))
    least = min(counts)
    if least < usual and all(length % least == 0 for length in counts):
        usual = least
    assert steps.choose("here").value == f"{usual}m"


@pytest.mark.parametrize(
    ("distances", "interval"),
    [
        ([MINUTE_NS] * 5 + [HOUR_NS], "1m"),
        ([5 * MINUTE_NS] * 200 + [MINUTE_NS], "5m"),
        ([5 * MINUTE_NS] * 25 + [MINUTE_NS] + [5 * MINUTE_NS] * 25, "1m"),
        ([5 * MINUTE_NS] * 50 + [MINUTE_NS], "1m"),
        ([DAY_NS] * 4 + [3 * DAY_NS], "1d"),
        ([3 * DAY_NS], "1d"),
        ([SECOND_NS, 60 * SECOND_NS], "1s"),
    ],
)
def test_a_rare_small_distance_is_the_interval_if_all_are_multiples(
    distances: list[int], interval: str
):
    wall = [BEGIN, *(BEGIN + int(at) for at in np.cumsum(distances))]
    assert gathered(wall).choose("here").value == interval


def test_distances_that_are_no_interval_are_refused_with_what_they_may_be():
    steps = gathered([BEGIN + SECOND_NS // 2 * row for row in range(5)])
    with pytest.raises(DataError, match=r"here: rows are mostly 0\.5 s apart, which is no inter"):
        steps.choose("here")


@pytest.mark.parametrize(
    ("interval", "step", "words"),
    [
        ("1m", DAY_NS, "the times are dates without a time of day"),
        ("1m", HOUR_NS, "lie a multiple of 1h apart, so they are no bars of 1m"),
        ("1m", 7 * SECOND_NS, "the rows are mostly 7 s apart, so they are no bars of 1m"),
        ("1h", HOUR_NS, None),
        ("1h", MINUTE_NS, "the rows are mostly 60 s apart, so they are no bars of 1h"),
        ("1d", DAY_NS, None),
        ("1d", 7 * DAY_NS, "mostly 7 days apart, so they are no daily bars; weekly and longer"),
    ],
)
def test_an_interval_that_rows_cannot_have_is_refused(interval: str, step: int, words: str | None):
    steps = gathered([BEGIN + step * row for row in range(20)])
    if words is None:
        steps.check(interval, "here")
        return
    with pytest.raises(DataError, match=f"here: .*{words}"):
        steps.check(interval, "here")


def test_rows_of_several_symbols_are_joined():
    steps = Steps()
    for first in (0, 17 * SECOND_NS):
        steps.join(gathered([BEGIN + first + MINUTE_NS * row for row in range(5)]))
    assert (steps.rows, steps.choose("here").value) == (10, "1m")


def test_the_times_around_week_ends_are_kept():
    wall = [BEGIN, BEGIN + HOUR_NS, BEGIN + HOUR_NS + 2 * DAY_NS, BEGIN + 2 * HOUR_NS + 2 * DAY_NS]
    gap = (BEGIN + HOUR_NS, BEGIN + HOUR_NS + 2 * DAY_NS)
    assert gathered(wall).around_gaps == gathered(wall, 2).around_gaps == [gap]
    assert gathered(wall[::-1]).around_gaps == [gap]


@given(
    begin=st.integers(0, 20),
    length=st.integers(2, 27),
    step=st.sampled_from([1, 2, 5, 10, 15]),
    days=st.integers(1, 3),
)
def test_times_within_the_hours_of_an_exchange_show_of_which_end_they_are(
    begin: int, length: int, step: int, days: int
):
    first, bars = BEGIN + 30 * begin * MINUTE_NS, 30 * length // step
    opens = [
        first + day * DAY_NS + step * at * MINUTE_NS for day in range(days) for at in range(bars)
    ]
    enough = bars * days >= 20
    name = f"{step}m"
    assert gathered(opens).stamps(name) == ("open" if enough else None)
    ends = [at + step * MINUTE_NS for at in opens]
    assert gathered(ends).stamps(name) == ("close" if enough else None)


def test_hours_without_a_begin_show_nothing():
    times = [BEGIN + (9 * 60 + 42 + at) * MINUTE_NS for at in range(40)]
    assert gathered(times).stamps("1m") is None
    assert gathered(times).hours == "09:42 to 10:21"
    assert gathered([BEGIN + 30 * SECOND_NS]).hours == "00:00:30 to 00:00:30"

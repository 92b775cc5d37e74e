import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.stress.breakpoint import find_knee
from pipeline.checks.stress.result import Latency, OpenPoint

FIGURES = {"count": 10, "mean": 0.001, "p50": 0.001, "p90": 0.002, "p999": 0.004, "maximum": 0.005}


def point(rate: float, holds: bool | None, burst: int = 1) -> OpenPoint:
    return OpenPoint(
        offered=rate,
        achieved=rate,
        seconds=1.0,
        burst=burst,
        latency=Latency(**FIGURES, p99=0.003),
        generator_lag=0.0,
        backlog_growth=0,
        holds=holds,
        said="P99 is said.",
    )


@given(st.floats(10.0, 1e8), st.floats(1 / 64, 64))
def test_the_knee_of_a_clear_load_is_found(capacity: float, guess: float):
    first = guess * capacity
    knee = find_knee(lambda rate: point(rate, rate <= capacity), [], first, 0.01, lowest=1e-3)
    assert knee.rate is not None
    assert knee.fails_at is not None
    assert knee.rate <= capacity < knee.fails_at
    assert knee.fails_at / knee.rate <= 1.08 + 1e-9
    for rate in (knee.rate, knee.fails_at):
        assert sum(one.offered == rate for one in knee.tried) == 2
    assert "contradict" not in knee.said


def test_the_search_begins_with_the_points_that_are_known():
    known = [point(100.0, True), point(1000.0, False), point(500.0, True, burst=50)]
    tried: list[float] = []

    def offer(rate: float) -> OpenPoint:
        tried.append(rate)
        return point(rate, rate <= 300.0)

    knee = find_knee(offer, known, 1.0, 0.01)
    assert min(tried) > 100.0
    assert tried.count(1000.0) == 1  # it has failed once, which may be by chance
    assert max(tried) == 1000.0
    assert knee.rate is not None
    assert 270 < knee.rate <= 300
    assert all(one.burst == 1 for one in knee.tried)


def test_a_rate_that_holds_once_only_is_not_the_knee():
    seen: dict[float, int] = {}

    def offer(rate: float) -> OpenPoint:
        seen[rate] = seen.get(rate, 0) + 1
        return point(rate, rate <= 100.0 or (rate < 150.0 and seen[rate] == 1))

    knee = find_knee(offer, [], 50.0, 0.01)
    assert knee.rate is not None
    assert knee.rate <= 100.0 or "in the one try" in knee.said


@given(st.lists(st.integers(0, 6), max_size=3, unique=True))
def test_single_tries_that_fail_below_the_knee_do_not_move_it(wrong: list[int]):
    """Tries of the rates of the open loop, before the search begins."""
    rates = [20.0, 50.0, 100.0, 200.0, 400.0, 600.0, 800.0]
    known = [point(rate, n not in wrong and rate <= 700) for n, rate in enumerate(rates)]
    knee = find_knee(lambda rate: point(rate, rate <= 700), known, 250.0, 0.01)
    assert knee.rate is not None
    assert 700 / 1.08 <= knee.rate <= 700
    assert ("contradict" in knee.said) == any(rates[n] <= 700 for n in wrong)


def test_no_rate_may_hold():
    knee = find_knee(lambda rate: point(rate, False), [], 1000.0, 0.01, lowest=1.0)
    assert knee.rate is None
    assert "No rate held" in knee.said
    assert min(one.offered for one in knee.tried) >= 1.0


def test_a_generator_that_bounds_ends_the_search_without_a_knee():
    knee = find_knee(lambda rate: point(rate, None), [], 1000.0, 0.01)
    assert knee.rate is None
    assert len(knee.tried) == 2
    assert "1,000 bars/s" in knee.said


def test_the_search_ends_where_nothing_is_clear():
    flips = iter([True, False] * 50)
    knee = find_knee(lambda rate: point(rate, next(flips)), [], 1000.0, 0.01)
    assert len(knee.tried) <= 18
    assert knee.rate is None or math.isfinite(knee.rate)


@pytest.mark.parametrize("target", [0.001, 0.1])
def test_a_knee_says_its_target(target: float):
    knee = find_knee(lambda rate: point(rate, rate < 99.0), [], 10.0, target)
    assert knee.target == target
    assert f"{1e3 * target:g} ms" in knee.said

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tape.clock import Clock

SECOND = 1_000_000_000
DAY = 86_400 * SECOND


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The real time, which passes when a test says so."""
    now = [7 * SECOND]
    monkeypatch.setattr("time.monotonic_ns", lambda: now[0])
    return now


def test_market_time_passes_at_its_multiple_of_real_time(wall: list[int]):
    clock = Clock(1_000.0)
    clock.show(50 * SECOND)
    assert clock.seconds_until(70 * SECOND) == pytest.approx(0.020)
    wall[0] += SECOND // 100
    assert clock.now() == 60 * SECOND
    assert clock.seconds_until(70 * SECOND) == pytest.approx(0.010)


def test_what_is_past_is_not_waited_for(wall: list[int]):
    clock = Clock(0.001)
    clock.show(50 * SECOND)
    assert clock.seconds_until(50 * SECOND) == 0
    assert clock.seconds_until(40 * SECOND) < 0


def test_what_is_shown_is_shown_at_the_present_whatever_time_lies_before_it(wall: list[int]):
    clock = Clock(1.0)
    clock.show(0)
    wall[0] += 3 * SECOND
    clock.show(DAY)
    assert clock.now() == DAY
    assert clock.seconds_until(DAY) == 0


@given(st.lists(st.tuples(st.floats(0.01, 1e6), st.integers(0, 10 * SECOND)), min_size=1))
def test_another_pace_counts_from_the_present(paces: list[tuple[float, int]]):
    now = [0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.monotonic_ns", lambda: now[0])
        clock = Clock(paces[0][0])
        clock.show(0)
        expected = 0.0
        for multiple, passes in paces:
            clock.go_at(multiple)
            now[0] += passes
            expected += multiple * passes
        assert clock.now() == pytest.approx(expected, rel=1e-9, abs=len(paces))


def test_a_pace_next_to_nothing_waits_for_ever(wall: list[int]):
    clock = Clock(5e-324)
    clock.show(0)
    assert clock.seconds_until(DAY) == float("inf")

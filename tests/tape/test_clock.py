import time

import pytest

from pipeline.tape.clock import Clock

SECOND = 1_000_000_000


def unwatched() -> None:
    """Nobody ends the wait."""


def test_market_time_passes_at_its_multiple_of_real_time():
    clock = Clock(1_000.0, unwatched)
    began = time.monotonic()
    clock.open_session(50 * SECOND)
    clock.wait_until(70 * SECOND)
    assert time.monotonic() - began >= 0.020


def test_what_is_past_is_not_waited_for():
    checks = []
    clock = Clock(0.001, lambda: checks.append(1))
    clock.open_session(50 * SECOND)
    clock.wait_until(50 * SECOND)
    clock.wait_until(40 * SECOND)
    assert checks == []


def test_a_session_begins_at_the_present_whatever_time_lies_before_it():
    checks = []
    clock = Clock(1.0, lambda: checks.append(1))
    clock.open_session(0)
    clock.open_session(86_400 * SECOND)
    clock.wait_until(86_400 * SECOND)
    assert checks == []


def test_a_wait_is_ended_by_what_the_check_raises():
    class StoppedError(Exception):
        pass

    def stop() -> None:
        raise StoppedError

    clock = Clock(1.0, stop)
    clock.open_session(0)
    with pytest.raises(StoppedError):
        clock.wait_until(3_600 * SECOND)

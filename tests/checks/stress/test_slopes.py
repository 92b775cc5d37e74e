import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.stress.slopes import slope

GIB = 2.0**30
SECONDS = np.arange(600.0)


def of(values):
    return slope("memory", "bytes", SECONDS.tolist(), list(values), matters=0.05, seen=0.005)


@given(st.floats(0, 1e9), st.floats(-1e6, 1e6))
def test_a_line_has_its_slope(level, rise):
    found = of(level + rise * SECONDS)
    assert found.per_hour == pytest.approx(3600 * rise, rel=1e-6, abs=1e-3)
    assert found.low - 1e-3 <= found.per_hour <= found.high + 1e-3


def wandering(rng, count, reach):
    """Give samples that hang together and always come back: a heap in use."""
    state, found = 0.0, np.zeros(count)
    for index in range(count):
        state = 0.95 * state + rng.normal(0.0, reach)
        found[index] = state
    return found


def test_what_wanders_and_comes_back_rarely_grows():
    rng = np.random.default_rng(3)
    alarms = sum(of(GIB + wandering(rng, 600, 0.004 * GIB)).grows for _ in range(200))
    assert alarms <= 10


def test_a_leak_is_found_under_what_wanders():
    rng = np.random.default_rng(4)
    leak = 0.3 * GIB * SECONDS / 3600
    found = sum(of(GIB + leak + wandering(rng, 600, 0.001 * GIB)).grows for _ in range(50))
    assert found >= 48


def test_a_heap_that_settles_does_not_grow():
    settling = GIB * (1 - 0.5 * np.exp(-SECONDS / 20))
    assert not of(settling).grows


def test_what_grows_too_little_to_be_told_from_settling_perhaps_grows():
    rise = 0.2 * GIB / 3600  # 20 % an hour, and 0.33 % in a minute
    minute = np.arange(60.0)
    values = (GIB + rise * minute).tolist()
    found = slope("memory", "bytes", minute.tolist(), values, matters=0.05, seen=0.005)
    assert (found.answer, found.grows) == ("perhaps", False)
    assert of(GIB + rise * SECONDS).answer == "yes"
    assert of(GIB + 0.01 * rise * SECONDS).answer == "no"


def test_steps_of_few_bytes_do_not_matter():
    assert not of(GIB + 4096.0 * (SECONDS // 60)).grows


@pytest.mark.parametrize("count", [0, 1, 5])
def test_few_samples_say_nothing(count):
    found = slope(
        "files", "files", [float(n) for n in range(count)], [1.0] * count, matters=0.1, seen=0.1
    )
    assert (found.per_hour, found.grows) == (0.0, False)

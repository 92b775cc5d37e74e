"""What stands in a ``try`` means what it means in Python: keyword arguments and items of lists."""

import json

import pytest

from tests.native import script_of_try_blocks
from tests.native.compiled import compiled
from tests.native.script_of_try_blocks import CALLS, FUNCTIONS, STEPS
from tests.reference.own_process import environment, python


def given(a, b=2.0, c=3.0, d=4.0):
    """Tell which argument got which value."""
    return a + 10 * b + 100 * c + 1000 * d


def in_try(x):
    found = 0.0
    try:
        found = given(1.0, d=x)
    except Exception:  # noqa: BLE001
        found = -1.0
    return found


def in_except(x):
    found = 0.0
    try:
        found = given(1.0, b=x) / (x - x)
    except Exception:  # noqa: BLE001
        found = given(1.0, c=x)
    return found


def in_else_and_finally(x):
    found = 0.0
    try:
        found = given(c=1.0, a=x)
    except Exception:  # noqa: BLE001
        return -1.0
    else:
        found += given(x, d=2.0, b=1.0)
    finally:
        found += given(b=x, a=2.0)
    return found


def nested(x):
    found = 0.0
    for step in range(3):
        try:
            try:
                found += given(step, d=given(x, b=1.0), c=x)
                if step == 1:
                    raise ValueError
            finally:
                found += given(x, c=step)
        except Exception:  # noqa: BLE001
            found += given(d=step, a=x)
    return found


def unpacked(x):
    found = 0.0
    more = (x, 2.0)
    try:
        found = given(*more)
    except Exception:  # noqa: BLE001
        found = -1.0
    return found


def of_values(x):
    found = 0.0
    try:
        steps = [x, 2 * x, -x]
        steps.append(given(x, c=steps[0]))
        low, _ = (min(steps), 0.0) if x > 0 else (max(steps), 1.0)
        found = low + sum([step for step in steps if step > 0]) + {1: x, 2: 0.0}[1]
    except Exception:  # noqa: BLE001
        found = -1.0
    return found


@pytest.mark.parametrize(
    "function",
    [in_try, in_except, in_else_and_finally, nested, unpacked, of_values],
)
@pytest.mark.parametrize("x", [186.38, -2.0])
def test_a_try_changes_nothing(function, x):
    assert compiled(function)(x) == function(x)


def test_a_list_with_an_index_out_of_range_is_released_once():
    done = python(script_of_try_blocks.__file__, env=environment(NUMBA_NRT_STATS="1"))
    told = json.loads(done.stdout)
    for function in FUNCTIONS:
        found = told[function.__name__]
        assert found["gave"] == [function(n) for n in range(STEPS)], function.__name__
        assert found["made"] == found["freed"] >= CALLS * STEPS, function.__name__

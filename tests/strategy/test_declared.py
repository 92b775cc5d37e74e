"""A state that is declared as a float holds one, whatever a hook sets it to."""

import copy
import math

import numpy as np
import pytest

from pipeline import Strategy, state


class Levels(Strategy):
    level: float = state(0)
    written: "float" = state(0.0)
    seen: int = state(0)


class Deeper(Levels):
    depth: float = state(1.0, reset="session")


@pytest.mark.parametrize("name", ["level", "written", "depth"])
@pytest.mark.parametrize("value", [2**60 + 1, True, np.int64(3), np.True_, 0.5, math.inf])
def test_a_state_that_is_declared_as_a_float_becomes_one_when_it_is_set(name, value):
    one = Deeper()
    setattr(one, name, value)
    assert type(getattr(one, name)) is float
    assert getattr(one, name) == float(value)
    assert copy.copy(one).__dict__ == vars(one)


def test_a_state_of_another_type_is_what_it_is_set_to():
    one = Deeper()
    one.seen = 2**60 + 1
    assert one.seen == 2**60 + 1
    one.level = "high"  # not refused here
    assert one.level == "high"

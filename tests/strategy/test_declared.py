"""A state holds a number of Python's, of the type that it is declared with."""

import copy
import math

import numpy as np
import pytest

from pipeline import Strategy, state


class Levels(Strategy):
    level: float = state(0)
    written: "float" = state(0.0)
    seen: int = state(0)
    traded: bool = state(False)


class Deeper(Levels):
    depth: float = state(1.0, reset="session")


@pytest.mark.parametrize("name", ["level", "written", "depth"])
@pytest.mark.parametrize(
    "value", [2**60 + 1, True, np.int64(3), np.True_, 0.5, math.inf, np.float64(0.5)]
)
def test_a_state_that_is_declared_as_a_float_becomes_one_when_it_is_set(name, value):
    one = Deeper()
    setattr(one, name, value)
    assert type(getattr(one, name)) is float
    assert getattr(one, name) == float(value)
    assert copy.copy(one).__dict__ == vars(one)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("seen", 2**60 + 1, 2**60 + 1),
        ("seen", True, 1),
        ("seen", np.True_, 1),
        ("seen", np.int64(3), 3),
        ("traded", np.True_, True),
        ("traded", 2, True),
        ("traded", np.int64(0), False),
    ],
)
def test_a_state_of_another_type_holds_what_a_compiled_one_does(name, value, kept):
    one = Deeper()
    setattr(one, name, value)
    assert type(getattr(one, name)) is type(kept)
    assert getattr(one, name) == kept


@pytest.mark.parametrize("name", ["level", "seen", "traded"])
@pytest.mark.parametrize("value", ["high", None])
def test_what_is_no_number_is_not_refused_here(name, value):
    one = Deeper()
    setattr(one, name, value)
    assert getattr(one, name) == value

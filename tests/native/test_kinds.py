"""Which kind of number a value is, is not asked; whether it is a number at all is."""

import numpy as np
import pytest
from numba.core.errors import TypingError

from tests.native.compiled import compiled


def of_two_kinds(x):
    size = 0
    if x > 1.0:
        size = 1.5
    return isinstance(size, int)


@pytest.mark.parametrize(
    "function",
    [
        of_two_kinds,
        lambda x: isinstance(x, float),
        lambda x: isinstance(x > 1.0, bool),
        lambda x: isinstance(x > 1.0, (int, float)),
        lambda x: isinstance(x, (float, tuple)),
        lambda x: isinstance(x, np.float64),
    ],
)
def test_which_kind_of_number_is_not_asked(function):
    with pytest.raises(TypingError, match="isinstance of a number"):
        compiled(function)(2.5)


def first(value):
    if isinstance(value, tuple):
        return value[0]
    return value


@pytest.mark.parametrize(
    "function",
    [
        lambda x: isinstance(x, (int, float)) + 2 * isinstance(int(x), (float, int)),
        lambda x: isinstance(x > 1.0, (bool, int, float)) + 2 * isinstance(x, (str, tuple)),
        lambda x: first(x) + first((x, 1.0)) + first(int(x)),
        lambda x: isinstance([x], list) + 2 * isinstance("a", str) + 4 * isinstance((x,), list),
    ],
)
def test_what_else_is_asked_has_pythons_answer(function):
    assert compiled(function)(2.5) == function(2.5)

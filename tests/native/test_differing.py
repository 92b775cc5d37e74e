"""What Numba would compile to another result than Python's is refused where it is written."""

import math

import numpy as np
import pytest
from numba.core.errors import TypingError

from tests.native.compiled import compiled

NARROW = np.array([0.5, 1.5], np.float32)


class Weights:
    SMALL = np.array([1, 2], np.int32)
    FLAGS = np.array([True, False])


def through_a_set(x):
    count = 0
    for number in {64, 3, 1}:
        count = 7 * count + number
    return count


def unpacked(x):
    one, _ = {64, 3}
    return one


def unsigned_and_signed(x):
    return np.uint64(3) * int(x)


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (through_a_set, "order of a set: goes through one"),
        (unpacked, "order of a set: goes through one"),
        (lambda x: [2 * one for one in {64, 3}][0], "order of a set: goes through one"),  # noqa: RUF015
        (lambda x: list({"b", "aa"})[0] == "b", "order of a set: calls list with one"),  # noqa: RUF015
        (lambda x: [*{64, 3}][0], "order of a set: calls extend with one"),  # noqa: RUF015
        (lambda x: next(iter({64, 3})), "order of a set: calls iter with one"),
        (lambda x: {64, 3}.pop(), "order of a set: calls pop of one"),
        (lambda x: sorted({64, 3}, key=lambda y: -y)[0], "order of a set: calls sorted with one"),
        (lambda x: ",".join({"b", "aa"}), "order of a set: calls join with one"),
        (lambda x: sum(list(map(int, [x]))), "function of Python given to map"),
        (lambda x: sum(list(map(math.sqrt, [x]))), "function of Python given to map"),
        (lambda x: np.float32(x) * 1.1, "narrow type float32 in place of float64"),
        (lambda x: NARROW[0] * x, "narrow type float32 in place of float64"),
        (lambda x: Weights.SMALL[0] * x, "narrow type int32 in place of int64"),
        (lambda x: np.zeros(3, dtype=np.uint8)[0], "narrow type uint8 in place of int64"),
        (lambda x: np.ones(3).astype(np.float32).sum(), "narrow type float32 in place of float64"),
        (unsigned_and_signed, "unsigned number beside a signed one"),
    ],
)
def test_what_would_differ_is_refused(function, what: str):
    with pytest.raises(TypingError, match=what):
        compiled(function)(2.0)


def algebra(x):
    some, others = {1, 2, 3}, {3, 4}
    both = some.union(others)
    both.add(9)
    both.discard(1)
    both.update({7})
    return len(both) + 10 * (3 in both) + 20 * both.issubset(some) + 40 * (some <= both)


@pytest.mark.parametrize(
    "function",
    [
        algebra,
        lambda x: sorted({64, 3, 1})[0],
        lambda x: [len(text) for text in sorted({"b", "aa", "c"})],
        lambda x: sorted({64, 3, 1}, reverse=True)[0] + min({64, 3}) + max({64, 3}),
        lambda x: 1 if {int(x)} else 2,
        lambda x: sum(list(range(int(x)))) + len([1, 2, 3][: int(x)]),
        lambda x: sum(list(map(lambda y: y + 1.0, [x]))),  # noqa: C417
        lambda x: Weights.FLAGS[0] + (np.ones(3) > x).sum(),
        lambda x: math.frexp(x)[1] + ord("a"),
        lambda x: abs(x > 1.0) + (x > 1.0) // 1 + 2 ** (x > 3.0),
        lambda x: (np.uint64(7) ^ np.uint64(2)) << np.uint64(3),
    ],
)
def test_what_is_alike_is_compiled(function):
    assert compiled(function)(2.0) == function(2.0)

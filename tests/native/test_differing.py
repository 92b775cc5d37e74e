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


def into_a_list(x):
    sizes = [0] * 3
    sizes[1] = x
    return sizes[1]


def added_in_a_list(x):
    sizes = [0 for _ in range(3)]
    sizes[2] += 0.5
    return sizes[2]


def into_a_list_within(x):
    table = [[0, 0], [0, 0]]
    table[0][1] = x
    return table[0][1]


def in_a_pair_into_a_list(x):
    pairs = [(0, 0), (1, 1)]
    pairs[int(x) - 2] = (x, 1)
    return pairs[0][0]


def to_the_end_of_a_list(x):
    sizes = [1, 2]
    sizes += [x]
    return sizes[-1]


def into_a_slice(x):
    sizes = [1, 2, 3]
    sizes[0:1] = [x]
    return sizes[0]


def into_a_list_by_a_branch(x):
    sizes = [1, 2]
    sizes[0] = x if x > 1.0 else 1
    return sizes[0]


def into_flags(x):
    flags = [True, False]
    flags[0] = int(x)
    return flags[0]


LIST, SET = "cut: put into a list of whole numbers", "cut: looked up in a set of whole numbers"


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (into_a_list, LIST),
        (added_in_a_list, LIST),
        (into_a_list_within, LIST),
        (in_a_pair_into_a_list, LIST),
        (to_the_end_of_a_list, LIST),
        (into_a_slice, LIST),
        (into_a_list_by_a_branch, LIST),
        (into_flags, "cut: put into a list of bools"),
        (lambda x: x / 4 in {0, 1}, SET),
        (lambda x: x / 4 not in {0, 1}, SET),
        (lambda x: (x / 4, 1) in {(0, 1), (1, 1)}, SET),
        (lambda x: x in {True, False}, "cut: looked up in a set of bools"),
        (through_a_set, "order of a set: goes through one"),
        (unpacked, "order of a set: goes through one"),
        (lambda x: [2 * one for one in {64, 3}][0], "order of a set: goes through one"),  # noqa: RUF015
        (lambda x: list({"b", "aa"})[0] == "b", "order of a set: calls list with one"),  # noqa: RUF015
        (lambda x: [*{64, 3}][0], "order of a set: calls extend with one"),  # noqa: RUF015
        (lambda x: next(iter({64, 3})), "order of a set: calls iter with one"),
        (lambda x: {64, 3}.pop(), "order of a set: calls pop of one"),
        (lambda x: sorted({64, 3}, key=lambda y: -y)[0], "order of a set: calls sorted with one"),
        (lambda x: ",".join({"b", "aa"}), "order of a set: calls join with one"),
        (lambda x: len(list(range(x))), "float given to range"),
        (lambda x: len([1, 2, 3][:x]), "float given to a slice"),
        (lambda x: round(1.25, x), "float given to round"),
        (lambda x: math.gcd(4, x), "float given to gcd"),
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


def kept_in_lists(x):
    sizes, pairs = [0.0] * 3, [(0.0, 0)]
    sizes[1] = x
    sizes[2] += 0.5
    sizes += [1, x]
    sizes[0:1] = [x, x]
    pairs[0] = (x, 1)
    counts = [0, 0]
    counts[int(x) - 1] = x > 1.0
    counts[0] = 7
    counts += [int(x), 5]
    grown = [1, 2]
    grown.append(x)
    grown.insert(0, x)
    grown.extend([x])
    cut = np.array([1, 2])
    cut[0] = x + 0.5
    return sum(sizes) + sum(counts) + sum(grown) + pairs[0][0] + cut[0]


def kept_in_sets(x):
    some, pairs = {0.0, 1.0}, {(0.5, 1)}
    some.add(x)
    some.discard(x / 2)
    grown = {0, 1}
    grown.add(x)
    wholes = {0, 1}
    return (
        len(some)
        + 10 * (x / 4 in some)
        + 20 * ((x / 4, 1) in pairs)
        + 40 * len(grown)
        + 100 * (int(x) - 1 in wholes)
        + 200 * (x / 4 in (0, 1))
        + 400 * ([0, 1].count(x / 4))
    )


@pytest.mark.parametrize(
    "function",
    [
        algebra,
        kept_in_lists,
        kept_in_sets,
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

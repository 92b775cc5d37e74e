"""A number that Numba would cut is refused, and what a container or a function keeps is not."""

import math

import numpy as np
import pytest
from numba.core.errors import TypingError

from tests.native.compiled import compiled


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
        (lambda x: len(list(range(x))), "float given to range"),
        (lambda x: len([1, 2, 3][:x]), "float given to a slice"),
        (lambda x: round(1.25, x), "float given to round"),
        (lambda x: math.gcd(4, x), "float given to gcd"),
    ],
)
def test_a_number_is_not_cut(function, what: str):
    with pytest.raises(TypingError, match=what):
        compiled(function)(2.5)


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


@pytest.mark.parametrize("function", [kept_in_lists, kept_in_sets])
def test_what_keeps_numbers_has_pythons(function):
    assert compiled(function)(2.5) == function(2.5)

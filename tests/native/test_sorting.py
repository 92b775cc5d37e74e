"""Lists are sorted in compiled code to the order that Python gives them."""

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.native.compiler import get_ready_to_compile
from tests.native.compiled import compiled

get_ready_to_compile()


def by_key(numbers):
    pairs = [(int(10 * x) % 3, at) for at, x in enumerate(numbers)]
    pairs.sort(key=lambda pair: pair[0])
    return [at for _, at in pairs]


def by_key_downwards(numbers):
    pairs = [(int(10 * x) % 3, at) for at, x in enumerate(numbers)]
    return [at for _, at in sorted(pairs, key=lambda pair: pair[0], reverse=True)]


def downwards(numbers):
    found = [round(x) * 0.0 * x for x in numbers]  # zeros of both signs
    found.sort(reverse=True)
    return [math.copysign(1.0, zero) for zero in found]


def upwards(numbers):
    return [math.copysign(x, x) for x in sorted([x * (x > 0.5) for x in numbers])]


def of_texts(numbers):
    return [len(text) for text in sorted([str(int(10 * x)) for x in numbers])]


@pytest.mark.parametrize("function", [by_key, by_key_downwards, downwards, upwards, of_texts])
def test_equal_items_keep_their_order(function):
    ours = compiled(function)

    @given(st.lists(st.floats(-3.0, 3.0), max_size=150))
    def check(numbers):
        assert ours(np.array(numbers)) == function(np.array(numbers))

    check()


@pytest.mark.parametrize("downwards", [False, True])
@pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python 3.13 looks for runs in another way")
def test_a_nan_in_a_short_list_ends_where_it_does_in_python(downwards):
    def in_order(numbers):
        return sorted([math.nan if abs(x) > 2.0 else x for x in numbers], reverse=downwards)

    ours = compiled(in_order)

    @given(st.lists(st.floats(-3.0, 3.0), max_size=63))
    def check(numbers):
        np.testing.assert_array_equal(ours(np.array(numbers)), in_order(np.array(numbers)))

    check()

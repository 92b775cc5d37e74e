import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

from pipeline.native.memory import (
    copy_record,
    floats_at,
    integers_of,
    load_f8,
    load_i8,
    record_at,
    store_f8,
    store_i8,
    words_of,
)

PAIR = np.dtype([("count", "i8"), ("price", "f8")])
pair_at = record_at(PAIR)
copy_pair = copy_record(PAIR)


def test_values_are_read_and_written_where_they_lie():
    floats, whole = np.array([1.5, 2.5, 3.5]), np.array([7, 8, 9])

    @njit
    def swap(f, i):
        a, b = load_f8(f, 0), load_i8(i, 2)
        store_f8(f, 0, load_f8(f, 2))
        store_i8(i, 0, b)
        return a

    assert swap(floats.ctypes.data, whole.ctypes.data) == 1.5
    assert floats.tolist() == [3.5, 2.5, 3.5]
    assert whole.tolist() == [9, 8, 9]


def test_a_record_at_an_address_is_the_memory_and_no_copy():
    pairs = np.zeros(2, PAIR)

    @njit
    def fill(address):
        pair = pair_at(address + 16)
        pair.count = 3
        pair.price = 0.5 * pair.count
        return pair.price

    assert fill(pairs.ctypes.data) == 1.5
    assert pairs.tolist() == [(0, 0.0), (3, 1.5)]


def test_a_record_is_copied_as_a_whole_and_nothing_beside_it():
    pairs = np.array([(1, 0.5), (2, 1.5), (3, 2.5)], PAIR)

    @njit
    def copy(address):
        copy_pair(address + 16, address)

    copy(pairs.ctypes.data)
    assert pairs.tolist() == [(1, 0.5), (1, 0.5), (3, 2.5)]


def test_floats_at_an_address_are_a_view_of_so_many():
    floats = np.arange(6.0)

    @njit
    def touch(address):
        view = floats_at(address + 16, 3)
        view[0] = -1.0
        return view.size, view[1:].sum()

    assert touch(floats.ctypes.data) == (3, 7.0)
    assert floats.tolist() == [0.0, 1.0, -1.0, 3.0, 4.0, 5.0]


@pytest.mark.parametrize(("step", "negative"), [(1, [0, 0, 0, 1]), (2, [0, 1])])
def test_numbers_of_an_array_are_its_memory_read_as_another_type(step: int, negative: list[int]):
    floats = np.array([1.0, -0.0, np.nan, -np.inf])[::step]

    @njit
    def flip(array):
        bits = words_of(array)
        bits[1] ^= np.uint64(1) << np.uint64(63)
        return integers_of(array)

    assert flip(floats).tolist() == floats.view(np.int64).tolist()
    assert np.signbit(floats).tolist() == negative  # the sign of number 1 is another


def test_numbers_of_another_size_are_not_read():
    @njit
    def read(array):
        return words_of(array)

    with pytest.raises(TypingError, match=r"8-byte numbers was expected, got array\(int32"):
        read(np.zeros(2, np.int32))

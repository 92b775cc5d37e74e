import numpy as np
from numba import njit

from pipeline.native.memory import (
    copy_record,
    floats_at,
    load_f8,
    load_i8,
    record_at,
    store_f8,
    store_i8,
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

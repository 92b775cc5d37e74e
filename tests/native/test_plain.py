"""What stands in the place of compiled code where Numba compiles nothing."""

import numpy as np
import pytest
from numba import types

from pipeline.native import plain
from tests.golden.pins import pinned
from tests.reference.own_process import environment, python

MIXED = np.dtype([("count", "i8"), ("price", "f8"), ("closes", "f8", (3,))])
mixed_at = plain.record_at(MIXED)


def test_a_record_reads_and_writes_the_memory_as_numbers_of_python():
    rows = np.zeros(2, MIXED)
    record = mixed_at(rows[1:].ctypes.data)
    record.count += 3
    record.price = 0.5 * record.count
    record.closes[1] = 7.0
    assert rows[1].item()[:2] == (3, 1.5)
    assert rows[1]["closes"].tolist() == [0.0, 7.0, 0.0]
    assert rows[0].item()[:2] == (0, 0.0)
    assert (type(record.count), type(record.price)) == (int, float)


def test_rows_of_an_array_are_records():
    rows = np.zeros(3, MIXED)
    seen = plain.Records(rows[::2])
    seen[1].count = 5
    assert seen.size == 2
    assert rows["count"].tolist() == [0, 0, 5]


def test_values_are_read_and_written_where_they_lie():
    floats, whole = np.array([1.5, 2.5, 3.5]), np.array([7, 8, 9])
    plain.store_f8(floats.ctypes.data, 2, plain.load_f8(floats.ctypes.data, 0))
    plain.store_i8(whole.ctypes.data, 0, plain.load_i8(whole.ctypes.data, 2))
    plain.floats_at(floats.ctypes.data + 8, 2)[0] = -1.0
    assert (floats.tolist(), whole.tolist()) == ([1.5, -1.0, 1.5], [9, 8, 9])


def test_a_record_is_copied_as_a_whole_and_nothing_beside_it():
    rows = np.zeros(3, MIXED)
    rows["count"] = 1, 2, 3
    plain.copy_record(MIXED)(rows[1:].ctypes.data, rows.ctypes.data)
    assert rows["count"].tolist() == [1, 1, 3]


def test_a_function_is_called_by_its_number():
    address = plain.address_of(lambda one, two: one - two)
    assert address != 0
    assert plain.call(address, (5, 3)) == 2


class Outer(types.Opaque):
    pass


class Inner(Outer):
    pass


@plain.overload_attribute(Outer, "kept")
def _kept(struct):
    return lambda struct: plain.member("kept")(struct)


@plain.overload_method(Outer, "named")
def _named(struct, text, times=1):
    if not isinstance(text, types.StringLiteral):
        return None
    word = text.literal_value
    return lambda struct, text, times=1: word * times


def test_a_struct_has_what_is_overloaded_for_its_type_and_for_the_types_above():
    struct = plain.Struct(Inner("inner"), ("kept",), (4,))
    assert struct.kept == 4
    assert struct.named("ab", times=2) == "abab"
    with pytest.raises(AttributeError, match="inner has no 'other'"):
        _ = struct.other


SCRIPT = """
from pipeline.native.plain import PLAIN
from tests.golden.pins import COMPILED, pin_case
print(PLAIN, pin_case("tiers_by_units", COMPILED)["digest"])
"""


def test_a_lane_gives_the_same_without_the_compiler():
    done = python("-c", SCRIPT, env=environment(NUMBA_DISABLE_JIT="1"))
    assert done.stdout.split() == ["True", pinned()["cases"]["tiers_by_units"]["digest"]]

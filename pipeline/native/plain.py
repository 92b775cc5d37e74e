"""Plain Python in the place of compiled code: for ``NUMBA_DISABLE_JIT=1``.

With that variable in the environment Numba compiles nothing, and every kernel is the Python
function of its source. A debugger stops in it and coverage sees its lines. Operations that have no
Python body, because they are written for the compiler, have twins here:

    record_at, copy_record, load_*, store_*, *_at         memory at an address, through ctypes
    words_of, integers_of                                arrays of other numbers
    address_of, call                                     a hook by a number, as machine code has one
    Struct, overload_attribute, overload_method          the ``bar`` and ``ctx`` of a compiled hook

Results are the same to the last bit; a run takes some hundred times as long.
"""

import ctypes
import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

#: Whether Numba was told to compile nothing.
PLAIN = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
if PLAIN:
    # Compiled code does not warn of overflows or NaN.
    np.seterr(all="ignore")

_CELLS: dict[str, Any] = {"i": ctypes.c_int64, "f": ctypes.c_double}
_HIDDEN = "cells of "


# --- memory -------------------------------------------------------------------------------------


def record_at(dtype: np.dtype[Any]) -> Callable[[int], Any]:
    """Make a function that views the memory at an address as one record of ``dtype``.

    Its fields are attributes: a number is an int or a float, an array is a NumPy view.
    """
    assert dtype.fields is not None
    fields: list[Any] = []
    shown: dict[str, Any] = {}
    for name in dtype.names or ():
        field, offset = dtype.fields[name][:2]
        kind = _CELLS[field.base.kind]
        assert field.base.itemsize == 8
        assert offset == 8 * sum(ctypes.sizeof(one) // 8 for _, one in fields)
        if field.shape:
            fields.append((_HIDDEN + name, kind * int(np.prod(field.shape))))
            shown[name] = _array_field(_HIDDEN + name)
        else:
            fields.append((name, kind))
    record: Any = type("Record", (ctypes.Structure,), {"_fields_": fields, **shown})
    # ctypes takes no NumPy integer for an address.
    return lambda address: record.from_address(int(address))


def _array_field(name: str) -> property:
    return property(lambda record: np.ctypeslib.as_array(getattr(record, name)))


class Records:
    """A structured array whose rows are records of `record_at`. The array must be kept alive."""

    def __init__(self, array: npt.NDArray[Any]) -> None:
        self.size = array.size
        self._first, self._stride = array.ctypes.data, array.strides[0]
        self._at = record_at(array.dtype)

    def __getitem__(self, index: int) -> Any:
        return self._at(self._first + index * self._stride)


def copy_record(dtype: np.dtype[Any]) -> Callable[[int, int], None]:
    """Make a function that copies one record of ``dtype`` to an address from another."""

    def copy(target: int, source: int) -> None:
        ctypes.memmove(target, source, dtype.itemsize)

    return copy


def load_f8(address: int, index: int) -> float:
    """Return the float64 number ``index`` behind an address."""
    return ctypes.c_double.from_address(int(address) + 8 * int(index)).value


def load_i8(address: int, index: int) -> int:
    """Return the int64 number ``index`` behind an address."""
    return ctypes.c_int64.from_address(int(address) + 8 * int(index)).value


def store_f8(address: int, index: int, value: float) -> None:
    """Write the float64 number ``index`` behind an address."""
    ctypes.c_double.from_address(int(address) + 8 * int(index)).value = value


def store_i8(address: int, index: int, value: int) -> None:
    """Write the int64 number ``index`` behind an address."""
    ctypes.c_int64.from_address(int(address) + 8 * int(index)).value = int(value)


def floats_at(address: int, count: int) -> Any:
    """View ``count`` float64 values at an address as a one-dimensional array, without a copy."""
    return np.ctypeslib.as_array((ctypes.c_double * int(count)).from_address(int(address)))


def read_only_floats_at(address: int, count: int) -> Any:
    """View ``count`` float64 values at an address as an array that cannot be written to."""
    view = floats_at(address, count)
    view.flags.writeable = False
    return view


def integers_at(address: int, count: int) -> Any:
    """View ``count`` int64 values at an address as a one-dimensional array, without a copy."""
    return np.ctypeslib.as_array((ctypes.c_int64 * int(count)).from_address(int(address)))


def read_only_integers_at(address: int, count: int) -> Any:
    """View ``count`` int64 values at an address as an array that cannot be written to."""
    view = integers_at(address, count)
    view.flags.writeable = False
    return view


def words_of(array: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """View an array of 8-byte numbers as uint64 numbers."""
    return array.view(np.uint64)


def integers_of(array: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """View an array of 8-byte numbers as int64 numbers."""
    return array.view(np.int64)


# --- functions ----------------------------------------------------------------------------------

_FUNCTIONS: list[Callable[..., Any]] = []


def address_of(function: Callable[..., Any]) -> int:
    """Return the number by which `call` finds a function; never 0."""
    _FUNCTIONS.append(function)
    return len(_FUNCTIONS)


def call(address: int, arguments: tuple[Any, ...]) -> Any:
    """Call the function of a number."""
    return _FUNCTIONS[address - 1](*arguments)


def call_or_nan(address: int, *arguments: Any) -> float:
    """Call the function of a number and return its result as a float; NaN if it raises."""
    try:
        return float(call(address, arguments))
    except Exception:  # noqa: BLE001 - compiled code, too, tells only that there was one
        return math.nan


# --- structs ------------------------------------------------------------------------------------

_ATTRIBUTES: dict[tuple[type, str], Callable[..., Any]] = {}
_METHODS: dict[tuple[type, str], Callable[..., Any]] = {}


class Struct:
    """A value of a Numba type that this package defines: members, attributes and methods.

    ``kind``: the type. Attributes and methods are those that were registered for its class.
    """

    def __init__(self, kind: Any, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
        self._kind = kind
        self._members = dict(zip(names, values, strict=True))

    def __getattr__(self, name: str) -> Any:
        for cls in type(self._kind).__mro__:
            if (resolve := _ATTRIBUTES.get((cls, name))) is not None:
                implementation = resolve(self._kind)
                if implementation is not None:
                    return implementation(self)
            if (resolve := _METHODS.get((cls, name))) is not None:
                return _bound(resolve, self)
        raise AttributeError(f"{self._kind} has no {name!r}")


def _bound(resolve: Callable[..., Any], struct: Struct) -> Callable[..., Any]:
    def method(*given: Any, **named: Any) -> Any:
        kinds = {name: _type_of(value) for name, value in named.items()}
        return resolve(struct._kind, *map(_type_of, given), **kinds)(struct, *given, **named)

    return method


def _type_of(value: Any) -> Any:
    """Return what an overload is told of an argument: a literal type for a text, else the value."""
    from numba import types

    return types.literal(value) if isinstance(value, str) else value


def member(name: str) -> Callable[[Struct], Any]:
    """Make a function that reads one member of a struct."""
    return lambda struct: struct._members[name]


def overload_attribute(kind: type, name: str, **options: Any) -> Callable[[Any], Any]:
    """Register an implementation for `Struct`, as Numba's decorator of this name does."""

    def register(resolve: Any) -> Any:
        _ATTRIBUTES[kind, name] = resolve
        return resolve

    return register


def overload_method(kind: type, name: str, **options: Any) -> Callable[[Any], Any]:
    """Register an implementation for `Struct`, as Numba's decorator of this name does."""

    def register(resolve: Any) -> Any:
        _METHODS[kind, name] = resolve
        return resolve

    return register

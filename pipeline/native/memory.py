"""Typed loads, stores and records at raw addresses, for compiled code.

Python owns the NumPy memory of a lane. A kernel is given its address, a plain integer, and reads
and writes it through the functions of this file. The reason is speed: a compiled function counts
references to a NumPy array at every access, which costs more than all other work at a bar
(measured: 65 ns per bar with arrays in a structref, 7.5 ns with addresses), and Python hands over
an integer faster than anything else.

The caller must keep the memory alive and stay within its bounds: no function here checks that.

Without the compiler (`native.plain`) each function is its plain twin, with the same results.
"""

from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.native import plain


class Operation:
    """An operation that compiled code does in a few instructions (`intrinsics`).

    ``name``: of the intrinsic or, with arguments ``given``, of the function that makes it. It is
    made when the compiler first meets it, so a process that only names kernels does not import the
    compiler.
    """

    def __init__(self, name: str, *given: Any) -> None:
        self._name = name
        self._given = given

    def __call__(self, *arguments: Any) -> Any:
        """Refuse to be called from Python."""
        raise NotImplementedError(f"{self._name} is for compiled code")

    @cached_property
    def _numba_type_(self) -> Any:
        from numba.core.registry import cpu_target

        made = getattr(import_module("pipeline.native.intrinsics"), self._name)
        if self._given:
            made = made(*self._given)
        context = cpu_target.typing_context
        context.refresh()  # takes notice of what was just made
        return context.resolve_value_type(made)


def record_at(dtype: np.dtype[Any]) -> Callable[[int], Any]:
    """Return an operation that views the memory at an address as one record of ``dtype``.

    The record is no copy: reading and setting its fields reads and sets the memory.
    """
    return plain.record_at(dtype) if plain.PLAIN else Operation("record_at", dtype)


def copy_record(dtype: np.dtype[Any]) -> Callable[[int, int], None]:
    """Return an operation that copies one record of ``dtype`` to an address from another.

    The two must not overlap. Copying cell by cell would take four times as long, because the
    compiler cannot exclude that a store changes the next cell to be loaded.
    """
    return plain.copy_record(dtype) if plain.PLAIN else Operation("copy_record", dtype)


def _operation(name: str) -> Any:
    return getattr(plain, name) if plain.PLAIN else Operation(name)


#: (address, index) -> the number there; an index counts numbers of 8 bytes.
load_f8: Callable[[int, int], float] = _operation("load_f8")
load_i8: Callable[[int, int], int] = _operation("load_i8")
#: (address, index, value): write a number there.
store_f8: Callable[[int, int, float], None] = _operation("store_f8")
store_i8: Callable[[int, int, int], None] = _operation("store_i8")
#: (address, count) -> so many float64 numbers as a one-dimensional array, without a copy.
floats_at: Callable[[int, int], Any] = _operation("floats_at")
#: The same as an array that cannot be written to.
read_only_floats_at: Callable[[int, int], Any] = _operation("read_only_floats_at")
#: The same of int64 numbers.
read_only_integers_at: Callable[[int, int], Any] = _operation("read_only_integers_at")
#: The same of int64 numbers, as an array that can.
integers_at: Callable[[int, int], Any] = _operation("integers_at")
#: (array of 8-byte numbers) -> their bits as uint64 numbers, or as int64 numbers, without a copy.
words_of: Callable[[Any], Any] = _operation("words_of")
integers_of: Callable[[Any], Any] = _operation("integers_of")


def records(array: npt.NDArray[Any]) -> Any:
    """Return a structured array for a kernel whose source reads fields as attributes."""
    return plain.Records(array) if plain.PLAIN else array

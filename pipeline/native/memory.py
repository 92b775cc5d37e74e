"""Typed loads, stores and records at raw addresses, for compiled code.

A lane's state is NumPy memory that Python owns. Kernels get its address and read it through these
helpers: a NumPy array passed into a compiled function is reference-counted on every access, which
costs more than a whole bar's work (measured: 65 ns per bar with arrays in a structref, 7.5 ns with
addresses), and a plain integer is the cheapest argument to hand over from Python.

Who calls must keep the memory alive and in bounds; nothing here checks.
"""

from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np


class Operation:
    """An operation that compiled code does in a few instructions (`intrinsics`).

    ``name`` names it there; with ``given`` it is made by that name. It is made when the compiler
    first meets it, so that whoever only names kernels does not import the compiler.
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
    return Operation("record_at", dtype)


def copy_record(dtype: np.dtype[Any]) -> Callable[[int, int], None]:
    """Return an operation that copies one record of ``dtype`` to an address from another.

    The two must not overlap. Cell by cell it would take four times as long: for all the compiler
    knows, each store may change the next cell to be loaded.
    """
    return Operation("copy_record", dtype)


#: (address, index) -> the number there; an index counts numbers of 8 bytes.
load_f8: Callable[[int, int], float] = Operation("load_f8")
load_i8: Callable[[int, int], int] = Operation("load_i8")
#: (address, index, value): write a number there.
store_f8: Callable[[int, int, float], None] = Operation("store_f8")
store_i8: Callable[[int, int, int], None] = Operation("store_i8")
#: (address, count) -> so many float64 numbers as a one-dimensional array, without a copy.
floats_at: Callable[[int, int], Any] = Operation("floats_at")

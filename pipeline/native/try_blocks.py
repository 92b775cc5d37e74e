"""What stands in a ``try`` means in compiled code what it means in Python.

Numba ends a block of instructions after each one in a ``try`` that may raise, and forgets what it
knew in that block. In CPython 3.11 and 3.12 the names of keyword arguments are an instruction of
their own before a call. Once forgotten, ``f(stop=9.0)`` passes 9.0 as the first argument that ``f``
has. Here a call that knows no names looks for that instruction itself.

Numba marks a store of an exception as one that ends the function. Its pruner of reference counts
takes such a block for an end, where nothing must be released any more: it drops the one release
that the other blocks have in common with it. In a ``try`` the code goes on, in the ``except``. What
is released there would be released once too often, and a list would be gone while it is in use.
Here such a store bears no mark.
"""

from typing import Any

from numba.core.byteflow import StatePy311
from numba.core.callconv import CPUCallConv
from numba.core.lowering import Lower

#: What may stand between the names and the call.
_BETWEEN = "CACHE", "PRECALL"
#: Instructions begin at even places.
_STEP = 2
#: What a store of an exception is marked with.
_ENDS = "numba_exception_output"

_numbas_names = StatePy311.pop_kw_names
_numbas_store = CPUCallConv.set_static_user_exc
_numbas_raise = Lower.lower_static_try_raise


def _pop_names(self: Any) -> int | None:
    """Return the place of a call's keyword names among the constants; None if it has none."""
    found: int | None = _numbas_names(self)
    if found is not None:
        return found
    table, place = self._bytecode.table, self._pc - _STEP
    while place >= 0 and (place not in table or table[place].opname in _BETWEEN):
        place -= _STEP
    return table[place].arg if place >= 0 and table[place].opname == "KW_NAMES" else None


def _store(self: Any, builder: Any, *given: Any, **named: Any) -> None:
    """Store an exception that an operation raises."""
    _numbas_store(self, builder, *given, **named)
    if hasattr(builder, "_in_try_block"):
        _unmark(builder)


def _raise(self: Any, step: Any) -> None:
    """Store the exception of a ``raise``; the jump to the ``except`` follows."""
    _numbas_raise(self, step)
    _unmark(self.builder)


def _unmark(builder: Any) -> None:
    """Take the mark off the store that was written last."""
    builder.block.instructions[-1].metadata.pop(_ENDS, None)


StatePy311.pop_kw_names = _pop_names
CPUCallConv.set_static_user_exc = _store
Lower.lower_static_try_raise = _raise

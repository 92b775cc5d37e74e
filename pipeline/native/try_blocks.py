"""Keyword arguments of calls in a ``try``, which Numba takes for positional ones.

Numba ends a block of instructions after each one in a ``try`` that may raise, and forgets what it
knew in that block. In CPython 3.11 and 3.12 the names of keyword arguments are an instruction of
their own before a call. Once forgotten, ``f(stop=9.0)`` passes 9.0 as the first argument that ``f``
has. Here a call that knows no names looks for that instruction itself.
"""

from typing import Any

from numba.core.byteflow import StatePy311

#: What may stand between the names and the call.
_BETWEEN = "CACHE", "PRECALL"
#: Instructions begin at even places.
_STEP = 2

_numbas_names = StatePy311.pop_kw_names


def _pop_names(self: Any) -> int | None:
    """Return the place of a call's keyword names among the constants; None if it has none."""
    found: int | None = _numbas_names(self)
    if found is not None:
        return found
    table, place = self._bytecode.table, self._pc - _STEP
    while place >= 0 and (place not in table or table[place].opname in _BETWEEN):
        place -= _STEP
    return table[place].arg if place >= 0 and table[place].opname == "KW_NAMES" else None


StatePy311.pop_kw_names = _pop_names

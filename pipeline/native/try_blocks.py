"""Instructions in a ``try`` that cannot raise, so that what belongs together stays together.

Numba ends a block of instructions after each one in a ``try`` that may raise, and then forgets what
it knew of that block. In CPython 3.11 and 3.12 the names of keyword arguments are an instruction of
their own before a call: forgotten, ``f(stop=9.0)`` passed 9.0 as the first argument that `f` has.
A list of constants is made of an empty one and extended, which Numba refuses at the start of a
block. Neither instruction can raise.
"""

from numba.core import byteflow

_CANNOT_RAISE = "KW_NAMES", "CACHE", "BUILD_LIST"

byteflow._NO_RAISE_OPS |= frozenset(_CANNOT_RAISE)

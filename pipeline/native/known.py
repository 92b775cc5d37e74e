"""What Numba finds out at every place anew, found out once.

That is a seventh of all compiling, and the answers are always the same:

- What an operation on numbers comes to. Numba asks all that could do it, one after the other,
  whether they take these types: an addition could be meant for arrays, for dates, for texts.
- How many bytes a type of LLVM has. Numba makes a module of LLVM to ask it, at every variable.
- The text of a record's type, with all of its fields. Numba writes it into an error at every access
  to a field, catches that error and goes on.
"""

from typing import Any

from numba.core import types
from numba.core.base import BaseContext
from numba.core.types.functions import BaseFunction

_NUMBERS = types.Number | types.Boolean

_numbas_call_type = BaseFunction.get_call_type
_numbas_size = BaseContext.get_abi_sizeof
_numbas_text = types.Record.__repr__

_sizes: dict[str, int] = {}
_texts: dict[str, str] = {}


def _call_type(self: Any, context: Any, args: Any, kws: Any) -> Any:
    """Return the signature of a call; for numbers, the one that was found before."""
    if kws or not all(isinstance(kind, _NUMBERS) for kind in args):
        return _numbas_call_type(self, context, args, kws)
    # Numba makes a new object of an operation's type when there is something new that can do it.
    known = self.__dict__.setdefault("_known_calls", {})
    if args not in known:
        known[args] = _numbas_call_type(self, context, args, kws)
    return known[args]


def _size(self: Any, kind: Any) -> int:
    """Return the size of an LLVM type in bytes."""
    name = str(kind)
    if name not in _sizes:
        _sizes[name] = _numbas_size(self, kind)
    return _sizes[name]


def _text(self: Any) -> str:
    """Return the text of a record's type."""
    if self.name not in _texts:
        _texts[self.name] = _numbas_text(self)
    return _texts[self.name]


BaseFunction.get_call_type = _call_type  # type: ignore[method-assign]
BaseContext.get_abi_sizeof = _size
types.Record.__repr__ = _text  # type: ignore[method-assign]

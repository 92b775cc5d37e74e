"""Operations on numbers, whose types are settled once and not at every place that has one.

For each operation of a source, Numba asks all that could do it, one after the other, whether they
take arguments of these types: adding two numbers could be meant for arrays, for dates, for texts.
That is a tenth of all compiling, and the answer is always the same for the same numbers.
"""

from typing import Any

from numba.core import types
from numba.core.types.functions import BaseFunction

_NUMBERS = types.Number | types.Boolean

_numbas_call_type = BaseFunction.get_call_type


def _call_type(self: Any, context: Any, args: Any, kws: Any) -> Any:
    """Return the signature of a call; for numbers, the one that was found before."""
    if kws or not all(isinstance(kind, _NUMBERS) for kind in args):
        return _numbas_call_type(self, context, args, kws)
    # Numba makes a new object of an operation's type when there is something new that can do it.
    known = self.__dict__.setdefault("_known_calls", {})
    if args not in known:
        known[args] = _numbas_call_type(self, context, args, kws)
    return known[args]


BaseFunction.get_call_type = _call_type  # type: ignore[method-assign]

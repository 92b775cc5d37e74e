"""Where numbers end, users' compiled code raises what Python raises there.

Numba takes what the processor and C's library give: ``int(nan)`` is the least whole number,
``math.sqrt(-1.0)`` is NaN, ``math.exp(1000.0)`` is infinite, and ``1 << 64`` is 1. Here what Numba
writes for such a function stands between checks of the arguments and of the result, which are two
comparisons in the usual case. NaN goes in and comes out as in Python. A dict that grows or shrinks
while it is gone through ends the loop in Numba; here it raises, too.

Only functions of the user's are lowered so: kernels, and what Numba compiles of its own for a
user's function, are not.
"""

import builtins
import copy
import math
import operator
from collections.abc import Callable
from functools import partial
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.cpu import CPUContext
from numba.core.types.containers import DictIteratorType
from numba.cpython import mathimpl
from numba.typed.dictobject import Status

_REAL, _INTEGER = ir.DoubleType(), ir.IntType(64)
_DOMAIN = (ValueError, "math domain error")
_RANGE = (OverflowError, "math range error")
_BITS = 64
#: The numbers from which on a whole number of 64 bits does not hold them, below and above.
_LEAST, _GREATEST = -(2.0**63), 2.0**63


class UsersContext(CPUContext):  # type: ignore[misc]  # numba is untyped
    """Numba's context for lowering one function of the user's."""

    plain: Any

    @classmethod
    def of(cls, context: Any) -> "UsersContext":
        """Return a context that is as another one, but for what this file is about."""
        made: UsersContext = copy.copy(context)
        made.__class__ = cls
        made.plain = context
        return made

    def get_function(self, fn: Any, sig: Any, _firstcall: bool = True) -> Any:
        """Return what lowers a call of a function, with checks around it if it has some."""
        lower = super().get_function(fn, sig, _firstcall)
        if fn == "iternext" and isinstance(sig.args[0], DictIteratorType):
            return partial(_next_of_dict, self, sig, lower)
        if isinstance(fn, types.NumberClass):
            check: Any = _to_whole
        else:
            check = _CHECKS.get(fn.typing_key) if isinstance(fn, types.Function) else None
        if check is None or not all(isinstance(kind, _NUMBERS) for kind in sig.args):
            return lower

        def checked(builder: Any, arguments: Any, loc: Any = None) -> Any:
            call = _Call(self, builder, sig, arguments)
            return check(call, lambda: lower(builder, call.arguments, loc))

        return checked

    def _compile_subroutine_no_cache(self, *given: Any, **named: Any) -> Any:
        """Compile what Numba needs for itself as for any other function."""
        return self.plain._compile_subroutine_no_cache(*given, **named)


_NUMBERS = types.Number | types.Boolean


class _Call:
    """One call that is being lowered."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        self.context, self.builder, self.signature = context, builder, signature
        self.arguments = arguments

    def real(self, place: int) -> Any:
        """Return an argument as a real number."""
        kind = self.signature.args[place]
        return self.context.cast(self.builder, self.arguments[place], kind, types.float64)

    def whole(self, place: int) -> Any:
        """Return an argument as a whole number."""
        kind = self.signature.args[place]
        return self.context.cast(self.builder, self.arguments[place], kind, types.int64)

    def are_finite(self) -> Any:
        """Return whether no argument is NaN or infinite."""
        found = cgutils.true_bit
        for place, kind in enumerate(self.signature.args):
            if isinstance(kind, types.Float):
                here = mathimpl.is_finite(self.builder, self.real(place))
                found = self.builder.and_(found, here)
        return found

    def are_numbers(self) -> Any:
        """Return whether no argument is NaN."""
        found = cgutils.true_bit
        for place, kind in enumerate(self.signature.args):
            if isinstance(kind, types.Float):
                given = self.real(place)
                here = self.builder.fcmp_ordered("ord", given, given)
                found = self.builder.and_(found, here)
        return found

    def raise_if(self, condition: Any, kind: type[Exception], *words: Any) -> None:
        """Write that an exception is raised where a condition holds."""
        with cgutils.if_unlikely(self.builder, condition):
            self.context.call_conv.return_user_exc(self.builder, kind, words)


_Check = Callable[[_Call, Callable[[], Any]], Any]


def _to_whole(call: _Call, lower: Callable[[], Any]) -> Any:
    """Refuse NaN, infinity and what 64 bits do not hold, where a whole number is made."""
    kinds, builder = call.signature.args, call.builder
    rounds = isinstance(call.signature.return_type, types.Integer) and len(kinds) == 1
    if not rounds or not isinstance(kinds[0], types.Float):
        return lower()
    given = call.real(0)
    fits = builder.and_(
        builder.fcmp_ordered(">=", given, _REAL(_LEAST)),
        builder.fcmp_ordered("<", given, _REAL(_GREATEST)),
    )
    with cgutils.if_unlikely(builder, builder.not_(fits)):
        nan = builder.fcmp_unordered("uno", given, given)
        call.raise_if(nan, ValueError, "cannot convert float NaN to integer")
        infinite = mathimpl.is_inf(builder, given)
        call.raise_if(infinite, OverflowError, "cannot convert float infinity to integer")
        words = "a number must be below 2**63 to be a whole one here, where they have 64 bits"
        call.raise_if(cgutils.true_bit, OverflowError, words)
    return lower()


def _of_domain(call: _Call, lower: Callable[[], Any]) -> Any:
    """Refuse a result that is NaN, or infinite out of a finite number: outside of the domain.

    A logarithm to a base is a function of this package, which refuses by itself.
    """
    return _checked(call, lower(), _DOMAIN) if len(call.arguments) == 1 else lower()


def _of_range(call: _Call, lower: Callable[[], Any]) -> Any:
    """Refuse a NaN, as outside of the domain, and an infinite result as outside of the range."""
    return _checked(call, lower(), _RANGE)


def _of_gamma(call: _Call, lower: Callable[[], Any]) -> Any:
    """Refuse whole numbers that are not above zero, and results outside of the range."""
    found, given = lower(), call.real(0)
    pole = call.builder.fcmp_ordered("<=", given, _REAL(0.0))
    infinite = call.builder.and_(mathimpl.is_inf(call.builder, found), call.are_finite())
    call.raise_if(call.builder.and_(pole, infinite), *_DOMAIN)
    return _checked(call, found, _RANGE)


def _of_math_pow(call: _Call, lower: Callable[[], Any]) -> Any:
    """Refuse zero to a negative power as ``math.pow`` does, and what `_of_range` refuses."""
    builder = call.builder
    zero = builder.fcmp_ordered("==", call.real(0), _REAL(0.0))
    negative = builder.fcmp_ordered("<", call.real(1), _REAL(0.0))
    call.raise_if(builder.and_(zero, negative), *_DOMAIN)
    return _checked(call, lower(), _RANGE)


def _of_power(call: _Call, lower: Callable[[], Any]) -> Any:
    """Refuse a power of real numbers that is too great; `power` refuses what is none."""
    found = lower()
    if isinstance(call.signature.return_type, types.Float):
        too_great = call.builder.and_(mathimpl.is_inf(call.builder, found), call.are_finite())
        call.raise_if(too_great, OverflowError, 34, "Numerical result out of range")
    return found


def _checked(call: _Call, found: Any, infinite: tuple[type[Exception], str]) -> Any:
    """Check the result of a function of `math`; ``infinite``: what is raised of an infinite one."""
    builder = call.builder
    with cgutils.if_unlikely(builder, builder.not_(mathimpl.is_finite(builder, found))):
        nan = builder.fcmp_unordered("uno", found, found)
        call.raise_if(builder.and_(nan, call.are_numbers()), *_DOMAIN)
        call.raise_if(builder.and_(builder.not_(nan), call.are_finite()), *infinite)
    return found


def _leftwards(call: _Call, lower: Callable[[], Any]) -> Any:
    """Refuse a shift by a negative number, and one that loses all 64 bits."""
    by = _shifted_by(call)
    words = "a shift to the left must be below 64 here, where whole numbers have 64 bits"
    call.raise_if(call.builder.icmp_signed(">=", by, _INTEGER(_BITS)), OverflowError, words)
    return lower()


def _rightwards(call: _Call, lower: Callable[[], Any]) -> Any:
    """Refuse a shift by a negative number; one by 64 and more leaves what one by 63 leaves."""
    by, builder = _shifted_by(call), call.builder
    last = _INTEGER(_BITS - 1)
    by = builder.select(builder.icmp_signed("<", by, last), by, last)
    kinds = call.signature.args
    call.arguments = call.arguments[0], call.context.cast(builder, by, types.int64, kinds[1])
    return lower()


def _shifted_by(call: _Call) -> Any:
    """Return by how much is shifted; refuse a negative number."""
    by = call.whole(1)
    negative = call.builder.icmp_signed("<", by, _INTEGER(0))
    call.raise_if(negative, ValueError, "negative shift count")
    return by


def _next_of_dict(context: Any, signature: Any, lower: Any, builder: Any, arguments: Any) -> Any:
    """Refuse to go on through a dict that has grown or shrunk; Numba ends there, as at its end."""
    found = lower(builder, arguments)
    ended = builder.not_(builder.extract_value(found, 1))
    with cgutils.if_unlikely(builder, ended):
        iterator = context.make_helper(builder, signature.args[0], arguments[0])
        nothing = cgutils.alloca_once(builder, cgutils.voidptr_t)
        kind = ir.FunctionType(
            cgutils.int32_t, [cgutils.voidptr_t, *[cgutils.voidptr_t.as_pointer()] * 2]
        )
        after = cgutils.get_or_insert_function(builder.module, kind, "numba_dict_iter_next")
        status = builder.call(after, (iterator.state, nothing, nothing))
        changed = builder.icmp_signed("==", status, status.type(Status.ERR_DICT_MUTATED))
        with cgutils.if_unlikely(builder, changed):
            words = ("dictionary changed size during iteration",)
            context.call_conv.return_user_exc(builder, RuntimeError, words)
    return found


_CHECKS: dict[Any, _Check] = {
    **dict.fromkeys((int, builtins.round, math.floor, math.ceil, math.trunc), _to_whole),
    **dict.fromkeys((math.sqrt, math.sin, math.cos, math.tan, math.asin, math.acos), _of_domain),
    **dict.fromkeys((math.log, math.log2, math.log10, math.log1p), _of_domain),
    **dict.fromkeys((math.acosh, math.atanh), _of_domain),
    **dict.fromkeys((math.exp, math.exp2, math.expm1, math.sinh, math.cosh), _of_range),
    **dict.fromkeys((math.ldexp, math.hypot), _of_range),
    **dict.fromkeys((math.gamma, math.lgamma), _of_gamma),
    math.pow: _of_math_pow,
    **dict.fromkeys((operator.pow, operator.ipow, builtins.pow), _of_power),
    **dict.fromkeys((operator.lshift, operator.ilshift), _leftwards),
    **dict.fromkeys((operator.rshift, operator.irshift), _rightwards),
}

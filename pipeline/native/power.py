"""Powers in compiled code: Python's own, to the last bit.

Python asks the system's ``pow`` for every power of a real number. Numba multiplies where the
exponent is a whole number, and LLVM turns ``x ** 2.0`` and ``x ** 0.5`` into a product and a root,
which differ in the last bit for some of all numbers. Here compiled code calls the same ``pow``,
under a name that LLVM does not know. As in Python, zero to a negative power is a ZeroDivisionError.
A whole number to a negative power, a fraction in Python and 0 in Numba, is a ValueError. So is a
negative number to a fractional power, which is complex in Python.
"""

import operator
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.cpython.numbers import int_power_impl
from numba.extending import lower_builtin

from pipeline.native.kept_code import POWER

_REAL = ir.DoubleType()


def _lower(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Write a call of ``pow`` with both arguments as real numbers."""
    base, exponent = (
        context.cast(builder, value, kind, types.float64)
        for value, kind in zip(arguments, signature.args, strict=True)
    )
    zero = ir.Constant(_REAL, 0.0)
    impossible = builder.and_(
        builder.fcmp_ordered("==", base, zero), builder.fcmp_ordered("<", exponent, zero)
    )
    with cgutils.if_unlikely(builder, impossible):
        words = ("0.0 cannot be raised to a negative power",)
        context.call_conv.return_user_exc(builder, ZeroDivisionError, words)
    kind = ir.FunctionType(_REAL, (_REAL, _REAL))
    function = cgutils.get_or_insert_function(builder.module, kind, POWER)
    found = builder.call(function, (base, exponent))
    numbers = builder.fcmp_ordered("ord", base, exponent)  # neither is NaN
    with cgutils.if_unlikely(
        builder, builder.and_(builder.fcmp_unordered("uno", found, found), numbers)
    ):
        words = ("a negative number to a fractional power is a complex number: take abs() of it",)
        context.call_conv.return_user_exc(builder, ValueError, words)
    return found


def _lower_whole(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Write Numba's power of whole numbers; refuse what is 0 in it and a fraction in Python."""
    exponent = context.cast(builder, arguments[1], signature.args[1], types.int64)
    with cgutils.if_unlikely(builder, builder.icmp_signed("<", exponent, ir.IntType(64)(0))):
        words = ("a whole number to a negative power is a fraction: write 2.0 ** -1",)
        context.call_conv.return_user_exc(builder, ValueError, words)
    whole = types.int64(types.int64, types.int64)
    base = context.cast(builder, arguments[0], signature.args[0], types.int64)
    return int_power_impl(context, builder, whole, (base, exponent))


for _operation in (operator.pow, operator.ipow, pow):
    for _whole in (types.int64, types.IntegerLiteral):
        lower_builtin(_operation, types.int64, _whole)(_lower_whole)
    for _exponent in (types.float64, types.int64, types.uint64, types.int32, types.IntegerLiteral):
        lower_builtin(_operation, types.float64, _exponent)(_lower)

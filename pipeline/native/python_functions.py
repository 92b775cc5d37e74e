"""Functions of Python and of `math` in compiled code that Numba has no version of.

``all`` and ``any`` look at one item after the other and stop as Python's do. ``math.log`` takes a
base, ``math.isclose`` its tolerances, and ``math.factorial`` and ``math.prod`` count as Python does
as far as 64 bits go.
"""

import builtins
import math
from typing import Any

from numba.core import types
from numba.extending import overload

#: The greatest number whose factorial a whole number of 64 bits holds.
_LAST = 20


@overload(builtins.all, strict=False)
def _all(items: Any) -> Any:
    def look(items):  # type: ignore[no-untyped-def]
        for item in items:  # noqa: SIM110 - Numba has no `all`
            if not item:
                return False
        return True

    return look


@overload(builtins.any, strict=False)
def _any(items: Any) -> Any:
    def look(items):  # type: ignore[no-untyped-def]
        for item in items:  # noqa: SIM110 - nor `any`
            if item:
                return True
        return False

    return look


@overload(float, strict=False)
def _float(flag: Any) -> Any:
    return (lambda flag: 1.0 if flag else 0.0) if isinstance(flag, types.Boolean) else None


@overload(math.log, strict=False)
def _log(x: Any, base: Any) -> Any:
    def divide(x, base):  # type: ignore[no-untyped-def]
        if x <= 0.0 or base <= 0.0:
            raise ValueError("math domain error")
        if base == 1.0:
            raise ZeroDivisionError("float division by zero")
        return math.log(x) / math.log(base)

    return divide


@overload(math.isclose, strict=False)
def _is_close(a: Any, b: Any, rel_tol: Any = 1e-9, abs_tol: Any = 0.0) -> Any:
    def compare(a, b, rel_tol=1e-9, abs_tol=0.0):  # type: ignore[no-untyped-def]
        if rel_tol < 0.0 or abs_tol < 0.0:
            raise ValueError("tolerances must be non-negative")
        if a == b:
            return True
        if math.isinf(a) or math.isinf(b):
            return False
        apart = abs(float(b) - float(a))
        return apart <= abs(rel_tol * b) or apart <= abs(rel_tol * a) or apart <= abs_tol

    return compare


@overload(math.factorial, strict=False)
def _factorial(n: Any) -> Any:
    if not isinstance(n, types.Integer):
        return None

    def multiply(n):  # type: ignore[no-untyped-def]
        if n < 0:
            raise ValueError("factorial() not defined for negative values")
        if n > _LAST:
            raise OverflowError(
                "a factorial must be of 20 at most here, where numbers have 64 bits"
            )
        product = 1
        for factor in range(2, n + 1):
            product *= factor
        return product

    return multiply


@overload(math.prod, strict=False)
def _product(items: Any) -> Any:
    def multiply(items):  # type: ignore[no-untyped-def]
        product = items[0] * 0 + 1
        for item in items:
            product *= item
        return product

    return multiply

"""Prints what two kernels return, and the types of which Numba asked what a call in them gives."""

import os
import sys
from typing import Any

from pipeline.native.code_cache import kernel_variables

os.environ.update(kernel_variables())  # before anything imports Numba

from numba import types
from numba.extending import lower_builtin, type_callable

from pipeline.native.kernel import kernel

ASKED: list[Any] = []


def halved_twice(value: float) -> float:
    """Return a quarter of a number; what compiled code does is said below."""
    return 0.25 * value


@type_callable(halved_twice)
def typing(context: Any) -> Any:
    """Note that Numba has asked."""

    def typed(value: Any) -> Any:
        ASKED.append(value)
        return types.float64

    return typed


@lower_builtin(halved_twice, types.Float)
def lowered(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Write the instruction."""
    return builder.fmul(arguments[0], context.get_constant(types.float64, 0.25))


@kernel()
def once(value: float) -> float:
    """Call it at one place."""
    return halved_twice(value)


@kernel()
def again(value: float) -> float:
    """Call it at two places."""
    return halved_twice(value) + halved_twice(2.0 * value)


if __name__ == "__main__":
    sys.stdout.write(f"{once(2.0)} {again(2.0)} {ASKED}\n")

"""A user's own function as part of an indicator: how it is checked, and where it lies.

The indicator keeps the plain Python function, which can be pickled by value, and the process that
computes the indicator compiles it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

from pipeline.errors import StrategyError, line_in


def plain_function(function: Callable[..., float], kind: str, names: tuple[str, ...]) -> Any:
    """Return the plain Python function, without Numba's wrapper if it has one.

    Raises StrategyError unless it is a function that takes exactly ``len(names)`` arguments.
    """
    plain = getattr(function, "py_func", function)
    wanted = f"{kind} needs a function of ({', '.join(names)})"
    if not isinstance(plain, FunctionType):
        raise StrategyError(f"{wanted}, was {plain!r}")
    try:
        inspect.signature(plain).bind(*names)
    except TypeError as problem:
        raise StrategyError(f"{place(plain)}: {wanted}: {problem}") from None
    return plain


def place(function: Any, error: BaseException | None = None) -> str:
    """Return ``file:line`` of a Python function, or of where in it an exception was raised."""
    code = function.__code__
    line = None if error is None else line_in(error, code.co_filename)
    return f"{code.co_filename}:{line or code.co_firstlineno}"

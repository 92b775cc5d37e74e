"""A user's own function as part of a value: how it is checked, named and compared.

The plain Python function is kept, because it can be pickled by value and a compiled one cannot. It
is compiled in the process that uses it. Its identity must be the same in every process, so it is
made of the function's content, never of its address.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import CodeType, FunctionType, ModuleType
from typing import Any

from pipeline.errors import StrategyError


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


def place(function: Any) -> str:
    """Return ``file:line`` of a Python function."""
    return f"{function.__code__.co_filename}:{function.__code__.co_firstlineno}"


def fingerprint(function: Any, within: tuple[Any, ...] = ()) -> tuple[Any, ...]:
    """Return a hashable value that is equal for functions which would compute the same.

    Made of module, qualified name, bytecode, names, constants (nested functions included),
    defaults, closure values and the globals it reads, which the compiler takes as constants too.
    ``within`` holds the functions that led here: one that calls itself is named, not followed.
    """
    name = (function.__module__, function.__qualname__)
    if any(function is outer for outer in within):
        return name
    within = (*within, function)
    cells = tuple(_frozen(cell.cell_contents, within) for cell in function.__closure__ or ())
    defaults = _frozen((function.__defaults__ or (), function.__kwdefaults__ or {}), within)
    names = function.__code__.co_names
    reads = {name: function.__globals__[name] for name in names if name in function.__globals__}
    constants = tuple(
        (name, _frozen(value, within))
        for name, value in reads.items()
        if not isinstance(value, ModuleType | type)
    )
    return (*name, _code(function.__code__, within), defaults, cells, constants)


def _code(code: CodeType, within: tuple[Any, ...]) -> tuple[Any, ...]:
    constants = tuple(_frozen(value, within) for value in code.co_consts)
    return (code.co_code, code.co_names, constants)


def _frozen(value: Any, within: tuple[Any, ...]) -> Any:
    """Make a closure's or constant's value hashable. The type counts: 1, 1.0 and True differ."""
    kind = type(value).__name__
    if isinstance(value, CodeType):
        return _code(value, within)
    value = getattr(value, "py_func", value)
    if isinstance(value, FunctionType):
        return fingerprint(value, within)
    if isinstance(value, tuple | list):
        return (kind, tuple(_frozen(item, within) for item in value))
    if isinstance(value, dict):
        return (kind, tuple(_frozen(item, within) for item in value.items()))
    if isinstance(value, set | frozenset):
        return (kind, frozenset(_frozen(item, within) for item in value))
    if hasattr(value, "tobytes"):
        return (kind, str(value.dtype), value.shape, value.tobytes())
    try:
        hash(value)
    except TypeError:
        return (kind, repr(value))
    return (kind, repr(value) if isinstance(value, float) else value)

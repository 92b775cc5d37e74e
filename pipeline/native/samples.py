"""Whether plain Python does what the compiler refuses, tried on values of the types it names.

A message that ends in "the interpreted mode runs it" must be true, and ``bar.close[-1]`` raises in
both modes.
"""

import builtins
import enum
import operator
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from pipeline.native.type_words import arguments_in


class _Whole(enum.IntEnum):
    ONE = 1


def _read_only() -> Any:
    array = np.array([1.0, 2.0])
    array.flags.writeable = False
    return array


#: Functions of Python that do nothing but give a value.
_PURE = {
    *("abs", "all", "any", "bool", "divmod", "enumerate", "float", "hash", "int", "iter", "len"),
    *("list", "max", "min", "next", "ord", "pow", "range", "reversed", "round", "set", "sorted"),
    *("str", "sum", "tuple", "zip"),
}
#: Likewise of NumPy, besides its universal functions.
_PURE_OF_NUMPY = {"arange", "empty", "full", "ones", "zeros"}
#: A value of each type, as Numba writes it. A type that is not here is not tried.
_SAMPLES: tuple[tuple[str, Callable[[], Any]], ...] = (
    (r"Literal\[str\]\(.*\)|unicode_type", lambda: "1"),
    (r"Literal\[bool\].*|bool(ean)?", lambda: True),
    (r"Literal\[int\]\(.*\)|IntegerLiteral\(.*\)|u?int\d+", lambda: 1),
    (r"float\d+", lambda: 1.5),
    (r"none", lambda: None),
    (r"readonly array\(.*1d.*\)", _read_only),
    (r"(unaligned )?array\(.*1d.*\)", lambda: np.array([1.0, 2.0])),
    (r"(Uni)?Tuple\(.*\)", lambda: (1.0, 2.0)),
    (r"reflected list\(.*|list\(.*|ListType.*", lambda: [1.0, 2.0]),
    (r"reflected set.*|set\(.*", lambda: {1.0}),
    (r"DictType.*", lambda: {1.0: 1.0}),
    (r"(?:IntEnum|IntFlag)<.*", lambda: _Whole.ONE),
    (r"ringtape\.(?:Context|Self.*)", object),
    (r"BoundFunction\(.*", lambda: "".upper),
)


def operation_runs(name: str, kinds: str) -> bool | None:
    """Return whether Python has an operation for operands of these types; None if unknown.

    ``name``: of a function of `operator`, Python's own or NumPy's, without the module. ``kinds``:
    types as Numba writes them. A method is never meant as an operand.
    """
    if "BoundFunction(" in kinds:
        return False
    function = _function_of(name)
    values = [_sample_of(kind) for kind in arguments_in(kinds)]
    if function is None or any(known is None for known in values):
        return None
    try:
        function(*(make() for make in values if make is not None))
    except (TypeError, AttributeError):
        return False
    except Exception:  # noqa: BLE001 - of these values only
        return None
    return True


def attribute_is_there(name: str, kind: str) -> bool | None:
    """Return whether values of a type have an attribute in Python; None if that is not known."""
    sample = _sample_of(kind)
    return None if sample is None else hasattr(sample(), name)


def module_has(name: str, module: str) -> bool:
    """Return whether a module that is loaded has an attribute."""
    return hasattr(sys.modules.get(module), name)


def _function_of(name: str) -> Callable[..., Any] | None:
    """Return a function that may be called to try it; None if none of the name may be."""
    function: Any = getattr(operator, name, None)
    if function is None and name in _PURE:
        function = getattr(builtins, name)
    if function is None and hasattr(np, name):
        found = getattr(np, name)
        function = found if isinstance(found, np.ufunc) or name in _PURE_OF_NUMPY else None
    return function if callable(function) else None


def _sample_of(kind: str) -> Callable[[], Any] | None:
    for pattern, make in _SAMPLES:
        if re.fullmatch(pattern, kind.strip(), re.DOTALL):
            return make
    return None

"""A hash of what a function does: its code and, as far as it refers to them, its surroundings."""

import hashlib
import types
from typing import Any

#: Values whose ``repr`` says all there is.
_PLAIN = (str, bytes, int, float, complex, tuple, list, dict)


def code_hash(*parts: Any) -> str:
    """32 hex digits over functions and strings.

    A function counts with its bytecode, constants and names, and with every global and closure
    value it refers to: functions (also Numba's) likewise, modules and classes by name, other
    values by ``repr``. Lines and file names do not count, so moving a function keeps its hash.
    """
    digest = hashlib.sha256()
    seen: set[int] = set()
    for part in parts:
        _absorb(digest, part, seen)
    return digest.hexdigest()[:32]


def _absorb(digest: Any, value: Any, seen: set[int]) -> None:
    value = getattr(value, "py_func", value)
    if isinstance(value, types.FunctionType):
        if id(value) in seen:
            return
        seen.add(id(value))
        digest.update(repr((value.__qualname__, value.__defaults__)).encode())
        _absorb_code(digest, value.__code__, value.__globals__, seen)
        for cell in value.__closure__ or ():
            _absorb(digest, cell.cell_contents, seen)
    elif isinstance(value, types.ModuleType):
        digest.update(value.__name__.encode())
    elif isinstance(value, type):
        digest.update(f"{value.__module__}.{value.__qualname__}".encode())
    elif value is None or isinstance(value, _PLAIN):
        digest.update(repr(value).encode())
    elif isinstance(value, set | frozenset):
        digest.update(repr(sorted(map(repr, value))).encode())
    else:
        # An object whose repr may hold an address: its type is all that is stable about it.
        digest.update(type(value).__qualname__.encode())


def _absorb_code(
    digest: Any, code: types.CodeType, namespace: dict[str, Any], seen: set[int]
) -> None:
    digest.update(code.co_code)
    digest.update(repr((code.co_names, code.co_varnames)).encode())
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _absorb_code(digest, constant, namespace, seen)
        else:
            _absorb(digest, constant, seen)
    for name in code.co_names:
        if name in namespace:
            _absorb(digest, namespace[name], seen)

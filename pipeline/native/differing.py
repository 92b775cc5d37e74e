"""What Numba compiles to another result than Python's, without a word; refused here.

- The order of a set: going through one, ``pop``, a list of it. Numba's sets have an order of their
  own. Membership, size, and sets made of sets do not depend on it.
- A number that is cut, as a float that goes into a list of whole numbers (`cuts`).
- Numbers of NumPy's types with less than 64 bits. NumPy calculates in the narrow type where Numba
  takes a wider one.
- An unsigned number beside a signed one. NumPy's stay unsigned there, Numba's become signed.
- A function of Python or of `math` that is given to `map`. Numba calls it where it does not raise
  what Python raises (`bounds`).

Each is a TypingError with the line, found when types are known; `refusals` makes a sentence of it.
"""

from functools import cache
from typing import Any

import numpy as np
from numba import types
from numba.core import ir
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.errors import TypingError

from pipeline.native.cuts import check_cut, name_of_method

#: Functions whose result does not depend on the order of a set that they are given.
_WITHOUT_ORDER = (len, bool, set, frozenset, sorted, min, max, all, any, isinstance)


@register_pass(mutates_CFG=False, analysis_only=True)
class RefuseDiffering(FunctionPass):  # type: ignore[misc]  # numba is untyped
    """Refuses what this file names."""

    _name = "ringtape_refuse_differing"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Look at every value that is calculated."""
        for block in state.func_ir.blocks.values():
            for step in block.body:
                if isinstance(step, ir.Assign):
                    _check(state.typemap, step)
                check_cut(state, step)
        return False


def _check(typemap: Any, step: Any) -> None:
    """Look at one assignment."""
    value, made = step.value, typemap[step.target.name]
    operation = getattr(value, "op", "")
    if operation == "call":
        _check_called(typemap, value)
    elif operation in ("getiter", "exhaust_iter") and isinstance(typemap[value.value.name], _SET):
        raise TypingError("order of a set: goes through one", loc=value.loc)
    elif operation in ("binop", "inplace_binop") and isinstance(made, types.Integer):
        _check_mixed(typemap, value, made)
    if (
        isinstance(value, ir.Global | ir.FreeVar)
        or operation == "getattr"
        or (operation == "call" and not _is_of_bools(typemap, value))
    ):
        _check_narrow(made, value.loc)


_SET = types.Set


def _check_called(typemap: Any, call: Any) -> None:
    """Look at a call: of what is a set among its arguments, and which are floats."""
    function = typemap[call.func.name]
    given = [typemap[one.name] for one in call.args]
    if isinstance(function, types.BoundFunction):
        if _is_of_a_set(function):
            if name_of_method(function) == "pop":
                raise TypingError("order of a set: calls pop of one", loc=call.loc)
            return
    elif not isinstance(function, types.Function):
        return
    key: Any = getattr(function, "typing_key", None)
    sets = any(isinstance(kind, _SET) for kind in given)
    if sets and (key not in _WITHOUT_ORDER or "key" in dict(call.kws)):
        name = getattr(key, "__name__", "") or name_of_method(function)
        raise TypingError(f"order of a set: calls {name} with one", loc=call.loc)
    if key in (map, filter) and isinstance(given[0], types.Function | types.NumberClass):
        raise TypingError(f"function of Python given to {key.__name__}", loc=call.loc)


def _is_of_a_set(method: Any) -> bool:
    return isinstance(method.this, _SET)


def _check_mixed(typemap: Any, value: Any, made: Any) -> None:
    """Refuse an operation on an unsigned number whose result ``made`` is signed."""
    kinds = [typemap[one.name] for one in (value.lhs, value.rhs)]
    if made.signed and any(isinstance(kind, types.Integer) and not kind.signed for kind in kinds):
        raise TypingError("unsigned number beside a signed one", loc=value.loc)


def _is_of_bools(typemap: Any, call: Any) -> bool:
    """Whether a function is given bools alone: Numba's ``abs(True)`` is a narrow number."""
    if not isinstance(typemap[call.func.name], types.Function):
        return False
    return all(isinstance(typemap[one.name], types.Boolean) for one in call.args)


def _check_narrow(kind: Any, loc: Any) -> None:
    found = _narrow_in(kind)
    if found:
        name, wide = found
        raise TypingError(f"narrow type {name} in place of {wide}", loc=loc)


@cache
def _narrow_in(kind: Any) -> tuple[str, str] | None:
    """Return the name of a narrow type of numbers that a type has, and of the one to write."""
    if isinstance(kind, types.Array | types.List):
        return _narrow_in(kind.dtype)
    if isinstance(kind, types.Float | types.Integer | types.Complex):
        whole = np.dtype(str(types.unliteral(kind)))
        wide = {"f": "float64", "i": "int64", "u": "int64", "c": "complex128"}[whole.kind]
        return (whole.name, wide) if whole.itemsize < np.dtype(wide).itemsize else None
    return None

"""Numbers that Numba cuts without a word, as what takes them is of whole numbers; refused here.

A container of Numba's is of one type. ``sizes = [0] * 3`` is a list of whole numbers, in which
``sizes[0] = 2.5`` leaves 2, and 2.5 is found in the set ``{1, 2}``. A list of bools makes a bool of
every number. What a function takes as a whole number is cut, too, as in ``range(x)``. An array of
whole numbers may cut what goes into it: NumPy's does the same.
"""

import operator
from typing import Any

from numba import types
from numba.core import ir
from numba.core.errors import TypingError

_STORES = ir.SetItem | ir.StaticSetItem
_OF_ONE_TYPE = types.List | types.Set
#: Methods that look for their argument among the items of a set.
_LOOKING = ("discard", "remove")


def check_cut(state: Any, step: Any) -> None:
    """Refuse a step of a function that cuts a number; ``state``: of the compiler."""
    value: Any = getattr(step, "value", None)
    if isinstance(step, _STORES):
        _check_stored(state, step)
    elif getattr(value, "op", "") == "inplace_binop" and value.fn is operator.iadd:
        _check_put_into(_kind(state, value.lhs), _items(_kind(state, value.rhs)), value.loc)
    elif getattr(value, "op", "") == "binop" and value.fn is operator.contains:
        _check_looked_up(_kind(state, value.lhs), _kind(state, value.rhs), value.loc)
    elif getattr(value, "op", "") == "call":
        _check_given(state, value)


def name_of_method(method: Any) -> str:
    """Return the name of a method, by its type."""
    key = getattr(getattr(method, "template", None), "key", "")
    return str(key[-1] if isinstance(key, tuple) else str(key).rpartition(".")[2])


def _check_stored(state: Any, step: Any) -> None:
    """Look at ``held[place] = value``; of a slice, at the items of the value."""
    _, place, taken = state.calltypes[step].args
    given = _kind(state, step.value)
    if isinstance(place, types.SliceType):
        given, taken = _items(given), _items(taken)
    _check_put_into(_kind(state, step.target), given, step.loc)


def _check_put_into(held: Any, given: Any, loc: Any) -> None:
    """Refuse to put a value of the type ``given`` into a list that cuts it."""
    if isinstance(held, types.List):
        taken = _cut_by(given, held.dtype)
        if taken:
            raise TypingError(f"cut: put into a list of {taken}", loc=loc)


def _check_looked_up(held: Any, given: Any, loc: Any) -> None:
    """Refuse to look for a value of the type ``given`` in a set that cuts it."""
    if isinstance(held, types.Set):
        taken = _cut_by(given, held.dtype)
        if taken:
            raise TypingError(f"cut: looked up in a set of {taken}", loc=loc)


def _check_given(state: Any, call: Any) -> None:
    """Look at the arguments of a call that are given by their places."""
    function = state.typemap[call.func.name]
    given = [_kind(state, one) for one in call.args]
    if isinstance(function, types.BoundFunction) and name_of_method(function) in _LOOKING:
        _check_looked_up(function.this, given[0], call.loc)
    signature = state.calltypes[call]
    for one, taken in zip(given, signature.args if signature else (), strict=False):
        if isinstance(one, types.Float) and isinstance(taken, types.Integer):
            key = getattr(function, "typing_key", None)
            name = "a slice" if key is slice else getattr(key, "__name__", "")
            raise TypingError(f"float given to {name or name_of_method(function)}", loc=call.loc)


def _cut_by(given: Any, taken: Any) -> str:
    """Say of what items are that cut a value of the type ``given``; empty if they keep it.

    ``taken``: the type that it becomes. Tuples are looked at item by item.
    """
    if isinstance(given, types.BaseTuple) and isinstance(taken, types.BaseTuple):
        pairs = zip(given.types, taken.types, strict=False)
        return next(filter(None, (_cut_by(*pair) for pair in pairs)), "")
    if isinstance(given, _OF_ONE_TYPE) and isinstance(taken, _OF_ONE_TYPE):
        return _cut_by(given.dtype, taken.dtype)
    if isinstance(taken, types.Integer) and isinstance(given, types.Float):
        return "whole numbers"
    if isinstance(taken, types.Boolean) and isinstance(given, types.Number):
        return "bools"
    return ""


def _items(kind: Any) -> Any:
    """Return the type of what a container holds; of a tuple of several types, the first float."""
    if isinstance(kind, types.BaseTuple):
        floats = (one for one in kind.types if isinstance(one, types.Float))
        return next(floats, kind.types[0] if kind.types else kind)
    return getattr(kind, "dtype", kind)


def _kind(state: Any, variable: Any) -> Any:
    return types.unliteral(state.typemap[variable.name])

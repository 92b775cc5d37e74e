"""Members of an IntEnum in compiled code: whole numbers, as they are in Python.

Numba has a type for a member and converts it to whole numbers, but not to real ones, and knows none
of Python's functions of numbers for it.
"""

import operator
from typing import Any

from numba.core import types
from numba.core.imputils import lower_cast
from numba.extending import overload

_SEQUENCES: Any = types.BaseTuple, types.Array, types.List  # type: ignore[attr-defined]


@lower_cast(types.IntEnumMember, types.Float)
def _to_real(context: Any, builder: Any, kind: Any, wanted: Any, value: Any) -> Any:
    return context.cast(builder, value, kind.dtype, wanted)


def _number_of(value: Any) -> Any:
    """Stand for the number that a value is; compiled code alone calls it."""
    raise NotImplementedError


@overload(_number_of, strict=False)
def _resolve_number(value: Any) -> Any:
    if isinstance(value, types.IntEnumMember):
        return lambda value: value.value
    return lambda value: value


@overload(float, strict=False)
def _float(value: Any) -> Any:
    return (lambda value: float(value.value)) if _is_member(value) else None


@overload(int, strict=False)
def _int(value: Any) -> Any:
    return (lambda value: value.value) if _is_member(value) else None


@overload(bool, strict=False)
def _bool(value: Any) -> Any:
    return (lambda value: value.value != 0) if _is_member(value) else None


@overload(operator.getitem, strict=False)
def _item(items: Any, place: Any) -> Any:
    if _is_member(place) and isinstance(items, _SEQUENCES):
        return lambda items, place: items[place.value]
    return None


@overload(max, strict=False)
def _max(one: Any, other: Any) -> Any:
    if _is_member(one) or _is_member(other):
        return lambda one, other: max(_number_of(one), _number_of(other))
    return None


@overload(min, strict=False)
def _min(one: Any, other: Any) -> Any:
    if _is_member(one) or _is_member(other):
        return lambda one, other: min(_number_of(one), _number_of(other))
    return None


def _is_member(kind: Any) -> bool:
    return isinstance(kind, types.IntEnumMember)

"""Numbers that ``ctx`` is given: quantities, prices and the like, in both modes."""

from collections.abc import Callable
from typing import Any

import numpy as np

#: A number with the name that a user gives it; "" for one that the user does not give.
Named = tuple[str, float]


def not_a_number(name: str, found: object) -> str:
    """Return one sentence about an argument of ``ctx`` that is no number."""
    hint = "; give it a number, nan where there is none" if found is None else ""
    return f"{name} must be a number, was {found!r}{hint}"


def number(name: str, value: Any) -> float:
    """Return an argument of ``ctx`` as a float. TypeError if it is no number.

    A text that spells a number is none, and neither is True or False.
    """
    if type(value) is float or type(value) is int:  # most are, and the rest takes longer
        return float(value)
    if isinstance(value, bool | np.bool_) or not hasattr(type(value), "__float__"):
        raise TypeError(not_a_number(name, value))
    return float(value)


def if_given(name: str, value: Any) -> Named:
    """Return an argument that may be left out: without its name if it is NaN, which is no number.

    A message then does not tell it.
    """
    return ("" if isinstance(value, float) and value != value else name), value


def with_numbers(operation: Callable[..., int], given: tuple[Any, ...], *named: Named) -> int:
    """Call an operation with what is given and with numbers; a ValueError of it tells them too.

    Machine code, of which the operation is, has no values in its messages.
    """
    values = [number(*one) for one in named]
    try:
        return operation(*given, *values)
    except ValueError as error:
        told = ", ".join(f"{name} {value!r}" for name, value in named if name)
        raise ValueError(f"{error}, was given {told}") from None

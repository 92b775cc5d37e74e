"""What a state begins as: a number of its type."""

import re
from contextlib import suppress
from typing import Any

import numpy as np

from pipeline.errors import StrategyError
from pipeline.strategy.place import place_of

#: What a state of a type begins as.
_EXPECTED = {int: "a whole number of 64 bits", float: "a number", bool: "True or False"}
_KEPT = "; ctx.window has the past, and each number to be kept is a state of its own"
_NAN = "; nan stands for a number that is not there"


def bare_state(name: str, initial: Any) -> str:
    """Return what is said of a state without an annotation, or with a name that is no state's.

    Python puts the name of the class before a name with two underscores.
    """
    number = initial if type(initial) in (bool, int, float) else 0.0
    plain = re.sub(r"^_(?:\w+?__)?_*", "", name)
    what = (
        "is a state without a type, expected int, float or bool"
        if plain == name
        else "is a state, whose name must not begin with an underscore"
    )
    return f"{what}; write {plain}: {type(number).__name__} = state({number!r})"


def initial_of(cls: type, name: str, kind: Any, value: Any) -> int | float | bool:
    """Return a state's initial value as one of its type; StrategyError if it is none."""
    if kind not in (int, float, bool):
        raise StrategyError(
            f"{place_of(cls, name)} is a state of type {getattr(kind, '__name__', kind)}, expected "
            f"int, float or bool{_KEPT}"
        )
    number = value.item() if isinstance(value, np.generic) else value
    if isinstance(number, int | float) and number == number:
        with suppress(OverflowError):
            if kind(number) == number and (kind is not int or -(2**63) <= number < 2**63):
                return kind(number)
    elif kind is float and isinstance(number, float):
        return number
    hint = _NAN if value is None else "" if isinstance(value, int | float | str) else _KEPT
    raise StrategyError(
        f"{place_of(cls, name)} is a state of type {kind.__name__} and begins as {value!r}, "
        f"expected {_EXPECTED[kind]}{hint}"
    )

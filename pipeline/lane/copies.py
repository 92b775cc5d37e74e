"""Copies of an interpreted strategy: what its hooks see as ``self``, one per symbol and lane.

A compiled strategy has a self record of numbers in place of each. So that both modes mean the same,
a state that is declared as a whole number holds one, a parameter stays what it was given, and what
else the class or the strategy holds and a hook can change (a list, a dict, an array) is the lane's
own: other lanes of the process, and the next run, do not see the change.
"""

import copy
from collections import deque
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import StrategyError
from pipeline.strategy.place import place_of
from pipeline.strategy.strategy import Strategy, Symbol, parameters_of, record_dtype
from pipeline.strategy.symbol import SymbolIndex
from pipeline.strategy.undeclared import set_parameter, set_to_float

_CHANGEABLE = (list, dict, set, bytearray, deque, np.ndarray)


def copies_of(strategy: Strategy, records: npt.NDArray[Any]) -> list[Any]:
    """Return copies of a strategy with the values of its self records.

    They share one copy of each list, dict, set and array that the class or the strategy holds.
    """
    held = _changeable(strategy)
    return [_copy_of(strategy, record, held) for record in records]


def parameters_in(copies: Sequence[Any]) -> dict[str, Any]:
    """Return the parameters of a strategy's copies, which all have the same."""
    return {one.name: getattr(copies[-1], one.name) for one in parameters_of(type(copies[-1]))}


def check_copies(copies: Sequence[Any], given: dict[str, Any]) -> None:
    """Refuse a state that is no whole number where one is declared, and a parameter that changed.

    Compiled code cannot have either. ``given``: the parameters at first. Raises StrategyError.
    """
    cls: Any = type(copies[-1])  # mypy does not take a class for hashable
    wholes = _wholes_of(cls)
    for one in copies:
        for name, value in given.items():
            found = getattr(one, name)
            if found != value and value == value:  # NaN equals nothing
                raise StrategyError(f"{place_of(cls, name)} {set_parameter(name, found)}")
        for name in wholes:
            value = getattr(one, name)
            if not isinstance(value, int | np.integer | np.bool_):
                raise StrategyError(f"{place_of(cls, name)} {set_to_float(name, value)}")


@cache
def _wholes_of(cls: Any) -> list[str]:
    """Return the names that a strategy class declares as whole numbers."""
    dtype = record_dtype(cls)
    return [name for name in dtype.names or () if dtype[name].kind == "i" and name != "unused"]


def _changeable(strategy: Strategy) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for base in reversed(type(strategy).__mro__[:-1]):
        members |= vars(base)
    members |= vars(strategy)
    found = {
        name: value
        for name, value in members.items()
        if isinstance(value, _CHANGEABLE) and not name.startswith("__")
    }
    memo: dict[int, Any] = {}
    return {name: _copied(value, memo) for name, value in found.items()}


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    """Return a deep copy; of what holds something that has none, such as a module, a flat one."""
    try:
        return copy.deepcopy(value, memo)
    except (TypeError, AttributeError, RecursionError):
        return copy.copy(value)


def _copy_of(strategy: Strategy, record: npt.NDArray[Any], held: dict[str, Any]) -> Strategy:
    """Return a copy of a strategy with the values of one self record."""
    one = copy.copy(strategy)
    vars(one).update(held)
    for name in record.dtype.names or ():
        if name != "unused":
            value = record[name].item()
            kind = type(getattr(one, name))
            # A Symbol is the symbol's index inside hooks, which the record holds.
            setattr(one, name, SymbolIndex(value) if kind is Symbol else kind(value))
    return one

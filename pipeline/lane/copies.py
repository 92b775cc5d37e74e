"""Copies of an interpreted strategy: what its hooks see as ``self``, one per symbol and lane.

A compiled strategy has a self record of numbers in place of each. So that both modes mean the same,
a state that is declared as a whole number holds one, a parameter stays what it was given, and what
else the class or the strategy holds and a hook can change (a list, a dict, an array, an object of a
user's class) is the lane's own: other lanes of the process, and the next run, do not see it.
"""

import copy
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum
from functools import cache
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.dependencies.origin import is_users_object
from pipeline.errors import StrategyError
from pipeline.strategy.place import place_of
from pipeline.strategy.strategy import Strategy, Symbol, parameters_of, record_dtype
from pipeline.strategy.symbol import SymbolIndex
from pipeline.strategy.undeclared import number_set, set_parameter, set_to_float, where_set

_CHANGEABLE = (list, dict, set, bytearray, deque, np.ndarray)


def copies_of(strategy: Strategy, records: npt.NDArray[Any]) -> list[Any]:
    """Return copies of a strategy with the values of its self records.

    They share one copy of what the class or the strategy holds and hooks can change.
    """
    held = _changeable(strategy)
    return [_copy_of(strategy, record, held) for record in records]


class Given(NamedTuple):
    """What all copies of a strategy have at first."""

    parameters: dict[str, Any]
    names: frozenset[str]
    """Of all attributes that are not those of the class alone."""


def given_in(copies: Sequence[Any]) -> Given:
    """Return what is given to a strategy's copies, which all have the same."""
    last = copies[-1]
    parameters = {one.name: getattr(last, one.name) for one in parameters_of(type(last))}
    return Given(parameters, frozenset(vars(last)))


def check_copies(copies: Sequence[Any], given: Given) -> None:
    """Refuse what compiled code cannot have.

    It is a state that is no whole number where one is declared, a parameter that has changed, and a
    number that is neither a state nor a parameter. Raises StrategyError.
    """
    cls: Any = type(copies[-1])  # mypy does not take a class for hashable
    wholes = _wholes_of(cls)
    for one in copies:
        if len(vars(one)) > len(given.names):
            undeclared = number_set(one, given.names)
            if undeclared:
                raise StrategyError(undeclared)
        for name, value in given.parameters.items():
            found = getattr(one, name)
            if found != value and value == value:  # NaN equals nothing
                what = set_parameter(name, getattr(cls, name), found)
                raise StrategyError(f"{_setting_of(cls, name)} {what}")
        for name in wholes:
            value = getattr(one, name)
            if not isinstance(value, int | np.integer | np.bool_):
                raise StrategyError(f"{_setting_of(cls, name)} {set_to_float(name, value)}")


def _setting_of(cls: type, name: str) -> str:
    """Return the beginning of a message about what a hook sets: ``file:line: Class.hook: self.x``.

    Without a source it is the place of the declaration.
    """
    where = where_set(cls, name)
    return f"{where}: self.{name}" if where else place_of(cls, name)


@cache
def _wholes_of(cls: Any) -> list[str]:
    """Return the names that a strategy class declares as whole numbers."""
    dtype = record_dtype(cls)
    return [name for name in dtype.names or () if dtype[name].kind == "i" and name != "unused"]


def _changeable(strategy: Strategy) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for base in reversed(type(strategy).__mro__[:-1]):
        members |= vars(base)
    own = vars(strategy)
    memo: dict[int, Any] = {}
    return {
        name: _copied(value, memo)
        for name, value in (members | own).items()
        if not name.startswith("__")
        # An object that the strategy itself has made is the lane's own already.
        and (isinstance(value, _CHANGEABLE) or (name not in own and _is_changeable(value)))
    }


def _is_changeable(value: Any) -> bool:
    """Whether a value of a class is an object of a user's class, and no code or enum of it."""
    is_code = isinstance(value, FunctionType | Enum) or hasattr(type(value), "__get__")
    return is_users_object(value) and not is_code


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    """Return a deep copy; of what holds something that has none, such as a module, a flat one.

    What has no copy at all is shared by lanes, who may not change it (`shared_values`).
    """
    with suppress(Exception):  # a user's class may raise anything
        return copy.deepcopy(value, memo)
    with suppress(Exception):
        return copy.copy(value)
    return value


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

"""Refuses code whose result would be another one in every run: chance without a seed, and clocks.

The same input must give the same result, alone and in a sweep, on any number of processes. The
generators that NumPy and Python keep for a whole process cannot give that: what a lane draws from
them depends on the lanes that run beside it. ``ctx.random`` has a generator for each lane.

A stop watch such as ``time.perf_counter`` is allowed, because it serves to print how long something
takes. A clock is not: a decision at two o'clock is meant for two o'clock of the market.
"""

import datetime as dt
import functools
import os
import random
import secrets
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from pipeline.dependencies.origin import is_users
from pipeline.dependencies.reach import Reach, functions_of
from pipeline.dependencies.references import Reference
from pipeline.errors import StrategyError
from pipeline.strategy.shared import check_hooks, check_names
from pipeline.strategy.strategy import HOOKS, Strategy, defines

_CHANCE = ", which gives other numbers in every run"
_UNSEEDED = f" without a seed{_CHANCE}"
_SHARED = ", which all lanes of a process would draw from, in an order that no run repeats"
_CLOCK = ", which is another time in every run"

_LANES_OWN = "ctx.random() gives the same numbers above 0 and below 1 in every run"
_SEED = "np.random.default_rng(7), with a seed, gives the same ones"
_THE_SAME = "parameters and indicators must be the same in every run"
_MARKETS = "ctx.now is the market's time, time.perf_counter() measures how long something takes"

_SYSTEMS = (os.urandom, uuid.uuid1, uuid.uuid4, random.SystemRandom)
#: Functions that tell the time, unless they are given so many arguments: a time to be told.
_CLOCKS = {
    **dict.fromkeys(map(id, (time.time, time.time_ns)), 1),
    **dict.fromkeys(map(id, (time.localtime, time.gmtime, time.ctime, time.asctime)), 1),
    id(time.strftime): 2,
}
_CLOCKS_OF_DATES = ("now", "utcnow", "today")


def check_strategy(cls: type[Strategy]) -> None:
    """Refuse a class if a hook of it, or a function that a hook leads to, is not repeatable.

    The functions are those of the user that `dependencies` finds, with and without ``njit``.
    Raises StrategyError with file, line, class, hook and the way on.
    """
    key: Any = cls  # mypy does not take a class for hashable
    _check_hooks(key)


@cache
def _check_hooks(cls: type[Strategy]) -> None:
    reach = Reach(cls)
    roots = []
    for hook in (*HOOKS, "indicators", "lookback", "__init__"):
        ways = (_LANES_OWN, _MARKETS) if hook in HOOKS else (_THE_SAME, _THE_SAME)
        for root in functions_of(getattr(cls, hook)) if defines(cls, hook) else ():
            _check(reach, root, f"{cls.__name__}.{hook}", *ways)
            roots.append(root)
    check_names(reach.named_by(roots))
    check_hooks(cls, reach)
    _check_imports(reach, cls.__name__)


@cache
def check_function(function: FunctionType, kind: str) -> None:
    """Refuse a function of the user's own, such as "a commission", that is not repeatable.

    Raises StrategyError as `check_strategy` does.
    """
    way = f"{kind} depends on its arguments alone"
    reach = Reach()
    _check(reach, function, function.__name__, way, way)
    check_names(reach.named_by([function]))
    _check_imports(reach, function.__name__)


def _check(reach: Reach, root: FunctionType, name: str, drawing: str, asking: str) -> None:
    """Raise for the first reference that is not repeatable.

    ``name``: of the root. ``drawing``, ``asking``: the way on for one who draws or asks a clock.
    """
    for function, reference in reach.references(root):
        why = _why_not(reference)
        if why:
            inside = "" if function is root else f" in {function.__qualname__}"
            way = asking if why is _CLOCK else drawing
            raise _refusal(function, reference, name, inside + why, way)


def _check_imports(reach: Reach, name: str) -> None:
    """Raise for a value that a module has drawn when it was imported, and that a function uses.

    Every process of a run imports the module anew and would draw another one. Clocks and names
    drawn from the system are allowed there, because they serve to name a log.
    """
    computed = Reach()
    todo = list(reach.bindings())
    while todo:
        for one in todo:
            for function, reference in computed.references(one.expression):
                why = _why_not(reference)
                if why in (_CHANCE, _UNSEEDED) and not _is_systems(reference.value):
                    raise _refusal(function, reference, name, f" for {one.name}{why}", _SEED)
        todo = list(computed.bindings())


def _refusal(
    function: FunctionType, reference: Reference, name: str, why: str, way: str
) -> StrategyError:
    place = f"{function.__code__.co_filename}:{reference.line}"
    return StrategyError(f"{place}: {name} uses {reference.name}{why}; {way}")


def _is_systems(value: Any) -> bool:
    return value is secrets or value in _SYSTEMS or getattr(value, "__module__", "") == "secrets"


@dataclass(frozen=True)
class _Sources:
    """Where random numbers come from."""

    modules: tuple[ModuleType, ...]
    """Modules whose functions draw from a generator of the whole process, or of the system."""
    drawing: frozenset[int]
    """These functions, by id."""
    owners: tuple[Any, ...]
    """The generators of the whole process: what random.random is a method of."""
    seeded: frozenset[int]
    """Functions and classes, by id, that make a generator from the seed that they are given."""
    generators: tuple[type, ...]
    """The classes of generators."""


@cache
def _sources(with_numpy: bool) -> _Sources:
    """Return all sources, those of NumPy only if it has loaded them, which takes its time."""
    modules: Any = (random, secrets)
    seeded: tuple[Any, ...] = (random.Random,)
    generators: tuple[type, ...] = (random.Random,)
    owners: tuple[Any, ...] = (getattr(random.random, "__self__", None),)
    if with_numpy:
        chance: Any = np.random
        modules += (chance, chance.mtrand)
        owners += (chance.rand.__self__,)
        kinds = (chance.PCG64, chance.PCG64DXSM, chance.MT19937, chance.Philox, chance.SFC64)
        seeded += (chance.default_rng, chance.RandomState, chance.SeedSequence, *kinds)
        generators += (chance.Generator, chance.RandomState, chance.BitGenerator)
    makers = frozenset(map(id, seeded))
    named = (getattr(one, name) for one in modules for name in one.__all__)
    drawing = {id(one) for one in (*named, *_SYSTEMS) if not isinstance(one, type)} - makers
    drawing.add(id(random.SystemRandom))
    return _Sources(modules, frozenset(drawing), owners, makers, generators)


def _why_not(reference: Reference) -> str:
    """Say why a reference is not repeatable; empty if it is."""
    sources = _sources("numpy.random" in sys.modules)
    for value in _held(reference.value):
        owner = getattr(value, "__self__", value)
        if isinstance(value, ModuleType):
            if value in sources.modules:
                return _CHANCE
        elif id(value) in sources.drawing or any(owner is one for one in sources.owners):
            return _CHANCE
        elif id(value) in sources.seeded and not reference.arguments:
            return _UNSEEDED
        elif isinstance(owner, sources.generators):
            return _SHARED
        elif _tells_the_time(value, owner, reference.arguments or 0):
            return _CLOCK
    return ""


def _tells_the_time(value: Any, owner: Any, arguments: int) -> bool:
    if isinstance(owner, type) and issubclass(owner, dt.date):  # pandas.Timestamp, too
        return getattr(value, "__name__", "") in _CLOCKS_OF_DATES
    return arguments < _CLOCKS.get(id(value), 0)


def _held(value: Any, depth: int = 3) -> Iterator[Any]:
    """Give a value, and those that it holds if it is a container or an object of a user's class."""
    yield value
    items: Iterable[Any] = ()
    if isinstance(value, functools.partial):
        items = (value.func,)
    elif type(value) in (list, tuple):
        items = value
    elif type(value) is dict:
        items = value.values()
    elif not isinstance(value, type | ModuleType) and is_users(sys.modules.get(_home(value))):
        items = getattr(value, "__dict__", {}).values()
    for item in items if depth else ():
        if not isinstance(item, str | int | float):
            yield from _held(item, depth - 1)


def _home(value: Any) -> str:
    return str(type(value).__module__)

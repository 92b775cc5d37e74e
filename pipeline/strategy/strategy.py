"""A strategy: typed parameters, state, indicators and hooks.

Annotated class attributes are the parameters: ``fast: int = 10``. An annotated attribute whose
default is ``state(...)`` is not a parameter but memory, one value per lane and symbol. One that is
annotated as `Final` or `ClassVar` is a constant. Hooks that a class defines are called; those that
it only inherits from `Strategy` are not, and cost nothing.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, Never, get_origin

import numpy as np

from pipeline.errors import StrategyError, nearest, text_of
from pipeline.strategy.declared import State
from pipeline.strategy.found import Annotated, Kept, KeptAttributes
from pipeline.strategy.initial import bare_state, initial_of
from pipeline.strategy.place import place_of, place_of_class
from pipeline.strategy.undeclared import undeclared_in
from pipeline.strategy.wrong_call import without_names

if TYPE_CHECKING:
    from pipeline.strategy.bar import Bar, Bars
    from pipeline.strategy.context import Context
    from pipeline.strategy.events import Fill, Order, Session

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

#: Hooks in the order of their first call, with what they are given besides ``self`` and ``ctx``.
HOOKS = {
    "on_start": None,
    "on_session_open": "session",
    "on_fill": "fill",
    "on_order": "order",
    "on_bar": "bar",
    "on_bars": "bars",
    "on_session_close": "session",
    "on_stop": None,
}

#: What other libraries call hooks, and what they are here.
_ELSEWHERE = {
    **dict.fromkeys(("next", "handle_data", "on_data", "OnData"), "on_bar"),
    "init": "indicators",
    **dict.fromkeys(("initialize", "Initialize", "start"), "on_start"),
    "notify_order": "on_order",
    "notify_trade": "on_fill",
}

Value = int | float | bool | str


class Symbol(str):
    """A parameter that names one of the run's symbols; inside hooks it is the symbol's index."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a strategy class: its name, its type and its default."""

    name: str
    type: type
    default: Value


class Strategy:
    """Base of all strategies. Subclass it, annotate parameters, define ``on_bar``.

    ``lookback``: how many bars back (the current one included) ``ctx.window`` may reach; a number
    or a property computed from parameters. ``intervals``: call ``on_bar`` only for bars of these
    intervals; empty means all streams of the run. ``warmup``: at which bar of a symbol and interval
    it is first called; None, the default, means the first bar at which every indicator has a value,
    0 the first bar there is. A number or a property too.

    Hooks are all optional; only those that the class itself, or a class between it and Strategy,
    defines are called. In ``on_bar``, ``on_fill`` and ``on_order`` the state is that of the symbol;
    in the others it is the lane's own.
    """

    lookback: ClassVar[Any] = 0
    intervals: ClassVar[tuple[str, ...]] = ()
    warmup: ClassVar[Any] = None

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in values_of(self).items())
        return f"{type(self).__name__}({values})"

    def __init__(self, *unnamed: Never, **parameters: Value) -> None:
        declared = {parameter.name: parameter for parameter in parameters_of(type(self))}
        if unnamed:
            raise StrategyError(without_names(type(self).__name__, unnamed, parameters, declared))
        for name, value in parameters.items():
            if name not in declared:
                raise StrategyError(_unknown(type(self), name, declared))
            what = f"{type(self).__name__}.{name}".__str__
            setattr(self, name, _checked(what, declared[name], value))
        for name, parameter in declared.items():
            if name not in parameters:
                setattr(self, name, parameter.default)
        for name, declared_state in states_of(type(self)).items():
            setattr(self, name, declared_state.initial)

    def indicators(self) -> Mapping[str, Any]:
        """Indicators by the name under which a bar shows them, e.g. ``{"fast": ind.sma(10)}``."""
        return {}

    def on_start(self, ctx: "Context") -> None:
        """Act before the first bar of the run. State: the lane's own."""

    def on_session_open(self, session: "Session", ctx: "Context") -> None:
        """Act when a session opens by the calendar. State: the lane's own."""

    def on_fill(self, fill: "Fill", ctx: "Context") -> None:
        """Act on one fill, before the bars of its moment are shown. State: the symbol's."""

    def on_order(self, order: "Order", ctx: "Context") -> None:
        """Act on one order that has ended since the moment before, after `on_fill`.

        Filled, cancelled, expired or rejected: ``order.state`` is compared with `states`. State:
        the symbol's.
        """

    def on_bar(self, bar: "Bar", ctx: "Context") -> None:
        """Act on one bar of one symbol, which has just closed. State: the symbol's."""

    def on_bars(self, bars: "Bars", ctx: "Context") -> None:
        """Act on all bars of one interval that closed at one moment. State: the lane's own."""

    def on_session_close(self, session: "Session", ctx: "Context") -> None:
        """Act when a session closes by the calendar, after its last bars. State: the lane's own.

        What is ordered here fills in the next session; `Context.exit_on_close`, called before,
        closes at this one's close.
        """

    def on_stop(self, ctx: "Context") -> None:
        """Act after the last bar of the run; orders placed here stay unfilled.

        State: the lane's own.
        """


_ANNOTATIONS: Kept[Mapping[str, Any]] = Kept()
_PARAMETERS: Kept[tuple[Parameter, ...]] = Kept()
_STATES: Kept[dict[str, State]] = Kept()


def _annotated(cls: type) -> Annotated:
    """Annotated attributes with their types and defaults, base classes first."""
    return _ATTRIBUTES.of(cls)


def _find_annotated(cls: type) -> Annotated:
    found: dict[str, tuple[type, Any]] = {}
    for base in reversed(cls.__mro__):
        if base in (object, Strategy):
            continue
        for name, kind in _annotations(base).items():
            if _is_constant(kind) or name.startswith("_"):
                continue
            if not hasattr(cls, name):
                raise StrategyError(
                    f"{place_of(cls, name)} needs a default value; write {name}: "
                    f"{getattr(kind, '__name__', kind)} = ..."
                )
            found[name] = (kind, getattr(cls, name))
    return found


_ATTRIBUTES = KeptAttributes(_find_annotated)


def _is_constant(kind: Any) -> bool:
    """Whether an annotation says of an attribute that it is neither a parameter nor a state."""
    return kind in (ClassVar, Final) or get_origin(kind) in (ClassVar, Final)


def _annotations(cls: type) -> Mapping[str, Any]:
    """Return the annotations of one class, those that are texts as what they mean."""
    try:
        return _ANNOTATIONS.of(cls, partial(inspect.get_annotations, cls, eval_str=True))
    except Exception as error:
        # A text may hold any expression.
        raise StrategyError(
            f"{cls.__module__}:{cls.__qualname__} has a type that cannot be read: "
            f"{type(error).__name__}: {text_of(error)}"
        ) from error


def parameters_of(cls: type) -> tuple[Parameter, ...]:
    """The parameters of a strategy class, in order of definition (StrategyError for odd types)."""
    annotated = _annotated(cls)
    return _PARAMETERS.of(cls, lambda: _parameters(cls, annotated), annotated)


def _parameters(cls: type, annotated: Annotated) -> tuple[Parameter, ...]:
    parameters = []
    for name, (kind, default) in annotated.items():
        if isinstance(default, State):
            continue
        if kind not in (int, float, bool, Symbol):
            raise StrategyError(
                f"{place_of(cls, name)} has type {getattr(kind, '__name__', kind)}; "
                "a parameter must be int, float, bool or Symbol"
            )
        shell = Parameter(name, kind, default)
        parameters.append(
            Parameter(name, kind, _checked(partial(place_of, cls, name), shell, default))
        )
    return tuple(parameters)


def states_of(cls: type) -> dict[str, State]:
    """The state attributes of a strategy class, in order of definition.

    Initial values are of the annotated types. StrategyError for odd types and values.
    """
    annotated = _annotated(cls)
    return _STATES.of(cls, lambda: _states(cls, annotated), annotated)


def _states(cls: type, annotated: Annotated) -> dict[str, State]:
    for base in cls.__mro__:
        for name, member in vars(base).items():
            if isinstance(member, State) and name not in annotated:
                raise StrategyError(f"{place_of(cls, name)} {bare_state(name, member.initial)}")
    states = {}
    for name, (kind, default) in annotated.items():
        if isinstance(default, State):
            states[name] = State(initial_of(cls, name, kind, default.initial), default.reset)
    return states


def values_of(strategy: Strategy) -> dict[str, Value]:
    """The parameter values of one strategy, by name."""
    return {p.name: getattr(strategy, p.name) for p in parameters_of(type(strategy))}


def _check_hook(cls: type[Strategy], name: str) -> None:
    """Refuse a hook that cannot be called as hooks are, or of which a call would do nothing."""
    hook = getattr(cls, name)
    given = ("self", *filter(None, (HOOKS[name],)), "ctx")
    check_member(cls, name, f"def {name}({', '.join(given)}):")
    where = f"{hook.__code__.co_filename}:{hook.__code__.co_firstlineno}: "
    try:
        inspect.signature(hook).bind(*given)
    except TypeError:
        raise StrategyError(
            f"{where}{cls.__name__}.{name} must take {', '.join(given)}, is "
            f"{name}{inspect.signature(hook)}"
        ) from None
    if inspect.isgeneratorfunction(hook) or inspect.iscoroutinefunction(hook):
        word = "async" if inspect.iscoroutinefunction(hook) else "yield"
        raise StrategyError(
            f"{where}{cls.__name__}.{name} has {word}, so a call would run nothing of it; "
            f"write it without"
        )


def check_member(cls: type[Strategy], name: str, head: str) -> None:
    """Refuse a member of a class that is no function; ``head``: how one begins."""
    member = getattr(cls, name)
    if not hasattr(member, "__code__"):
        found = "None" if member is None else f"of type {type(member).__name__}"
        raise StrategyError(
            f"{place_of(cls, name)} is {found}, expected a function: write {head} or leave it out"
        )


def names_of(cls: type[Strategy]) -> list[str]:
    """The names that ``self`` has of its class: parameters, states, methods and constants."""
    return [name for name in dir(cls) if not (name.startswith("_") or hasattr(Strategy, name))]


def record_dtype(cls: type) -> np.dtype[Any]:
    """The memory of parameters and state as 8-byte fields (float64, else int64), one per symbol."""
    fields = [
        (name, "f8" if kind is float else "i8") for name, (kind, _) in _annotated(cls).items()
    ]
    return np.dtype(fields or [("unused", "i8")])


def defines(cls: type[Strategy], hook: str) -> bool:
    """Whether a class has a hook of its own, and not only the one of `Strategy`."""
    return getattr(cls, hook) is not getattr(Strategy, hook)


def hooks_of(cls: type[Strategy]) -> tuple[str, ...]:
    """The hooks a class defines, in calling order.

    StrategyError if there is none to act in, one cannot be called as hooks are, a name that begins
    like a hook's is none, or a hook stands behind Strategy among the base classes, where it would
    never be called.
    """
    hooks = tuple(name for name in HOOKS if defines(cls, name))
    for base in cls.__mro__[cls.__mro__.index(Strategy) + 1 :]:
        for name in HOOKS.keys() & vars(base).keys() - set(hooks):
            raise StrategyError(
                f"{cls.__name__} would not be called at {base.__name__}.{name}, because "
                f"Strategy.{name} comes first; name {base.__name__} before Strategy in its bases"
            )
    for name in hooks:
        _check_hook(cls, name)
    for name in dir(cls):
        if name in HOOKS or not (name.startswith("on_") or _squeezed(name) in _SQUEEZED):
            continue
        meant = _meant_hook(name)
        way = f"did you mean {meant}?" if meant else f"there are {', '.join(HOOKS)}"
        raise StrategyError(f"{place_of(cls, name)} is not a hook; {way}")
    if not hooks:
        raise StrategyError(
            f"{place_of_class(cls)} defines no hook; {_said_elsewhere(cls)}expected on_bar or "
            f"another of: {', '.join(HOOKS)}"
        )
    return hooks


def _squeezed(name: str) -> str:
    """Return a name as it is without underscores and capitals."""
    return name.replace("_", "").casefold()


#: The hooks by their names without underscores.
_SQUEEZED = {_squeezed(name): name for name in HOOKS}


def _meant_hook(name: str) -> str:
    """Return the hook that a name was meant for; "" if that cannot be told."""
    known = _ELSEWHERE.get(name) or _SQUEEZED.get(_squeezed(name))
    begun = sorted((one for one in HOOKS if name.startswith(one)), key=len)
    ended = [one for one in HOOKS if one.endswith(name.removeprefix("on"))]
    near = nearest(name, HOOKS)
    return known or next(iter([*begun[::-1], *ended, *near]), "")


def _said_elsewhere(cls: type[Strategy]) -> str:
    """Say what the methods of a class that are hooks of other libraries are called here."""
    found = [f"{name} is {ours} here" for name, ours in _ELSEWHERE.items() if hasattr(cls, name)]
    return f"{', '.join(found)}; " if found else ""


#: What every strategy has.
_OF_ALL: Final = frozenset(dir(Strategy))


def check_declared(strategy: Strategy) -> None:
    """Raise StrategyError if a strategy sets an attribute that must be declared as state."""
    declared = _annotated(type(strategy)).keys() | _OF_ALL
    found = undeclared_in(strategy, declared, tuple(HOOKS))
    if found:
        raise StrategyError(found)


def why_constant(cls: type, name: str) -> str:
    """Return one sentence about a number of a class that is no parameter; empty if it is none."""
    value = getattr(cls, name, None)
    if type(value) not in (bool, int, float) or hasattr(Strategy, name):
        return ""
    kinds = [_annotations(base).get(name) for base in cls.__mro__[:-1]]
    why = "is declared as" if any(map(_is_constant, kinds)) else "has no type, so it is"
    return (
        f"{place_of(cls, name)} {why} a constant and no parameter; write "
        f"{name}: {type(value).__name__} = {value!r}"
    )


def _unknown(cls: type, name: str, declared: Mapping[str, Parameter]) -> str:
    constant = why_constant(cls, name)
    if constant:
        return constant
    near = nearest(name, declared)
    hint = f"; did you mean {near[0]}?" if near else f"; it has: {', '.join(declared) or 'none'}"
    return f"{cls.__name__} has no parameter {name}{hint}"


def _checked(what: Callable[[], str], parameter: Parameter, value: Any) -> Value:
    """Return a parameter's value as one of its type; ``what`` says how a message begins."""
    kind = parameter.type
    expected = "a symbol's name" if kind is Symbol else kind.__name__
    if kind is Symbol:
        fits = isinstance(value, str)
    elif kind is float:
        fits = (
            isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        )
    elif kind is int:
        fits = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if fits and not -(2**63) <= value < 2**63:
            expected, fits = "a whole number of 64 bits", False
    else:
        fits = isinstance(value, bool)
    if not fits:
        raise StrategyError(f"{what()} must be {expected}, was {value!r}")
    # The text of a member of an enum may be its name.
    return Symbol(str.__str__(value)) if isinstance(value, str) else kind(value)

"""Makes lanes of strategies: parameters, indicators, lookback and the place of their columns."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.codes import interval_ns
from pipeline.config.session import SessionConfig
from pipeline.errors import ConfigError, StrategyError
from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.runner.asked import indicators_of
from pipeline.strategy.demands import intervals_of, lookback_of, warmup_of
from pipeline.strategy.lookups.sources import check_lookups
from pipeline.strategy.misuse import check_use
from pipeline.strategy.place import place_of
from pipeline.strategy.repeatable import check_strategy
from pipeline.strategy.source import load_class
from pipeline.strategy.strategy import (
    Strategy,
    check_declared,
    hooks_of,
    values_of,
)

if TYPE_CHECKING:
    from pipeline.lane.spec import LaneSpec

#: A class, a strategy, or its name as in the configuration, such as "mine.py:SmaCross".
_One = type[Strategy] | Strategy | str
#: Strategies as a caller of `run` may give them: one, or a list.
Given = _One | Sequence[_One]


@dataclass(frozen=True)
class Lanes:
    """The lanes of a run, and the data that they need together."""

    specs: "tuple[LaneSpec, ...]"
    #: The indicators of all lanes.
    plan: IndicatorPlan
    #: The most rows of the past that a lane looks at.
    lookback: int
    #: Names of the strategies in the configuration; empty if they were given from Python.
    names: tuple[str, ...]


def strategy_settings(given: Given) -> list[dict[str, Any]]:
    """Return the configuration's ``strategy`` section for strategies given from Python."""
    settings: list[dict[str, Any]] = []
    for one in _each(given):
        if isinstance(one, str):
            settings.append({"name": one})
            continue
        cls = one if isinstance(one, type) else type(one)
        if not issubclass(cls, Strategy):
            raise StrategyError(
                'strategy must be a Strategy, its class, its name such as "mine.py:SmaCross", or a'
                f" list, was {one!r}"
            )
        values = values_of(one) if isinstance(one, Strategy) else {}
        module = cls.__module__.replace("<", "").replace(">", "")
        settings.append({"name": f"{module}:{cls.__name__}", "parameters": values})
    return settings


@dataclass(frozen=True)
class LaneSetting:
    """The strategy of a lane, and how it runs."""

    strategy: Strategy
    #: "compiled" or "interpreted".
    mode: str
    #: The symbols that the lane trades; empty for all symbols of the run.
    symbols: tuple[str, ...] = ()


def make_lanes(config: SessionConfig, given: Given | None) -> Lanes:
    """Build the lanes of a configuration.

    Their classes are those of ``given`` or, without it, found by the names in the configuration.
    """
    settings = config.strategies
    lanes = [
        LaneSetting(cls(**setting.parameters), setting.mode, setting.symbols or ())
        for cls, setting in zip(classes_of(config, given), settings, strict=True)
    ]
    return build_lanes(config, lanes, travel_names(config, given))


def asked_intervals(settings: Mapping[str, Any], given: Given | None) -> list[str]:
    """Return the intervals that strategies name, the shortest first; none of what is refused later.

    ``settings`` is a configuration whose section "strategy" is not checked; ``given`` takes its
    place.
    """
    found: set[str] = set()
    for one in strategies_in(settings, given):
        with suppress(Exception):  # which preparing the lanes tells, with its place
            strategy = one if isinstance(one, Strategy) else _class_of(one)()
            found.update(intervals_of(strategy))
            for wanted in strategy.indicators().values():
                interval = getattr(getattr(wanted, "indicator", wanted), "interval", None)
                found.update([interval] if isinstance(interval, str) else [])
    return sorted((one for one in found if _is_interval(one)), key=interval_ns)


def strategies_in(settings: Mapping[str, Any], given: Given | None) -> Sequence[_One]:
    """Return the strategies that are given, or else the names of those in settings.

    ``settings`` is a configuration whose section "strategy" is not checked.
    """
    if given is not None:
        return _each(given)
    sections = settings.get("strategy")
    some = sections if isinstance(sections, list | tuple) else [sections]
    return [str(one["name"]) for one in some if isinstance(one, Mapping) and "name" in one]


def _is_interval(text: str) -> bool:
    try:
        interval_ns(text)
    except ConfigError:
        return False
    return True


def classes_of(config: SessionConfig, given: Given | None) -> list[type[Strategy]]:
    """Return the strategy classes of a configuration, in its order.

    StrategyError if one is not there, is not repeatable (`strategy.repeatable`) or uses what hooks
    are given as something else (`strategy.misuse`).
    """
    each = [setting.name for setting in config.strategies] if given is None else _each(given)
    classes = [_class_of(one) for one in each]
    for cls in classes:
        check_strategy(cls)
        check_use(cls)
    return classes


def travel_names(config: SessionConfig, given: Given | None) -> tuple[str, ...]:
    """Return the names by which other processes find the classes.

    There are none if classes were given from Python.
    """
    named = given is None or all(isinstance(one, str) for one in _each(given))
    return tuple(setting.name for setting in config.strategies) if named else ()


def _each(given: Given) -> Sequence[_One]:
    return given if isinstance(given, list | tuple) else [given]  # type: ignore[list-item]


def _class_of(one: _One) -> type[Strategy]:
    if isinstance(one, str):
        return load_class(one)
    return one if isinstance(one, type) else type(one)


def build_lanes(
    config: SessionConfig, lanes: Sequence[LaneSetting], names: tuple[str, ...]
) -> Lanes:
    """Number lanes, plan their indicators together, and find the place of each lane's columns."""
    from pipeline.lane.spec import LaneSpec
    from pipeline.strategy.compiled.random_numbers import first_state

    data = config.session_data_config
    requests = [indicators_of(lane.strategy, data.streams) for lane in lanes]
    plan = IndicatorPlan.build(requests, data.streams)
    place = {symbol: index for index, symbol in enumerate(data.symbols)}
    specs = []
    read: set[Any] = set()
    for number, lane in enumerate(lanes):
        cls = type(lane.strategy)
        check_declared(lane.strategy)
        if cls not in read:
            hooks_of(cls)
            check_lookups(lane.strategy)
            read.add(cls)
        _check_pairs(config, lane.symbols)
        specs.append(
            LaneSpec(
                number,
                lane.strategy,
                lane.mode,
                lookback_of(lane.strategy),
                plan.binding(requests[number]),
                _wanted(lane.strategy, data.streams),
                warmup_of(lane.strategy),
                tuple(sorted(place[symbol] for symbol in lane.symbols)),
                first_state(config.backtest_config.seed, _identity(lane, data.symbols)),
            )
        )
    return Lanes(tuple(specs), plan, max(spec.lookback for spec in specs), names)


def _identity(lane: LaneSetting, symbols: Sequence[str]) -> list[str]:
    """Return what tells a lane from others: its class, its parameters and its symbols' names.

    It is the same alone and in a sweep, and for a class that is given from Python.
    """
    values = [f"{name}={value!r}" for name, value in sorted(values_of(lane.strategy).items())]
    return [type(lane.strategy).__qualname__, *values, *(lane.symbols or symbols)]


def _check_pairs(config: SessionConfig, universe: Sequence[str]) -> None:
    """Refuse a universe with a symbol, but without the pair that converts its currency."""
    for symbol, conversion in config.conversions().items() if universe else ():
        if symbol in universe and conversion.pair not in universe:
            raise ConfigError(
                f"{symbol} is converted by {conversion.pair}, which is not among the symbols of"
                f" its lane: {', '.join(universe)}"
            )


def _wanted(strategy: Strategy, intervals: Sequence[str]) -> tuple[int, ...]:
    own = intervals_of(strategy)
    for interval in own:
        if interval not in intervals:
            raise StrategyError(
                f"{place_of(type(strategy), 'intervals')} names {interval!r}, which is not in "
                f"session_data_config.streams: {', '.join(intervals)}"
            )
    wanted = own or intervals
    return tuple(index for index, name in enumerate(intervals) if name in wanted)

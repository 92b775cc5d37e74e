"""What a strategy demands of the run, checked: its lookback, its warm-up and its intervals."""

from typing import Any

from pipeline.errors import StrategyError, line_in, text_of
from pipeline.strategy.attribute_error import retold
from pipeline.strategy.place import place_of
from pipeline.strategy.strategy import Strategy

#: The most bars that a number in memory or in a kernel counts.
_MOST_BARS = 2**53
_COUNT = "from 0 to 2**53"


def lookback_of(strategy: Strategy) -> int:
    """Return the rows of the past that a strategy needs; StrategyError if it is no such number."""
    rows = _demanded(strategy, "lookback")
    if not _is_count(rows):
        raise StrategyError(
            f"{place_of(type(strategy), 'lookback')} must be a number of bars, {_COUNT}, was "
            f"{_found(rows, 'lookback')}"
        )
    return int(rows)


def warmup_of(strategy: Strategy) -> int | None:
    """Return the bar at which a strategy is first called; None for when its indicators are ready.

    StrategyError if it is neither None nor a number of bars.
    """
    bars = _demanded(strategy, "warmup")
    if bars is not None and not _is_count(bars):
        raise StrategyError(
            f"{place_of(type(strategy), 'warmup')} must be a number of bars, {_COUNT}, or None to "
            f"wait until all indicators have a value, was {_found(bars, 'warmup')}"
        )
    return None if bars is None else int(bars)


def intervals_of(strategy: Strategy) -> tuple[str, ...]:
    """Return the intervals for whose bars a strategy is called; () for all of the run.

    StrategyError if it is no tuple or list of texts.
    """
    given = _demanded(strategy, "intervals")
    if isinstance(given, tuple | list) and all(isinstance(one, str) for one in given):
        return tuple(given)
    written = f"intervals = ({given!r},)" if isinstance(given, str) else 'intervals = ("5m",)'
    raise StrategyError(
        f"{place_of(type(strategy), 'intervals')} must be a tuple of texts, was "
        f"{_found(given, 'intervals')}; write {written}"
    )


def _demanded(strategy: Strategy, name: str) -> Any:
    """Return what a class demands, which may be a property; StrategyError if that raises."""
    try:
        return getattr(strategy, name)
    except (Exception, SystemExit) as error:
        getter = getattr(getattr(type(strategy), name), "fget", None)
        code = getattr(getter, "__code__", None)
        line = line_in(error, code.co_filename) if code else None
        where = f"{code.co_filename}:{line}: " if code and line else ""
        text = retold(error) if isinstance(error, AttributeError) else text_of(error)
        raise StrategyError(
            f"{where}{strategy!r}.{name} raised {type(error).__name__}: {text}"
        ) from error


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_BARS


def _found(value: object, name: str) -> str:
    """Return a value as a message shows it; what is called has to be a property."""
    if callable(value):
        return f"a method; write @property above def {name}(self)"
    return repr(value)

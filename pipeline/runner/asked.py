"""The indicators that a strategy asks for, or one line on what is wrong with them."""

from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import Any

from pipeline.errors import DataError, StrategyError, line_in, text_of
from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.strategy.attribute_error import retold
from pipeline.strategy.names import NAMES
from pipeline.strategy.repeatable import check_function
from pipeline.strategy.strategy import Strategy, check_member, values_of
from pipeline.strategy.type_error import retold_call


def indicators_of(strategy: Strategy, intervals: Sequence[str]) -> dict[str, Any]:
    """Return the indicators of a strategy by their names.

    ``intervals``: those of the run. Raises StrategyError or DataError, which name file, line and
    parameters, where ``indicators`` raises or returns something else.
    """
    check_member(type(strategy), "indicators", "def indicators(self):")
    try:
        asked = strategy.indicators()
    except (StrategyError, DataError) as error:
        raise type(error)(f"{_where(strategy, error)}: {error}") from None
    except (Exception, SystemExit) as error:
        text = text_of(error) or "no message"
        if isinstance(error, AttributeError):
            text = retold(error)
        elif isinstance(error, TypeError):
            text = retold_call(error)
        raise StrategyError(
            f"{_where(strategy, error)} raised {type(error).__name__}: {text}"
        ) from error
    if not isinstance(asked, Mapping):
        found = "nothing: is a `return` missing?" if asked is None else f"a {type(asked).__name__};"
        raise StrategyError(
            f"{_where(strategy)} returned {found} expected a dict of indicators by name, as in "
            '{"average": ind.sma(20)}'
        )
    try:
        _check(asked, intervals)
    except (StrategyError, DataError) as error:
        raise type(error)(f"{_where(strategy)}: {error}") from None
    return dict(asked)


def _check(asked: Mapping[str, Any], intervals: Sequence[str]) -> None:
    for name, one in asked.items():
        for owner in ("bar", "bars"):
            if name in NAMES[owner]:
                raise StrategyError(
                    f"{name!r} is a field that {owner} has already; give the indicator another name"
                )
        own = getattr(getattr(one, "indicator", one), "function", None)
        if isinstance(own, FunctionType):
            check_function(own, "an indicator")
    IndicatorPlan.check(asked, intervals)


def _where(strategy: Strategy, error: BaseException | None = None) -> str:
    """Return file, line, class and parameters; the line is the one that raised, else the first."""
    cls = type(strategy)
    code = cls.indicators.__code__
    line = (error and line_in(error, code.co_filename)) or code.co_firstlineno
    values = ", ".join(f"{name}={value!r}" for name, value in values_of(strategy).items())
    given = f" with {values}" if values else ""
    return f"{code.co_filename}:{line}: {cls.__name__}.indicators{given}"

"""What an interpreted hook, or a declaration, is told that asks for a name that is not there.

The words are found when the error is described. A ``__getattr__`` of what hooks are given would
find them earlier, and would slow down every attribute that there is.
"""

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from pipeline.market import indicators
from pipeline.market.indicators.plan import bound_names
from pipeline.strategy.bar import BAR_FIELDS
from pipeline.strategy.context import Context
from pipeline.strategy.events import Fill, Order, Session
from pipeline.strategy.local_time import LocalTime
from pipeline.strategy.names import NAMES
from pipeline.strategy.strategy import Strategy, names_of
from pipeline.strategy.undeclared import no_such_attribute
from pipeline.strategy.wrong_name import no_such_name


def _indicators_of(strategy: Strategy) -> list[str]:
    """Return the names under which bars show a strategy's indicators; none if that cannot be told.

    It may be asked while ``indicators`` itself raises.
    """
    with suppress(Exception):
        return [*bound_names(strategy.indicators())]
    return []


def retold(error: AttributeError) -> str:
    """Return what an error says; in our words, if something that hooks are given lacks a name."""
    asked: Any = error.obj
    name = error.name
    if not isinstance(name, str):
        return str(error)
    if asked is indicators:
        own = "; ind.window and ind.custom make an indicator of your own"
        return no_such_name("ind", name, indicators.DECLARED) + own
    if isinstance(asked, Strategy):
        of_bars = (*BAR_FIELDS, *_indicators_of(asked))
        return no_such_attribute(type(asked), name, names_of(type(asked)), of_bars)
    if isinstance(asked, Context):
        return no_such_name("ctx", name, NAMES["ctx"])
    if isinstance(asked, LocalTime):
        return no_such_name("ctx.time", name, asked._fields)
    if isinstance(asked, Fill | Order | Session):
        return no_such_name(type(asked).__name__.lower(), name, asked._fields)
    fields = getattr(asked, "_fields", ())
    if isinstance(asked, tuple) and fields[: len(BAR_FIELDS)] == BAR_FIELDS:
        return no_such_name("bar", name, fields)
    if isinstance(asked, SimpleNamespace) and vars(asked).keys() >= set(NAMES["bars"]):
        return no_such_name("bars", name, vars(asked))
    return str(error)

"""What a hook, or a declaration, is told that asks for a name that is not there.

Of an interpreted one the words are found when the error is described. A ``__getattr__`` of what
hooks are given would find them earlier, and would slow down every attribute that there is.
"""

from collections.abc import Collection
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from pipeline.errors import text_of
from pipeline.market import indicators
from pipeline.market.indicators.plan import bound_names
from pipeline.strategy.bar import BAR_FIELDS
from pipeline.strategy.context import Context
from pipeline.strategy.events import Fill, Order, Session
from pipeline.strategy.local_time import LocalTime
from pipeline.strategy.names import NAMES
from pipeline.strategy.strategy import HOOKS, Strategy, names_of
from pipeline.strategy.undeclared import no_such_attribute
from pipeline.strategy.wrong_call import written
from pipeline.strategy.wrong_name import in_our_words, no_such_name

#: What to write where an indicator is taken for a number.
OF_INDICATOR = (
    'indicators are asked for in indicators(), as in return {"avg": ind.sma(10)}, and bar.avg is '
    "the value"
)


def _indicators_of(strategy: Strategy) -> list[str]:
    """Return the names under which bars show a strategy's indicators; none if that cannot be told.

    It may be asked while ``indicators`` itself raises.
    """
    with suppress(Exception):
        return [*bound_names(strategy.indicators())]
    return []


def no_such_indicator(name: str) -> str:
    """Return one sentence about an indicator that there is not."""
    own = "; ind.window and ind.custom make an indicator of your own"
    return no_such_name("ind", name, indicators.DECLARED) + own


def no_attribute_of_number(kind: str, name: str) -> str:
    """Return one sentence about an attribute of a number; ``kind``: what it is in words."""
    return f"{kind} has no attribute {str(name)!r}{_hint_of_number(name)}"


def _hint_of_number(name: str) -> str:
    """Return what a number was taken for that is asked for an attribute; empty if unknown."""
    method = getattr(Context, name, None) if name in ("cancel", "replace") else None
    if method is not None:
        return f"; an order is told by its id, a number: {written(f'ctx.{name}', method)}"
    if name in LocalTime._fields:
        return f"; a time is a number, ns UTC: ctx.time.{name} is that of now"
    if in_our_words(name, Order._fields):
        return "; an order is told by its id, a number: on_order and on_fill are given what it is"
    return ""


def meant_by_name(cls: type[Strategy], hook: str, name: str, of_bars: Collection[str] = ()) -> str:
    """Say which attribute was meant by a name that is not defined in a hook; "" if none.

    ``of_bars``: the names of the strategy's indicators.
    """
    given, code = HOOKS[hook], getattr(cls, hook).__code__
    own, *others = code.co_varnames[: code.co_argcount]
    *first, ctx = others or ("ctx",)
    known: dict[str, Collection[str]] = {own: names_of(cls)}
    if given is not None and first:
        known[first[0]] = (*NAMES[given], *(of_bars if given in ("bar", "bars") else ()))
    known[ctx] = NAMES["ctx"]
    owner = next((owner for owner, names in known.items() if name in names), None)
    return "" if owner is None else f"; did you mean {owner}.{name}?"


def retold_name(error: NameError, strategy: Strategy, hook: str) -> str:
    """Return what an error says of a name that is not defined, with what was meant."""
    text, name = text_of(error), error.name
    if type(error) is not NameError or not isinstance(name, str):
        return text
    return text + meant_by_name(type(strategy), hook, name, _indicators_of(strategy))


def retold(error: AttributeError) -> str:
    """Return what an error says; in our words, if something that hooks are given lacks a name."""
    asked: Any = error.obj
    name = error.name
    if not isinstance(name, str):
        return str(error)
    if asked is indicators:
        return no_such_indicator(name)
    if isinstance(asked, int | float):
        return f"{error}{_hint_of_number(name)}"
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

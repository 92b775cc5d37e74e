"""What an interpreted hook is told of a call that ``ctx`` or an indicator does not take."""

import re
from collections.abc import Callable
from typing import Any

from pipeline.market import indicators
from pipeline.strategy.attribute_error import OF_INDICATOR
from pipeline.strategy.context import Context
from pipeline.strategy.local_time import OF_TIME
from pipeline.strategy.wrong_call import arguments_of, no_such_argument, written

_METHOD = re.compile(r"InterpretedContext\.(\w+)\(\)")
_DECLARED = re.compile(r"^(\w+)\(\)")
#: What to write where something of ours is calculated or compared with, by its class.
_HINTS = {
    "LocalTime": f"; {OF_TIME}",
    "Indicator": f"; {OF_INDICATOR}",
}
_KEYWORD = re.compile(r"unexpected keyword argument '(\w+)'")


def retold_call(error: TypeError) -> str:
    """Return what an error says; in our words, if it is of a call of ours."""
    text = str(error)
    method, declared = _METHOD.match(text), _DECLARED.match(text)
    function: Callable[..., Any] | None = None
    if method is not None and hasattr(Context, method[1]):
        name, function = f"ctx.{method[1]}", getattr(Context, method[1])
    elif declared is not None and declared[1] in indicators.DECLARED:
        name, function = f"ind.{declared[1]}", getattr(indicators, declared[1])
    if function is None:
        hints = (hint for kind, hint in _HINTS.items() if f"'{kind}'" in text)
        return text + next(hints, "")
    keyword = _KEYWORD.search(text)
    names = [one.name for one in arguments_of(function)]
    what = no_such_argument(name, keyword[1], names) if keyword else _without_owner(text, name)
    return f"{what}; expected {written(name, function)}"


def _without_owner(text: str, name: str) -> str:
    """Put the name that users know in front of what Python says of a call."""
    return f"{name}{text[text.index('()') :]}"

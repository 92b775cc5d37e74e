"""Tells what is meant by an argument that `run` or `sweep` does not take."""

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from pipeline.config.finding import named_by
from pipeline.config.listing import sections_of
from pipeline.config.session import SessionConfig
from pipeline.errors import nearest
from pipeline.strategy.strategy import Strategy, parameters_of
from pipeline.strategy.wrong_call import wrong_call

P = ParamSpec("P")
R = TypeVar("R")
#: So many settings are named.
_MOST = 3
#: How like a name another one must be to be meant, 0 to 1.
_ALIKE = 0.8


def arguments_told(function: Callable[P, R]) -> Callable[P, R]:
    """Have a call with wrong arguments say how a setting or a parameter of that name is given.

    The call raises a TypeError, as Python does.
    """

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        name = function.__name__
        if wrong := wrong_call(name, function, len(args), list(kwargs)):
            takes = inspect.signature(function).parameters
            for keyword, value in kwargs.items():
                if keyword not in takes and (way := _way(keyword, value, kwargs, takes)):
                    raise TypeError(f"{name} has no argument {keyword!r}; {way}")
            raise TypeError(wrong)
        return function(*args, **kwargs)

    return called


def _way(keyword: str, value: Any, given: Mapping[str, Any], takes: Iterable[str]) -> str:
    """Say which parameter or setting an argument is; "" if it is none, or like one of ours."""
    strategy = given.get("strategy")
    cls = strategy if isinstance(strategy, type) else type(strategy)
    if issubclass(cls, Strategy) and keyword in [one.name for one in parameters_of(cls)]:
        if isinstance(value, list | tuple | range | dict):
            values = value if isinstance(value, dict) else list(value)
            way = _override(f"sweep.space.{keyword}", values)
            return f"the values of a parameter are in the space of a sweep: write {way}"
        named = f"strategy={cls.__name__}({keyword}={value!r})"
        return f"it is a parameter of the strategy: write {named}"
    if nearest(keyword, takes, cutoff=_ALIKE):
        return ""
    paths = _settings(keyword, value)
    if not paths:
        return ""
    be = "is" if len(paths) == 1 else "may be"
    some = " or ".join(paths[:_MOST])
    return f"it {be} the setting {some}: write {_override(paths[0], value)}"


def _settings(keyword: str, value: Any) -> list[str]:
    """Return the paths of the settings that an argument may be, the likeliest first."""
    sections = sections_of(SessionConfig.json_schema())
    every = [
        one
        for section in sections
        for one in section.settings
        if "NAME" not in one.path and "[]" not in one.path
    ]
    if isinstance(value, int | float) and not isinstance(value, bool):
        every = [one for one in every if "number" in one.values]
    elif not isinstance(value, Mapping):
        every = [one for one in every if one.values not in ("section", "values by name")]
    words = {part for one in every for part in (one.name, *one.name.split("_"))}
    # Its path without the section, in which a word such as "data" may be, too.
    leaves = [replace(one, path=one.name) for one in every]
    for word in (keyword, *nearest(keyword, sorted(words), cutoff=_ALIKE)):
        exact = [one for one in leaves if one.name == word]
        if found := exact or named_by(leaves, [word]):
            paths = (one.path for leaf in found for one in every if one.name == leaf.name)
            return list(dict.fromkeys(paths))
    return []


def _override(path: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return f"overrides=[{f'{path}={text}'!r}]"

"""Tells what is meant by an argument that `run` or `sweep` does not take."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from pipeline.config.finding import named_by
from pipeline.config.keywords import setting_paths
from pipeline.config.listing import sections_of
from pipeline.config.session import SessionConfig
from pipeline.errors import nearest
from pipeline.strategy.strategy import Strategy, parameters_of
from pipeline.strategy.wrong_call import arguments_of, wrong_call

P = ParamSpec("P")
R = TypeVar("R")
#: So many settings are named.
_MOST = 3
#: How like a name another one must be to be meant, 0 to 1.
_ALIKE = 0.8


def arguments_told(function: Callable[P, R]) -> Callable[P, R]:
    """Have a call with wrong arguments say how a setting or a parameter of that name is given.

    The function is `run` or `sweep`, whose further keywords are settings and options of an import.
    The call raises a TypeError, as Python does.
    """

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        name = function.__name__
        takes = [one.name for one in arguments_of(function)]
        meant = _Meant(kwargs.get("strategy"), sweep=name == "sweep")
        unknown = [one for one in kwargs if one not in takes and not meant.is_setting(one)]
        known = [one for one in kwargs if one in takes]
        if wrong := wrong_call(name, function, len(args), [*known, *unknown]):
            for keyword in unknown:
                if way := meant.way(keyword, kwargs[keyword], takes):
                    raise TypeError(f"{name} has no argument {keyword!r}; {way}")
            raise TypeError(wrong + _in_order(name, args))
        return function(*args, **kwargs)

    return called


def _in_order(name: str, given: Sequence[Any]) -> str:
    """Say how data and a strategy are given that have no names; "" if there are none."""
    strategies = [one for one in given if isinstance(one, type) and issubclass(one, Strategy)]
    if not strategies:
        return ""
    return f"; write {name}(strategy={strategies[0].__name__}, data=...)"


@dataclass(frozen=True)
class _Meant:
    """What keywords of a call mean that the function itself does not name."""

    strategy: Any
    sweep: bool

    def is_setting(self, keyword: str) -> bool:
        """Return whether a keyword names a setting or an option of an import."""
        if keyword in self._parameters:
            return False
        if keyword in setting_paths(sweep=self.sweep):
            return True
        from pipeline.market.given.catalog import IMPORT_OPTIONS

        return keyword in IMPORT_OPTIONS

    @property
    def _parameters(self) -> list[str]:
        cls = self._class
        return [one.name for one in parameters_of(cls)] if issubclass(cls, Strategy) else []

    @property
    def _class(self) -> type:
        return self.strategy if isinstance(self.strategy, type) else type(self.strategy)

    def way(self, keyword: str, value: Any, takes: Iterable[str]) -> str:
        """Say which parameter or setting an argument is; "" if it is none, or like one of ours."""
        if keyword in self._parameters:
            return self._way_of_parameter(keyword, value)
        if keyword in setting_paths(sweep=True):
            return f"it is a setting of sweeps: write sweep(..., {keyword}={value!r})"
        if nearest(keyword, takes, cutoff=_ALIKE):
            return ""
        paths = _settings(keyword, value)
        if not paths:
            return ""
        be = "is" if len(paths) == 1 else "may be"
        some = " or ".join(paths[:_MOST])
        return f"it {be} the setting {some}: write {self._written(paths[0], value)}"

    def _way_of_parameter(self, keyword: str, value: Any) -> str:
        paths = setting_paths(sweep=self.sweep).get(keyword)
        also = f", and the setting {paths[0]}, which overrides= sets" if paths else ""
        if isinstance(value, list | tuple | range | dict):
            values = value if isinstance(value, dict) else list(value)
            return (
                "the values of a parameter are in the space of a sweep: write "
                f"{'' if self.sweep else 'sweep(..., '}space={{{keyword!r}: {values!r}}}"
                f"{'' if self.sweep else ')'}{also}"
            )
        named = f"strategy={self._class.__name__}({keyword}={value!r})"
        return f"it is a parameter of the strategy: write {named}{also}"

    def _written(self, path: str, value: Any) -> str:
        """Return how a setting is given."""
        name = path.rpartition(".")[2]
        if setting_paths(sweep=self.sweep).get(name) == (path,):
            return f"{name}={value!r}"
        return _override(path, value)


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

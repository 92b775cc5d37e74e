"""One sentence for a call with arguments that a function does not take, in both modes."""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from pipeline.strategy.wrong_name import meant_by


def written(name: str, function: Callable[..., Any]) -> str:
    """Return how a function, or a method of ``ctx``, is called: ``ctx.stop(symbol, until=)``."""
    given = ", ".join(map(_short, arguments_of(function)))
    return f"{name}({given})"


def wrong_call(name: str, function: Callable[..., Any], given: int, keywords: Sequence[str]) -> str:
    """Say what is wrong with a call; empty if nothing is.

    ``given``: how many arguments have no name, ``keywords``: the names of the others.
    """
    parameters = arguments_of(function)
    names = [one.name for one in parameters]
    expected = f"expected {written(name, function)}"
    for keyword in keywords:
        if keyword not in names:
            return f"{no_such_argument(name, keyword, names)}; {expected}"
    places = [one for one in parameters if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    if given > len(places):
        most = "argument" if len(places) == 1 else "arguments"
        return f"{name} takes {len(places)} {most} without a name, was given {given}; {expected}"
    filled = {one.name for one in places[:given]} | {*keywords}
    lacking = [
        one.name for one in parameters if one.default is one.empty and one.name not in filled
    ]
    if lacking:
        return f"{name} is not given {' and '.join(lacking)}; {expected}"
    return ""


def no_such_argument(name: str, argument: str, names: Iterable[str]) -> str:
    """Say that a function has no such argument, and which is meant, if that can be told."""
    meant = meant_by(argument, names)
    hint = f"; did you mean {meant}?" if meant else ""
    return f"{name} has no argument {argument!r}{hint}"


def without_names(
    name: str,
    values: Sequence[object],
    others: Mapping[str, object],
    parameters: Collection[str],
) -> str:
    """Say of values that a class is given without names how its parameters are given.

    ``others`` are the values with names.
    """
    if len(values) > len(parameters):
        has = f"it has: {', '.join(parameters)}" if parameters else "it has none"
        return f"{name} is given {len(values)} parameters without names; {has}"
    named = {**dict(zip(parameters, values, strict=False)), **others}
    written = ", ".join(f"{one}={value!r}" for one, value in named.items())
    return f"{name} is given parameters without their names; write {name}({written})"


def arguments_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the named parameters of a function, those of a method without ``self``."""
    found = [
        one
        for one in inspect.signature(function).parameters.values()
        if one.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    return found[1:] if found and found[0].name == "self" else found


def _short(parameter: inspect.Parameter) -> str:
    """Return a parameter's name, with = if it may be left out."""
    left_out = parameter.default is not inspect.Parameter.empty
    return f"{parameter.name}=" if left_out else parameter.name

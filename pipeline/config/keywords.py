"""Settings as keywords of a function: each by the name of its field alone, whatever its section."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pipeline.config.session import SessionConfig
from pipeline.config.values import Section
from pipeline.errors import ConfigError

#: Settings that `run` and `sweep` have arguments of their own for.
_OWN = ("strategy", "mode")
#: The section that a run ignores.
_OF_SWEEPS = "sweep"


@cache
def setting_paths(*, sweep: bool) -> Mapping[str, tuple[str, ...]]:
    """Return the paths of the settings that a keyword may mean, by its name.

    These are the settings outside of sections, the sections themselves, and their fields. Those of
    the section "sweep" are there if ``sweep`` is true.
    """
    found: dict[str, list[str]] = {}
    for name, one in SessionConfig.model_fields.items():
        if name in _OWN or (name == _OF_SWEEPS and not sweep):
            continue
        found.setdefault(name, []).append(name)
        for inner in _fields(one.annotation):
            found.setdefault(inner, []).append(f"{name}.{inner}")
    return {name: tuple(paths) for name, paths in found.items()}


def _fields(annotation: Any) -> Iterable[str]:
    """Return the names of the fields of a section, also of one that may be absent."""
    is_dict = typing.get_origin(annotation) is dict
    for kind in (annotation, *(() if is_dict else typing.get_args(annotation))):
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from (one.alias or name for name, one in kind.model_fields.items())


def settings_of(keywords: Mapping[str, Any], *, sweep: bool) -> dict[str, Any]:
    """Return the settings that keywords name, as a configuration has them.

    A section is given as a dict of settings. Ranges and arrays become lists. ConfigError for a name
    that several sections have, and for a setting that is given twice.
    """
    paths = setting_paths(sweep=sweep)
    found: dict[str, Any] = {}
    _check_once(keywords, paths)
    for name, value in keywords.items():
        if len(paths[name]) > 1:
            ways = " or ".join(f'overrides=["{path}=..."]' for path in paths[name])
            raise ConfigError(f"{name} may be {' or '.join(paths[name])}: write {ways}")
        section, _, inner = paths[name][0].partition(".")
        settings = {section: {inner: _plain(value)} if inner else _plain(value)}
        found = with_settings(found, settings)
    return found


def _check_once(keywords: Mapping[str, Any], paths: Mapping[str, tuple[str, ...]]) -> None:
    """Refuse a setting that is given by its name and in its section."""
    for name in keywords:
        section, _, inner = paths[name][0].partition(".")
        within = keywords.get(section)
        if inner and isinstance(within, Mapping) and inner in within:
            raise ConfigError(
                f"{name} is given twice, as {name}= and in {section}=: leave one of them out"
            )


def with_settings(settings: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in which others take the place of those that are there, field by field."""
    found = dict(settings)
    for name, value in others.items():
        there = found.get(name)
        if isinstance(there, Section):
            there = there.model_dump(by_alias=True)
        if isinstance(there, Mapping) and isinstance(value, Mapping):
            found[name] = {**there, **value}
        else:
            found[name] = value
    return found


def _plain(value: Any) -> Any:
    """Return a value in the types that a configuration takes: lists, dicts, Python's numbers."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, range | tuple | list):
        return [_plain(one) for one in value]
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        return value.tolist()
    return value

"""Reads the settings of a configuration, unchecked, from a file, a dict or a configuration."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.config.source import read_config
from pipeline.config.values import Section
from pipeline.errors import ConfigError


def read_settings(
    source: str | os.PathLike[str] | Mapping[str, Any] | Section, strategy: Any = None
) -> tuple[dict[str, Any], str]:
    """Return the settings of a source, unchecked, and what refusals name in front of them.

    Both arguments are those of `SessionConfig.load`. ConfigError if the source is none, or a file
    that cannot be read.
    """
    if isinstance(source, Section):
        settings, origin = source.model_dump(), ""
    elif isinstance(source, Mapping):
        settings, origin = dict(source), ""
    elif isinstance(source, str | os.PathLike):
        settings, origin = read_config(Path(source)), f"{os.fspath(source)}: "
    else:
        given = repr(source)
        if hasattr(source, "__arrow_c_stream__"):
            given = f"a {type(source).__name__}"
        way = "; data are given with data=" if given != repr(source) else ""
        if isinstance(source, type):
            way = "; a strategy is given with strategy="
        raise ConfigError(f"the configuration is {given}, expected a path or a dict{way}")
    if strategy is not None:
        settings["strategy"] = _kept(settings.get("strategy"), strategy)
    return settings, origin


def _kept(before: Any, strategy: Any) -> Any:
    """Return a strategy section that takes the place of another.

    Of one strategy in place of one, mode and symbols stay unless they are given anew.
    """
    one = before[0] if isinstance(before, Sequence) and len(before) == 1 else before
    if isinstance(one, Mapping) and isinstance(strategy, list) and len(strategy) == 1:
        stay = {name: one[name] for name in ("mode", "symbols") if name in one}
        return [{**stay, **strategy[0]}]
    return strategy

"""Loads the configuration of a run or a sweep, as the caller of `run` or `sweep` gives it."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pipeline.config.session import SessionConfig
from pipeline.errors import ConfigError
from pipeline.runner.lanes import Given, strategy_settings
from pipeline.runner.scores import check_scores

#: A configuration as a caller may give it: a value, a mapping of that form, or a path.
GivenConfig: TypeAlias = "SessionConfig | Mapping[str, Any] | str | os.PathLike[str]"


def load_settings(
    config: GivenConfig,
    overrides: Iterable[str],
    strategy: Given | None,
    mode: str | None = None,
) -> SessionConfig:
    """Return the configuration with overrides, and with given strategies in place of its own.

    ``mode`` takes the place of every strategy's own; None leaves them.

    Raises ConfigError for anything wrong in it, also in the section of a sweep that is not run, and
    StrategyError where ``strategy`` is no strategy.
    """
    section = None if strategy is None else strategy_settings(strategy)
    settings = SessionConfig.load(config, overrides, strategy=section)
    if mode is not None:
        many = isinstance(settings.strategy, tuple)
        names = [f"strategy.{i}" for i in range(len(settings.strategies))] if many else ["strategy"]
        settings = SessionConfig.load(settings, [f"{name}.mode={mode}" for name in names])
    try:
        check_scores(settings.sweep, settings.benchmark)
    except ConfigError as error:
        origin = f"{os.fspath(config)}: " if isinstance(config, str | os.PathLike) else ""
        raise ConfigError(f"{origin}{error}") from None
    return settings


def folder_of(name: str, given: Any) -> Path:
    """Return the path that a caller gives for the argument ``name``; ConfigError if it is none."""
    if not isinstance(given, str | os.PathLike):
        raise ConfigError(f"{name} is {given!r}, expected the path of a folder")
    return Path(given)

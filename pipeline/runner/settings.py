"""Loads the configuration of a run or a sweep, as the caller of `run` or `sweep` gives it."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from pipeline.config.keywords import setting_paths, settings_of, with_settings
from pipeline.config.reading import read_settings
from pipeline.config.session import SessionConfig
from pipeline.config.source import apply_overrides
from pipeline.errors import ConfigError, RingtapeError
from pipeline.native.address import is_address
from pipeline.runner.lanes import Given, strategy_settings
from pipeline.runner.scores import check_scores
from pipeline.runner.verification import Patience

#: A configuration as a caller may give it: a value, a mapping of that form, or a path.
GivenConfig: TypeAlias = SessionConfig | Mapping[str, Any] | str | os.PathLike[str]


@dataclass(frozen=True)
class Asked:
    """What a caller asks of a run or a sweep."""

    config: GivenConfig | None = None
    """The configuration; None if data are given."""
    data: Any = None
    """The data; None if they are the catalog of the configuration."""
    strategy: Given | None = None
    """The strategies in place of the configuration's."""
    overrides: Iterable[str] = ()
    """Settings to replace, each ``"dotted.path=value"``."""
    keywords: Mapping[str, Any] | None = None
    """Settings and options of an import, by name."""
    mode: str | None = None
    """The mode of all strategies in place of their own; None leaves them."""
    sweep: bool = False
    """Whether a sweep is asked for, so that keywords may name its settings."""


@dataclass(frozen=True)
class Loaded:
    """A configuration that was loaded."""

    settings: SessionConfig
    told: Mapping[str, str]
    """What was inferred from given data, by setting, in words; empty without them."""


@contextmanager
def loaded(asked: Asked, say: Callable[[str], None]) -> Iterator[Loaded]:
    """Yield the configuration that a caller asks for, whose data are kept until the block ends.

    ``say`` is called with words on how far an import of data is, if that takes a while. Raises
    ConfigError for anything wrong in it, also in the section of a sweep that is not run,
    StrategyError where the strategy is none, and DataError for data that cannot be taken.
    """
    if asked.data is None:
        _check_keywords(asked)
        made = load_settings(asked)
        with at_hand(made):
            yield Loaded(made, {})
        return
    # pyarrow and the importers take longer to load than a run without given data takes to begin.
    from pipeline.runner.given.inferring import infer
    from pipeline.runner.given.opening import CommandData, catalog_of, split_options

    _check_catalog(asked)
    options, keywords = split_options(asked.keywords or {})
    settings, origin = _read(asked, keywords)
    known = apply_overrides(settings, asked.overrides)
    tell = Patience(say, time.monotonic).tell
    with (
        catalog_of(asked.data, options, _symbols(known), tell) as given,
        _data_named(given.place, in_place=given.in_place),
    ):
        by_command = isinstance(asked.data, CommandData)
        inferred = infer(given, known, asked.strategy, by_command=by_command)
        place = {"catalog": inferred.settings["catalog"]}
        whole = with_settings(with_settings(inferred.settings, settings), place)
        made = _made(asked, whole, origin)
        with at_hand(made):
            yield Loaded(made, inferred.told)


@contextmanager
def at_hand(settings: SessionConfig) -> Iterator[None]:
    """Bring what a run reads of a catalog on an object store, and keep it until the block ends.

    These are the base bars of its symbols and its benchmark, and their splits and dividends.
    DataError if they cannot be had; what is not in the catalog is refused by who reads it.
    """
    if not is_address(settings.catalog):
        yield
        return
    from pipeline.market.actions import ACTIONS
    from pipeline.market.catalog.catalog import Catalog
    from pipeline.market.catalog.opening import kept_to_one_manifest

    data = settings.session_data_config
    symbols = dict.fromkeys((*data.symbols, *filter(None, (settings.benchmark,))))
    with kept_to_one_manifest(settings.catalog):
        wanted = [(kind, name) for name in symbols for kind in (data.streams[0], ACTIONS)]
        Catalog(settings.catalog).fetch_all(wanted)
        yield


@contextmanager
def _data_named(place: str, *, in_place: bool) -> Iterator[None]:
    """Have refusals say "the data" in place of the folder in the cache that has them."""
    try:
        yield
    except RingtapeError as error:
        told = str(error)
        if not in_place and place in told:
            for words in (f"catalog {place}", f"catalog at {place}", place):
                told = told.replace(words, "the data")
            error.args = (told, *error.args[1:])
        raise


def _check_catalog(asked: Asked) -> None:
    """Refuse a catalog beside data, which take its place."""
    named = "catalog" in (asked.keywords or {}) or any(
        isinstance(one, str) and one.partition("=")[0].strip() == "catalog"
        for one in asked.overrides
    )
    if named:
        raise ConfigError("catalog is set beside data, which take its place: leave one of them out")


def load_settings(asked: Asked) -> SessionConfig:
    """Return the configuration that a caller asks for without data. ConfigError and StrategyError.

    Strategies that are given take the place of its own, overrides and keywords that of settings.
    """
    settings, origin = _read(asked, asked.keywords or {})
    return _made(asked, settings, origin)


def _read(asked: Asked, keywords: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the settings of the configuration, with strategies and keywords in their place."""
    section = None if asked.strategy is None else strategy_settings(asked.strategy)
    source = {} if asked.config is None else asked.config
    settings, origin = read_settings(source, section)
    if "strategy" not in settings and asked.config is None:
        raise ConfigError(
            'there is no strategy: give one with strategy=, a class or its name such as "mine.py:'
            'SmaCross"'
        )
    return with_settings(settings, settings_of(keywords, sweep=asked.sweep)), origin


def _symbols(settings: Mapping[str, Any]) -> Sequence[str]:
    data = settings.get("session_data_config")
    symbols = data.get("symbols") if isinstance(data, Mapping) else None
    return symbols if isinstance(symbols, list | tuple) else ()


def _made(asked: Asked, settings: Mapping[str, Any], origin: str) -> SessionConfig:
    made = SessionConfig.made(settings, asked.overrides, origin)
    if asked.mode is not None:
        many = isinstance(made.strategy, tuple)
        names = [f"strategy.{i}" for i in range(len(made.strategies))] if many else ["strategy"]
        made = SessionConfig.load(made, [f"{name}.mode={asked.mode}" for name in names])
    try:
        check_scores(made.sweep, made.benchmark)
    except ConfigError as error:
        raise ConfigError(f"{origin}{error}") from None
    return made


def _check_keywords(asked: Asked) -> None:
    """Refuse options of an import without data, and neither data nor a configuration."""
    paths = setting_paths(sweep=asked.sweep)
    for name in asked.keywords or ():
        if name not in paths:
            raise ConfigError(f"{name} says how data are read, but no data are given: give data=")
    if asked.config is None:
        raise ConfigError(
            "there is neither a configuration nor data: give config, a dict or the path of a JSON "
            "or TOML file, or data=, such as a data frame or the path of a CSV file"
        )


def folder_of(name: str, given: Any) -> Path:
    """Return the path that a caller gives for the argument ``name``; ConfigError if it is none."""
    if not isinstance(given, str | os.PathLike):
        raise ConfigError(f"{name} is {given!r}, expected the path of a folder")
    return Path(given)

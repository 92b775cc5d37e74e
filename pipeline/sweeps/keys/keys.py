"""What the result of a lane depends on, as hashes: its data, its code, its settings.

Equal keys mean equal results, so a lane whose key is in the ledger need not run again. Nothing that
is hashed depends on where files lie, only on what they hold and in which order they are used.
"""

import hashlib
import importlib.metadata
import json
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from pipeline.dependencies.code import Dependencies
from pipeline.dependencies.origin import ENGINE_FOLDERS, file_of, is_users
from pipeline.dependencies.source_files import SourceFiles
from pipeline.errors import DataError, StrategyError
from pipeline.strategy.source import load_class, load_function
from pipeline.strategy.strategy import Strategy, Value, parameters_of, states_of, values_of

if TYPE_CHECKING:
    from pipeline.config.session import SessionConfig
    from pipeline.market.catalog.catalog import Catalog

#: Sections and settings that no result depends on, and the strategy, whose place the lane takes.
_WITHOUT_EFFECT: dict[str, Any] = {
    "session_name": True,
    "metadata": True,
    "pipeline": True,
    "sweep": True,
    "strategy": True,
    "catalog": True,
    "backtest_config": {"speed_multiplier", "prefetch_days"},
}
_LIBRARIES = ("exchange_calendars", "numba", "numpy", "pyarrow")
#: Parts of Ringtape that show and choose results, and do not make them.
_OUTSIDE_THE_ENGINE = ("cli", "sweeps", "watch")


def data_hash(config: "SessionConfig") -> str:
    """Return 32 hex digits over the bytes of every file of the catalog that a run reads.

    The bars of each symbol at the base interval and its corporate actions, in the order of the
    symbols, then the benchmark's. DataError if the catalog does not have them.
    """
    from pipeline.market.catalog.catalog import Catalog

    catalog = Catalog(config.catalog)
    data = config.session_data_config
    base = data.streams[0]
    used = [*data.symbols, *(() if config.benchmark is None else (config.benchmark,))]
    actions = {entry.symbol: entry.file for entry in catalog.action_entries()}
    return _digest(
        base,
        [
            [symbol, _content(catalog, catalog.entry(symbol, base).file)]
            + ([_content(catalog, actions[symbol])] if symbol in actions else [])
            for symbol in used
        ],
        len(data.symbols),
    )


def strategy_hash(cls: type[Strategy], name: str) -> str:
    """Return 32 hex digits over all code that a strategy's behaviour depends on.

    ``name``: as in the configuration. The sources of its file and, transitively, of every module
    that is no library and is imported anywhere in them; the versions of libraries; the defaults of
    parameters and states; Ringtape itself (`engine_hash`). A class that is not found by its name,
    as one of a notebook or of ``__main__``, counts with all its members and what they refer to.
    StrategyError if a file cannot be read.
    """
    declared = [[one.name, one.type.__name__, one.default] for one in parameters_of(cls)]
    states = [[key, repr(one.initial), one.reset] for key, one in states_of(cls).items()]
    return _digest(engine_hash(), declared, states, _code(cls, name, load_class))


def settings_hash(config: "SessionConfig") -> str:
    """Return 32 hex digits over all of a configuration that a lane's result depends on.

    All but the strategies, and what changes no result: names, notes, processes, the pace, where the
    catalog lies, the sweep. A commission of the user's own counts as strategies do, by its code.
    StrategyError if it is not there.
    """
    settings = config.model_dump(mode="json", exclude=_WITHOUT_EFFECT)
    own = config.execution.commission
    if own is not None:
        settings["execution"]["commission"] = _code(load_function(own), own, load_function)
    return _digest(settings)


def lane_key(
    data: str,
    code: str,
    settings: str,
    cls: type[Strategy],
    parameters: Mapping[str, Value],
    *,
    universe: str = "",
    symbols: Sequence[str] = (),
    mode: str = "compiled",
) -> str:
    """Return the key of a lane, 32 hex digits.

    ``data``, ``code``, ``settings``: of `data_hash`, `strategy_hash` and `settings_hash`, each
    taken once per sweep. ``parameters``: those that are set; the others count with their defaults,
    and all as their declared types, so that 1 is 1.0 for a float. ``universe``: its name, "" for
    all symbols of the run, and ``symbols`` those in it. StrategyError if the class does not take a
    parameter.
    """
    values = values_of(cls(**parameters))
    return _digest(data, code, settings, values, [universe, *symbols], mode)


@cache
def engine_hash() -> str:
    """Return 32 hex digits over Ringtape's own sources and the libraries that results depend on.

    All of `shm` and `pipeline` but the command line and sweeps, which only show and choose.
    """
    sources = []
    for folder in ENGINE_FOLDERS:
        for path in sorted(folder.rglob("*.py")):
            name = path.relative_to(folder)
            if not (folder.name == "pipeline" and name.parts[0] in _OUTSIDE_THE_ENGINE):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                sources.append([folder.name, name.as_posix(), content])
    versions = [[name, importlib.metadata.version(name)] for name in _LIBRARIES]
    return _digest(sources, versions, platform.python_version())


def _code(value: type | FunctionType, name: str, load: Callable[[str], Any]) -> list[Any]:
    """Return what the code of a class or function depends on, in terms of JSON.

    One that other processes find by its name counts by its file; else, as in a notebook, it counts
    by its code and values, and by the files that these lead to.
    """
    files, values = SourceFiles(), Dependencies()
    if _is_named(value, name, load):
        place = name.rpartition(":")[0]
        if place.endswith(".py"):
            files.add_file(Path(place).resolve())
        else:
            files.add_module(sys.modules[place])
        for base in value.__mro__ if isinstance(value, type) else (value,):
            module = sys.modules.get(base.__module__)
            if module is not None and is_users(module):
                files.add_module(module)
    else:
        values.add(value)
        values.add_files_to(files)
    return [name.rpartition(":")[2], value.__qualname__, files.hashed(), values.hashed()]


def _is_named(value: type | FunctionType, name: str, load: Callable[[str], Any]) -> bool:
    """Whether a value is what a name finds, in a file that another process can load."""
    place = name.rpartition(":")[0]
    try:
        found = load(name)
    except StrategyError:
        return False
    return found is value and (place.endswith(".py") or file_of(sys.modules.get(place)) is not None)


def _content(catalog: "Catalog", file: str) -> str:
    path = catalog.path / file
    try:
        with path.open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def _digest(*parts: Any) -> str:
    """Return 32 hex digits over values as canonical JSON."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]

"""The key of a lane: hashes of the data, the code and the settings that its result depends on.

Equal keys mean equal results, so a lane whose key is in the ledger need not run again. The hashes
do not depend on where files lie, only on their content and on the order in which they are used.
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
from pipeline.strategy.strategy import Strategy, Value, parameters_of, states_of

if TYPE_CHECKING:
    from pipeline.config.session import SessionConfig
    from pipeline.market.catalog.catalog import Catalog

#: Sections and settings that no result depends on. The strategy is among them, because its code and
#: parameters are hashed apart.
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
#: Rooms of Ringtape that show and choose results, and do not make them.
_OUTSIDE_THE_ENGINE = ("cli", "sweeps", "watch")


def data_hash(config: "SessionConfig") -> str:
    """Return 32 hex digits over the bytes of every file of the catalog that a run reads.

    These are the bars of each symbol at the base interval and its corporate actions, in the order
    of the symbols, and then those of the benchmark. DataError if the catalog does not have them.
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

    ``name`` is the strategy's name in the configuration. The hash covers the file of the strategy
    and, transitively, every file of the user's that it imports; the versions of libraries; the
    defaults of parameters and states; and Ringtape itself (`engine_hash`). A class that cannot be
    found by its name, such as one of a notebook, counts by its members and all that they refer to.
    StrategyError if a file cannot be read.
    """
    declared = [[one.name, one.type.__name__, one.default] for one in parameters_of(cls)]
    states = [[key, repr(one.initial), one.reset] for key, one in states_of(cls).items()]
    return _digest(engine_hash(), declared, states, _code(cls, name, load_class))


def settings_hash(config: "SessionConfig") -> str:
    """Return 32 hex digits over the settings that a lane's result depends on.

    These are all settings but those of strategies and those that change no result: names, notes,
    processes, the pace, the place of the catalog, the sweep. A commission function of the user's
    counts by its code. StrategyError if it is not there.
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
    values: Mapping[str, Value],
    *,
    universe: str = "",
    symbols: Sequence[str] = (),
    mode: str = "compiled",
) -> str:
    """Return the key of a lane, 32 hex digits.

    ``data``, ``code`` and ``settings`` are the hashes of `data_hash`, `strategy_hash` and
    `settings_hash`, each taken once per sweep. ``values`` are those of all parameters of a strategy
    (`strategy.strategy.values_of`), so that defaults count, and 1 is 1.0 for a float. ``universe``
    is the name of the ``symbols``, "" for all symbols of the run.
    """
    return _digest(data, code, settings, values, [universe, *symbols], mode)


@cache
def engine_hash() -> str:
    """Return 32 hex digits over Ringtape's own sources and the libraries that results depend on.

    The rooms that only show and choose results are left out.
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
    """Return hashes of all that the code of a class or function depends on, in terms of JSON.

    It counts by the values that it refers to, such as a number that a module has read from a file
    or from the environment, and by files. The files are its own, if other processes find it there
    by its name, else, as in a notebook, those that its code leads to.
    """
    files, values = SourceFiles(), Dependencies(_places_of(value))
    values.add(value)
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
        values.add_files_to(files)
    return [name.rpartition(":")[2], value.__qualname__, files.hashed(), values.hashed()]


def _places_of(value: type | FunctionType) -> dict[str, str]:
    """Return texts that tell where the file of a class or function lies, each to count as none.

    The module of a file that was loaded by its path is named by it (`strategy.source`).
    """
    module = sys.modules.get(value.__module__)
    file = file_of(module)
    return (
        {} if file is None else {value.__module__: "", str(getattr(module, "__file__", file)): ""}
    )


def _is_named(value: type | FunctionType, name: str, load: Callable[[str], Any]) -> bool:
    """Whether another process finds this very value by its name, in a file that it can load."""
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

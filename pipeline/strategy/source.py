"""Where a strategy's class comes from, and how it travels to another process."""

import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import dill

from pipeline.dependencies.editions import Difference, Edition, differing
from pipeline.dependencies.origin import is_users_file
from pipeline.errors import StrategyError, UnguardedError, nearest, text_of
from pipeline.strategy.by_value import pickled, unpickled
from pipeline.strategy.guard import importing
from pipeline.strategy.strategy import Strategy


def load_class(name: str) -> type[Strategy]:
    """Return the class named ``module:Class`` or ``path/to/file.py:Class``.

    Modules are looked for where Python does and in the working directory. StrategyError if it is
    not there, is not a Strategy, or its file raises.
    """
    home, _, attribute = name.rpartition(":")
    module = _load_home(home)
    cls = getattr(module, attribute, None)
    if not (inspect.isclass(cls) and issubclass(cls, Strategy)):
        found = [
            n for n, v in vars(module).items() if inspect.isclass(v) and issubclass(v, Strategy)
        ]
        found = [n for n in found if n != "Strategy"]
        what = "is not a Strategy" if cls is not None else "is not there"
        derived = f"{attribute}(Strategy)"
        way = f"has no Strategy: write class {derived}, with `from pipeline import Strategy`"
        raise StrategyError(
            f"{name}: {attribute} {what}; {home} {_what_has(attribute, found, way)}"
        )
    return cls


def load_function(name: str) -> FunctionType:
    """Return the function of one argument named ``module:function`` or ``path/file.py:function``.

    Found as classes are. One that Numba has compiled already is given as it is written.
    StrategyError if it is not there or cannot be called with one argument.
    """
    home, _, attribute = name.rpartition(":")
    module = _load_home(home)
    found = getattr(module, attribute, None)
    function = _plain(found)
    if not isinstance(function, FunctionType):
        here = [n for n, v in vars(module).items() if isinstance(_plain(v), FunctionType)]
        what = "is not a function" if found is not None else "is not there"
        way = f"has no function: write def {attribute}(order):"
        raise StrategyError(f"{name}: {attribute} {what}; {home} {_what_has(attribute, here, way)}")
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        code = function.__code__
        raise StrategyError(
            f"{code.co_filename}:{code.co_firstlineno}: {attribute} must take one argument, is "
            f"{attribute}{inspect.signature(function)}"
        ) from None
    return function


def _what_has(name: str, found: list[str], way: str) -> str:
    """Say what a module has in place of a name: what is nearest, else all, else the ``way`` on."""
    if near := nearest(name, found, 1):
        return f"has {near[0]}: did you mean that?"
    return f"has {', '.join(found)}" if found else way


def _plain(value: Any) -> Any:
    """Return a function that Numba has compiled as it is written; anything else as it is."""
    return getattr(value, "py_func", value)


def _load_home(home: str) -> ModuleType:
    with importing():
        return _load_file(Path(home)) if _is_file(home) else _load_module(home)


def _load_module(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise StrategyError(f"there is no module {name} (looked in {here} too)") from None
        raise StrategyError(f"module {name} cannot be imported: {error}") from error
    except UnguardedError:
        raise
    except (Exception, SystemExit) as error:
        raise StrategyError(_raised(name, error)) from error


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise StrategyError(f"strategy file {path} does not exist (working directory {Path.cwd()})")
    path = path.resolve()
    # The content is part of the name: a file edited between two runs is another module.
    content = hashlib.sha256(os.fsencode(path) + path.read_bytes()).hexdigest()[:12]
    name = f"{path.stem}_{content}"
    if name in sys.modules:
        return sys.modules[name]
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise StrategyError(f"strategy file {path} cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except UnguardedError:
        del sys.modules[name]
        raise
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise StrategyError(_raised(str(path), error)) from error
    return module


def _raised(what: str, error: BaseException) -> str:
    """Return one line about an error of an import, with the user's file and line."""
    name = type(error).__name__
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}: {name}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if is_users_file(frame.filename)]
    place = f"{own[-1].filename}:{own[-1].lineno}" if own else what
    return f"{place}: {what} raised {name} while being imported: {text_of(error) or 'no message'}"


def pack(value: Any, names: Iterable[str], known: Sequence[Edition] = ()) -> bytes:
    """Pickle a value that refers to strategy classes, for `unpack` in another process.

    ``names``: as in the configuration; classes from files are loaded there again by path. Classes
    and functions from ``__main__`` or a notebook travel by value, with the globals that they use
    (`by_value`). ``known``: modules that must be the same there. StrategyError if something cannot
    travel.
    """
    files = sorted({home for home, _, _ in (n.rpartition(":") for n in names) if _is_file(home)})
    resolved = [str(Path(file).resolve()) for file in files]
    packed: bytes = dill.dumps((resolved, tuple(known), pickled(value)))
    return packed


def unpack(packed: bytes) -> Any:
    """Return the value that `pack` was given.

    StrategyError if a module is another edition than the one that `pack` was told of.
    """
    files, known, content = dill.loads(packed)  # noqa: S301 - from our own supervisor
    for file in files:
        _load_file(Path(file))
    value = unpickled(content)
    if other := differing(known):
        raise StrategyError(_two_editions(other))
    return value


def _two_editions(other: Sequence[Difference]) -> str:
    """Say which modules, or which constants in them, differ between two processes."""
    constants = [f"{Path(one.edition.file).stem}.{name}" for one in other for name in one.constants]
    named = ", ".join(constants or [Path(one.edition.file).stem for one in other])
    plural = len(constants or other) > 1
    return (
        f"{other[0].edition.file}: {named} {'are' if plural else 'is'} not in this Python process "
        "as in the processes of a run, which import the file anew: if the file was edited, restart "
        "Python or import the module anew; a value that was set from outside, or that each import "
        "makes anew, is to be a parameter of the strategy"
    )


def _is_file(home: str) -> bool:
    return home.endswith(".py")

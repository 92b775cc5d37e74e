"""Strategies at machine speed: a hook's own source is compiled and called through one signature.

Every compiled hook is a function ``(self, data, context) -> None`` of three addresses. The walk of
a slot calls it by its address, so the walk is compiled once for all strategies. The user's source
sees records at these addresses: ``self`` (parameters and state), the data (a fill, a session, ...)
and ``ctx`` (`compiled.context`).

Only ``on_bar`` is called differently: with a stretch of bars between which nothing else happens
(`stretch`). The loop over these bars (`run_loop`) is compiled together with the user's source and
goes on until the hook has made work for the market. The reason is speed: a call by address takes
longer than what most strategies do at a bar, and after it everything must be loaded from memory
again.

A compiled hook is kept on disk, in the folder of `native.code_cache`, under a key of everything
that shapes it: its code, the code and the constants that it refers to, its records, the loop around
it and the version of Numba.
"""

import importlib.util
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core.errors import NumbaError

from pipeline.dependencies.code import Dependencies
from pipeline.errors import StrategyError
from pipeline.native.call import caller
from pipeline.native.code_cache import cache_directory
from pipeline.native.compiler import compiled_for
from pipeline.native.memory import record_at
from pipeline.native.users import NOTHING, renamed, users_part
from pipeline.native.whole_file import write_whole
from pipeline.strategy.compiled import run_loop
from pipeline.strategy.compiled.bar import bar_maker, values_reader
from pipeline.strategy.compiled.own import member_of, self_at
from pipeline.strategy.strategy import HOOKS, Strategy, defines

#: What every compiled hook is: (address of self, address of data, address of context) -> None.
HOOK_SIGNATURE = types.void(types.int64, types.int64, types.int64)
#: What on_bar is; see `run_loop.on_stretch`.
STRETCH_SIGNATURE = types.int64(*[types.int64] * 5)


#: (address of a hook, its arguments) -> what the hook returns.
call_hook, call_stretch = caller(HOOK_SIGNATURE), caller(STRETCH_SIGNATURE)

_LOOP_SOURCE = inspect.getsource(run_loop)
_THIN = {"forceinline": True}


@cache
def _no_hook() -> Any:
    """Return the compiled function that is called in place of a hook that a strategy has not."""
    return compiled_for(HOOK_SIGNATURE, do_nothing)


def do_nothing(self_address: int, data_address: int, context_address: int) -> None:
    """Do nothing, in place of a hook."""


def compile_hooks(
    cls: type[Strategy],
    self_dtype: np.dtype[Any],
    indicators: Mapping[str, bool],
    data_dtypes: Mapping[str, np.dtype[Any]],
) -> dict[str, Any]:
    """Compile the hooks of ``cls``; return a function for each of HOOKS, by name.

    ``indicators``: for each indicator's name, whether it is of the base interval.
    ``data_dtypes``: the record of each kind of data other than a bar: "bars", "fill", "order",
    "session". A hook that ``cls`` does not define is a function that does nothing. In one process
    the same hooks are compiled once, however many lanes ask for them. Raises StrategyError with
    file, line and Numba's reason if a hook cannot be compiled.
    """
    key: Any = cls  # mypy does not take a class for hashable
    return _compile_hooks(key, self_dtype, tuple(indicators.items()), tuple(data_dtypes.items()))


@cache
def _compile_hooks(
    cls: type[Strategy],
    self_dtype: np.dtype[Any],
    indicators: tuple[tuple[str, bool], ...],
    data_dtypes: tuple[tuple[str, np.dtype[Any]], ...],
) -> dict[str, Any]:
    compiled = {}
    shapes = dict(data_dtypes)
    for name, kind in HOOKS.items():
        body = getattr(cls, name)
        if not defines(cls, name):
            compiled[name] = _no_hook()
        elif kind == "bar":
            compiled[name] = _compile_loop(cls, body, self_dtype, indicators)
        else:
            compiled[name] = _compile_call(cls, body, self_dtype, shapes.get(kind or ""))
    return compiled


def _compile_loop(
    cls: type[Strategy],
    body: Any,
    self_dtype: np.dtype[Any],
    indicators: tuple[tuple[str, bool], ...],
) -> Any:
    """Compile on_bar."""
    module = _module_of(cls, body, self_dtype, indicators)
    module.make_bar = bar_maker(dict(indicators))
    module.known_values = values_reader(len(indicators))
    return _compile(cls, body, module.on_stretch, STRETCH_SIGNATURE)


def _compile_call(
    cls: type[Strategy], body: Any, self_dtype: np.dtype[Any], data_dtype: np.dtype[Any] | None
) -> Any:
    """Compile a hook other than on_bar; ``data_dtype``: of the record it is given, None if none."""
    module = _module_of(cls, body, self_dtype, data_dtype)
    if data_dtype is None:
        return _compile(cls, body, module.without_data, HOOK_SIGNATURE)
    module.data_record = record_at(data_dtype)
    return _compile(cls, body, module.with_data, HOOK_SIGNATURE)


def _module_of(cls: type[Strategy], body: Any, self_dtype: np.dtype[Any], data_kind: Any) -> Any:
    """Return the module in which a hook is compiled, kept on disk under a key of what shapes it.

    ``data_kind``: the ``repr`` of it says all about what the hook is given.
    """
    key = _key_of(cls, body, repr((self_dtype, data_kind)))
    module = cached_module(f"{cls.__name__}_{body.__name__}_{key}", _LOOP_SOURCE)
    module.body = users_part(renamed(body, key), **_THIN)
    module.self_record = self_at(cls, self_dtype, key)
    return module


def _key_of(cls: type[Strategy], body: Any, given: str) -> str:
    """Return a hash of what shapes a hook: its code and all that this refers to, also by ``self``.

    ``given``: says all about the records that the hook is given.
    """
    found = Dependencies()
    # Compiled code looks its globals up in the module by name.
    for value in (body, body.__module__, given, _LOOP_SOURCE, numba.__version__):
        found.add(value)
    counted: set[str] = set()
    while new := sorted(found.names() - counted):
        counted.update(new)
        for name in new:
            member = member_of(cls, name)
            if member is not NOTHING:
                found.add((name, member))
    return found.hashed()


def _compile(cls: type[Strategy], body: Any, around: Any, signature: Any) -> Any:
    """Compile the function of a hook's module that calls the user's, ``body``."""
    name = f"{cls.__name__}.{body.__name__}"
    try:
        return compiled_for(signature, around)
    except NumbaError as error:
        way_out = ' (strategy mode "interpreted" runs any Python)'
        raise StrategyError(why_not_compiled(name, body, error) + way_out) from error
    except KeyError as error:
        raise StrategyError(no_such_field(name, body, error)) from error


def cached_module(stem: str, source: str) -> Any:
    """Return a new module made of a source, whose compiled functions are kept on disk by ``stem``.

    The stem must name everything that shapes what is compiled in it.
    """
    folder = cache_directory() / "hooks"
    folder.mkdir(exist_ok=True)
    path = folder / f"{stem}.py"
    if not path.exists() or path.read_bytes() != source.encode():
        write_whole(path, source.encode())
    # A module of its own, known to the interpreter: Numba finds a cached function's home by name.
    name = f"ringtape_hooks_{stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def no_such_field(name: str, body: Any, error: KeyError) -> str:
    """Return one line about a field that a record lacks; Numba raises a bare KeyError for it."""
    field = str(error.args[0])
    lines, first = inspect.getsourcelines(body)
    at = next((number for number, text in enumerate(lines) if f".{field}" in text), 0)
    where = f"{body.__code__.co_filename}:{first + at}"
    return f"{where}: {name} cannot be compiled: nothing that it is given has a field {field!r}"


def why_not_compiled(name: str, body: Any, error: NumbaError) -> str:
    """Return one line that says where and why a user's function does not compile."""
    lines = [line.strip() for line in str(error).splitlines()]
    file = body.__code__.co_filename
    line = body.__code__.co_firstlineno
    for text in lines:
        # Numba shortens the path to one from the working directory.
        if text.startswith("File ") and Path(file).name in text and "line " in text:
            line = int(text.split("line ")[1].split(":")[0].split(",")[0])
    skip = (
        "During:",
        "File ",
        "Failed in",
        "^",
        "-",
        "[",
        "There are",
        "<",
        "scope",
        "raised from",
    )
    reasons = [t for t in lines if t and not t.startswith(skip) and not t.startswith("- ")]
    reason = next((t for t in reasons if "nopython" not in t), "not supported by Numba")
    return f"{file}:{line}: {name} cannot be compiled: {reason}"

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

import importlib.abc
import importlib.util
import inspect
import linecache
import sys
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import numba
import numpy as np
from numba import types
from typing_extensions import override

from pipeline.dependencies.code import Dependencies
from pipeline.errors import StrategyError
from pipeline.native.call import caller
from pipeline.native.code_cache import hooks_directory
from pipeline.native.compiler import compiled_for
from pipeline.native.users import NOTHING, renamed, users_part
from pipeline.strategy.compiled import run_loop
from pipeline.strategy.compiled.bar import bar_maker, values_reader
from pipeline.strategy.compiled.own import member_of, self_at
from pipeline.strategy.compiled.refusals import why_not_compiled
from pipeline.strategy.compiled.shown import shown_at
from pipeline.strategy.names import NAMES
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
            data = (kind, shapes[kind]) if kind else None
            compiled[name] = _compile_call(cls, body, self_dtype, indicators, data)
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
    return _compile(cls, body, module.on_stretch, STRETCH_SIGNATURE, dict(indicators))


def _compile_call(
    cls: type[Strategy],
    body: Any,
    self_dtype: np.dtype[Any],
    indicators: tuple[tuple[str, bool], ...],
    data: tuple[str, np.dtype[Any]] | None,
) -> Any:
    """Compile a hook other than on_bar; ``data``: name and record of what it is given, if any."""
    module = _module_of(cls, body, self_dtype, data)
    shown = dict(indicators)
    if data is None:
        return _compile(cls, body, module.without_data, HOOK_SIGNATURE, shown)
    kind, dtype = data
    names = (*NAMES[kind], *shown) if kind == "bars" else NAMES[kind]
    module.data_record = shown_at(kind, dtype, names)
    return _compile(cls, body, module.with_data, HOOK_SIGNATURE, shown)


def _module_of(cls: type[Strategy], body: Any, self_dtype: np.dtype[Any], data_kind: Any) -> Any:
    """Return the module in which a hook is compiled, kept on disk under a key of what shapes it.

    ``data_kind``: the ``repr`` of it says all about what the hook is given.
    """
    key = _key_of(cls, body, self_dtype, data_kind)
    module = cached_module(f"{cls.__name__}_{body.__name__}_{key}", _LOOP_SOURCE)
    try:
        module.body = users_part(renamed(body, key), **_THIN)
    except StrategyError as error:
        raise StrategyError(why_not_compiled(cls, body, error, ())) from None
    module.self_record = self_at(cls, self_dtype, key)
    return module


def _key_of(cls: type[Strategy], body: Any, self_dtype: np.dtype[Any], data_kind: Any) -> str:
    """Return a hash of what shapes a hook: its code and all that this refers to, also by ``self``.

    The arguments are those of `_module_of`.
    """
    found = Dependencies()
    records = repr((self_dtype, data_kind))
    # Compiled code looks its globals up in the module by name.
    for value in (body, body.__module__, records, _LOOP_SOURCE, numba.__version__):
        found.add(value)
    # Of a parameter, the record's value counts, not the default of the class.
    counted = set(self_dtype.names or ())
    while new := sorted(found.names() - counted):
        counted.update(new)
        for name in new:
            member = member_of(cls, name)
            if member is not NOTHING:
                found.add((name, member))
    return found.hashed()


def _compile(
    cls: type[Strategy], body: Any, around: Any, signature: Any, indicators: Collection[str]
) -> Any:
    """Compile the function of a hook's module that calls the user's, ``body``."""
    try:
        return compiled_for(signature, around)
    except Exception as error:  # noqa: BLE001 - Numba raises errors of every class
        why = why_not_compiled(cls, body, error, indicators)
        raise StrategyError(why).behind(error) from None


class _Source(importlib.abc.ExecutionLoader):
    """Gives a module the source that it was made of, which is in no file that could be damaged."""

    def __init__(self, source: str, path: str) -> None:
        self._source = source
        self._path = path

    @override
    def get_source(self, fullname: str) -> str:
        return self._source

    @override
    def get_filename(self, fullname: str) -> str:
        return self._path


def cached_module(stem: str, source: str) -> Any:
    """Return a new module made of a source, whose compiled functions are kept on disk by ``stem``.

    The stem must name everything that shapes what is compiled in it.
    """
    path = str(hooks_directory() / f"{stem}.py")
    # A module of its own, known to the interpreter: Numba finds a cached function's home by name.
    name = f"ringtape_hooks_{stem}"
    loader = _Source(source, path)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    linecache.lazycache(path, vars(module))  # for messages and tracebacks
    return module

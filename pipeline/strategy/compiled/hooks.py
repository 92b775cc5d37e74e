"""Strategies at machine speed: a hook's own source, compiled and called through one signature.

Every compiled hook becomes a function ``(self, data, context) -> None`` of three addresses, so the
lane loop is compiled once for all strategies and calls them by address. The user's
source sees records at those addresses: ``self`` (parameters and state), ``bar`` and the like, and
``ctx`` (`compiled_context`).

``on_bar`` alone is a loop around the user's source: it is called for one bar, or for a run of bars
between which nothing else happens (`bar_run`), and goes on until one of them makes orders to be
seen to. A call by address takes longer than what most strategies do at a bar, and what was loaded
before it must be loaded again.

A compiled hook is kept on disk under a key of everything that shapes it: its code, the code and
constants it refers to, its records and the version of Numba, in the folder of `code_cache`.
"""

import importlib.util
import inspect
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.core.errors import NumbaError
from numba.extending import intrinsic

from pipeline.errors import StrategyError
from pipeline.native import plain
from pipeline.native.code_cache import cache_directory
from pipeline.native.compiler import compiled_for, part
from pipeline.native.memory import record_at
from pipeline.strategy.compiled.bar import bar_maker
from pipeline.strategy.compiled.code_hash import code_hash
from pipeline.strategy.compiled.context import as_context
from pipeline.strategy.strategy import HOOKS, Strategy, defines

#: What every compiled hook is: (address of self, address of data, address of context) -> None.
HOOK_SIGNATURE = types.void(types.int64, types.int64, types.int64)
#: What on_bar is: (self, BAR, context, number of bars in the run) -> number of bars seen to.
RUN_SIGNATURE = types.int64(types.int64, types.int64, types.int64, types.int64)


def hook_address(hook: Any) -> int:
    """Return where the machine code of a hook, compiled for one signature, lies."""
    if plain.PLAIN:
        return plain.address_of(hook)
    compiled = hook.get_compile_result(hook.nopython_signatures[0])
    address: int = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    return address


def _caller(signature: Any) -> Any:
    """Make a compiled function that calls what lies at its first argument; raises pass through.

    What Numba does for a function that is passed as an argument, but for an address kept in a
    record: unpacking five functions from Python takes 25 microseconds each time, an address none.
    """
    if plain.PLAIN:
        return plain.call
    result, arguments = signature.return_type, signature.args

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function_type = context.call_conv.get_function_type(result, arguments)
        pointer = builder.inttoptr(args[0], function_type.as_pointer())
        status, value = context.call_conv.call_function(
            builder, pointer, result, arguments, args[1:]
        )
        with cgutils.if_unlikely(builder, status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return context.get_dummy_value() if result == types.none else value

    # An intrinsic has as many parameters as who calls it passes.
    if len(arguments) == 3:

        @intrinsic
        def call(typingctx: Any, address: Any, one: Any, two: Any, three: Any) -> Any:
            return result(types.int64, *arguments), codegen

    else:

        @intrinsic
        def call(typingctx: Any, address: Any, one: Any, two: Any, three: Any, four: Any) -> Any:
            return result(types.int64, *arguments), codegen

    return call


call_hook, call_run = _caller(HOOK_SIGNATURE), _caller(RUN_SIGNATURE)


_HOOK_SOURCE = """\
def hook(self_address, data_address, context_address):
    body(self_record(self_address){data}, as_context(context_address))
"""

_RUN_SOURCE = """\
from pipeline.execution.account import account_at
from pipeline.native.memory import load_f8
from pipeline.strategy.compiled.bar_record import bar_at
from pipeline.strategy.compiled.bar_run import bar_run, changed, indicator_at, met, step
from pipeline.strategy.compiled.context import run_context
from pipeline.strategy.compiled.records import context_at


def hook(self_address, bar_address, context_address, count):
    own, bar = self_record(self_address), bar_at(bar_address)
    context = context_at(context_address)
    account = account_at(context.account)
    run = bar_run(context_address, bar)
{columns}
    context.asked = seen = 0
    while seen < count and (seen == 0 or not (changed(context, account) or met(run, seen))):
        bar.at = run.at + seen  # for who says where the hook has raised
        place = run.symbol, run.table, bar.at, run.prices + 8 * seen, run.plane
        moving = run.close_ts, run.closes, run.last_price, run.cursor, run.row, seen
        ctx = run_context(context_address, *moving)
        body(own, make_bar(*place, ({values})), ctx)
        seen += 1
    if seen > 1:
        step(run, account, seen - 1)
    return seen
"""
_COLUMN = "    column_{0} = indicator_at(bar, context, {0})"
_MOVING, _STILL = "load_f8(column_{0}, seen), ", "load_f8(column_{0}, 0), "


def _no_hook(self_address: int, data_address: int, context_address: int) -> None:
    pass


def compile_hooks(
    cls: type[Strategy],
    self_dtype: np.dtype[Any],
    indicators: Mapping[str, bool],
    data_dtypes: Mapping[str, np.dtype[Any]],
) -> dict[str, Any]:
    """Compile the hooks of ``cls``: for each of HOOKS a first-class function, a no-op if undefined.

    ``indicators``: its names, and whether each is of the base interval; ``data_dtypes``: the record
    that each kind of data other than a bar ("bars", "fill", "session") has here. Once in a process,
    however many lanes ask.
    Raises StrategyError with file, line and Numba's reason when a hook cannot be compiled.
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
    views: dict[str | None, Any] = {kind: record_at(dtype) for kind, dtype in data_dtypes}
    shapes: dict[str | None, Any] = dict(data_dtypes)
    compiled = {}
    for name, kind in HOOKS.items():
        body = getattr(cls, name)
        if not defines(cls, name):
            compiled[name] = compiled_for(HOOK_SIGNATURE, _no_hook)
        elif kind == "bar":
            compiled[name] = _compile(
                cls,
                body,
                self_dtype,
                indicators,
                RUN_SIGNATURE,
                _run_source([moving for _, moving in indicators]),
                make_bar=bar_maker([name for name, _ in indicators]),
            )
        else:
            data = ", data_view(data_address)" if kind in views else ""
            compiled[name] = _compile(
                cls,
                body,
                self_dtype,
                shapes.get(kind),
                HOOK_SIGNATURE,
                _HOOK_SOURCE.format(data=data),
                data_view=views.get(kind),
            )
    return compiled


def _run_source(moving: Sequence[bool]) -> str:
    """Return the source of on_bar; ``moving``: of each indicator, whether it is of base bars.

    Runs are of base bars, and within one no bar of another interval closes.
    """
    columns = [_COLUMN.format(place) for place in range(len(moving))]
    values = [(_MOVING if one else _STILL).format(place) for place, one in enumerate(moving)]
    return _RUN_SOURCE.format(columns="\n".join(columns), values="".join(values).strip())


def _compile(
    cls: type[Strategy],
    body: Any,
    self_dtype: np.dtype[Any],
    data_kind: Any,
    signature: Any,
    source: str,
    **known: Any,
) -> Any:
    """Compile one hook by the source that calls it, in which the names ``known`` mean something.

    ``data_kind``: what the hook is given depends on it, and nothing else.
    """
    key = code_hash(
        body,
        body.__module__,  # compiled code looks its globals up there by name
        repr((self_dtype, data_kind)),
        numba.__version__,
    )
    module = cached_module(f"{cls.__name__}_{body.__name__}_{key}", source)
    # The user's arrays are checked: an index out of range must not read another lane's memory.
    name = f"{body.__qualname__}_{key}"
    module.body = part(_renamed(body, name), boundscheck=True, forceinline=True)
    module.self_record, module.as_context = record_at(self_dtype), as_context
    vars(module).update(known)
    try:
        return compiled_for(signature, module.hook)
    except NumbaError as error:
        reason = why_not_compiled(f"{cls.__name__}.{body.__name__}", body, error)
        way_out = ' (strategy mode "interpreted" runs any Python)'
        raise StrategyError(reason + way_out) from error
    except KeyError as error:
        name = f"{cls.__name__}.{body.__name__}"
        raise StrategyError(no_such_field(name, body, error)) from error


def _renamed(body: Any, name: str) -> Any:
    """Return the same function under a qualified name of its own.

    Numba names machine code by the qualified name and by numbers that each process counts anew.
    What two processes compiled from one hook for different records would bear one name, and where a
    third loads both from disk, the first would be called for either.
    """
    same = FunctionType(
        body.__code__, body.__globals__, body.__name__, body.__defaults__, body.__closure__
    )
    same.__kwdefaults__ = body.__kwdefaults__
    same.__module__, same.__qualname__ = body.__module__, name
    return same


def cached_module(stem: str, source: str) -> Any:
    """Return a new module made of a source, whose compiled functions are kept on disk by ``stem``.

    The stem must name everything that shapes what is compiled in it.
    """
    folder = cache_directory() / "hooks"
    folder.mkdir(exist_ok=True)
    path = folder / f"{stem}.py"
    if not path.exists():
        partial = path.with_suffix(f".{os.getpid()}.tmp")
        partial.write_text(source)
        partial.replace(path)
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
    """One line for a field that a record does not have, for which Numba raises a bare KeyError."""
    field = str(error.args[0])
    lines, first = inspect.getsourcelines(body)
    at = next((number for number, text in enumerate(lines) if f".{field}" in text), 0)
    where = f"{body.__code__.co_filename}:{first + at}"
    return f"{where}: {name} cannot be compiled: nothing that it is given has a field {field!r}"


def why_not_compiled(name: str, body: Any, error: NumbaError) -> str:
    """One line: where and why a function of a user's does not compile."""
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

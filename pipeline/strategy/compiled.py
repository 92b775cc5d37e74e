"""Strategies at machine speed: a hook's own source, compiled and called through one signature.

Every compiled hook becomes a function ``(self, data, context) -> None`` of three addresses, so the
lane loop is compiled once for all strategies and calls them by address. The user's
source sees records at those addresses: ``self`` (parameters and state), ``bar`` and the like, and
``ctx`` (`compiled_context`).

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
from numba import njit, types
from numba.core import cgutils
from numba.core.errors import NumbaError
from numba.extending import intrinsic

from pipeline.code_cache import cache_directory
from pipeline.errors import StrategyError
from pipeline.execution.memory import record_at
from pipeline.strategy.code_hash import code_hash
from pipeline.strategy.compiled_bar import bar_view
from pipeline.strategy.compiled_context import as_context
from pipeline.strategy.strategy import HOOKS, Strategy

#: What every compiled hook is: (address of self, address of data, address of context) -> None.
HOOK_SIGNATURE = types.void(types.int64, types.int64, types.int64)


def hook_address(hook: Any, signature: Any = HOOK_SIGNATURE) -> int:
    """Return where the machine code of a compiled hook lies, for `call_hook`."""
    compiled = hook.get_compile_result(signature)
    address: int = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    return address


@intrinsic
def call_hook(typingctx: Any, address: Any, self_: Any, data: Any, ctx: Any) -> Any:
    """Call the hook at an address; what it raises passes through.

    What Numba does for a function that is passed as an argument, but for an address kept in a
    record: unpacking five functions from Python takes 25 microseconds each time, an address none.
    """
    arguments = (types.int64, types.int64, types.int64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function_type = context.call_conv.get_function_type(types.none, arguments)
        pointer = builder.inttoptr(args[0], function_type.as_pointer())
        status, _ = context.call_conv.call_function(
            builder, pointer, types.none, arguments, args[1:]
        )
        with cgutils.if_unlikely(builder, status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return types.void(types.int64, *arguments), codegen


_HOOK_SOURCE = """\
def hook(self_address, data_address, context_address):
    body(self_record(self_address){data}, as_context(context_address))
"""


@njit(HOOK_SIGNATURE, cache=True)
def _no_hook(self_address: int, data_address: int, context_address: int) -> None:
    pass


def compile_hooks(
    cls: type[Strategy],
    self_dtype: np.dtype[Any],
    names: Sequence[str],
    data_dtypes: Mapping[str, np.dtype[Any]],
) -> dict[str, Any]:
    """Compile the hooks of ``cls``: for each of HOOKS a first-class function, a no-op if undefined.

    ``names`` are those of its indicators, ``data_dtypes`` the record that each kind of data other
    than a bar ("bars", "fill", "session") has here. Once in a process, however many lanes ask.
    Raises StrategyError with file, line and Numba's reason when a hook cannot be compiled.
    """
    key: Any = cls  # mypy does not take a class for hashable
    return _compile_hooks(key, self_dtype, tuple(names), tuple(data_dtypes.items()))


@cache
def _compile_hooks(
    cls: type[Strategy],
    self_dtype: np.dtype[Any],
    names: tuple[str, ...],
    data_dtypes: tuple[tuple[str, np.dtype[Any]], ...],
) -> dict[str, Any]:
    views: dict[str | None, tuple[Any, Any]] = {
        kind: (dtype, record_at(dtype)) for kind, dtype in data_dtypes
    }
    views["bar"] = (names, bar_view(names))
    compiled = {}
    for name, kind in HOOKS.items():
        body = getattr(cls, name, None)
        if body is None:
            compiled[name] = _no_hook
        else:
            compiled[name] = _compile(cls, body, self_dtype, *views.get(kind, (None, None)))
    return compiled


def _compile(
    cls: type[Strategy], body: Any, self_dtype: np.dtype[Any], data_kind: Any, data_view: Any
) -> Any:
    """Compile one hook; ``data_view`` turns the address of its data, of ``data_kind``, into it."""
    key = code_hash(
        body,
        body.__module__,  # compiled code looks its globals up there by name
        repr((self_dtype, data_kind)),
        numba.__version__,
    )
    data = ", data_view(data_address)" if data_view is not None else ""
    module = cached_module(f"{cls.__name__}_{body.__name__}_{key}", _HOOK_SOURCE.format(data=data))
    # The user's arrays are checked: an index out of range must not read another lane's memory.
    module.body = njit(_renamed(body, f"{body.__qualname__}_{key}"), boundscheck=True)
    module.self_record, module.as_context = record_at(self_dtype), as_context
    module.data_view = data_view
    try:
        return njit(HOOK_SIGNATURE, cache=True)(module.hook)
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

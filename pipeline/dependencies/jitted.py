"""What Numba's decorators made of a user's functions, as far as it shapes machine code.

A function that is compiled counts as it is written, and so do the decorator's options and explicit
types: ``fastmath`` or ``error_model`` change results. The signatures that a function happened to be
called with so far do not count. Numba is not imported here, because a value of its kinds exists
only where it was imported.
"""

import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from pipeline.dependencies.origin import is_users_file


def python_function(value: Any) -> FunctionType | None:
    """Return the Python function that Numba has wrapped; None for any other value."""
    wrapped = getattr(value, "py_func", None)
    return wrapped if isinstance(wrapped, FunctionType) else None


def is_numbas(value: Any) -> bool:
    """Whether a value is made by Numba, or by a class that is derived from one of Numba's."""
    return any(str(cls.__module__).partition(".")[0] == "numba" for cls in type(value).__mro__)


def shaping_parts(value: Any) -> dict[str, Any]:
    """Return the functions, options and types in a value of Numba's, by name.

    The result is empty for a value that holds no function, such as one of Numba's types.
    """
    kind = type(value).__name__
    if kind == "CFunc":
        compiler = value._compiler
        parts = {"function": value._pyfunc, "signature": value._sig}
        return parts | {"options": compiler.targetoptions, "locals": compiler.locals}
    if kind == "StencilFunc":
        function = value.kernel_ir.func_id.func
        parts = {"function": function, "options": value.options, "mode": value.mode}
        return parts | {"neighborhood": value.neighborhood}
    if hasattr(value, "jit_methods"):  # the type of instances of a jitclass
        groups = ("struct", "jit_methods", "jit_props", "jit_static_methods")
        return {group: dict(getattr(value, group)) for group in groups}
    return _pickled_parts(value)


def _pickled_parts(value: Any) -> dict[str, Any]:
    """Return what Numba would make a function anew from, in another process."""
    reduce = getattr(value, "_reduce_states", None)
    if reduce is None:
        return {}
    parts: dict[str, Any] = {"kind": type(value).__name__, **reduce()}
    parts.pop("uuid", None)  # random
    if "siglist" in parts and not parts["frozen"]:
        del parts["siglist"]  # the types of the calls so far
    return parts


def users_extensions() -> list[tuple[FunctionType, Any]]:
    """Return the functions with which the user's modules extend Numba, each with its options.

    They are those that ``overload``, ``overload_method`` and the like decorate, in the order of
    their names. Compiled code reaches them by way of Numba's registries, and by no name of its own.
    """
    typing = sys.modules.get("numba.core.typing.templates")
    lowering = sys.modules.get("numba.core.imputils")
    if typing is None or lowering is None:
        return []
    made: list[tuple[Any, Any]] = []
    for one in (*typing.builtin_registry.functions, *typing.builtin_registry.attributes):
        options = vars(one).get("_jit_options")
        made += [(vars(one).get(name), options) for name in ("_overload_func", "generic")]
    known = lowering.builtin_registry
    entries = (*known.functions, *known.getattrs, *known.setattrs, *known.casts)
    made += [(entry[0], None) for entry in entries]
    users = {found: options for one, options in made for found in _users_functions(one)}
    # A module that was imported anew has left its old functions in the registries.
    now = [item for item in users.items() if item[0].__globals__ is _globals_of(item[0].__module__)]
    return sorted(now, key=lambda item: (str(item[0].__module__), item[0].__qualname__))


def _globals_of(module: str) -> dict[str, Any] | None:
    found = sys.modules.get(module)
    return None if found is None else vars(found)


def _users_functions(value: Any) -> Iterator[FunctionType]:
    """Give a function if it is the user's, else those of the user's that it closes over."""
    function = getattr(value, "__func__", value)
    if not isinstance(function, FunctionType):
        return
    if is_users_file(function.__code__.co_filename):
        yield function
        return
    for cell in function.__closure__ or ():
        inside = cell.cell_contents
        if isinstance(inside, FunctionType) and is_users_file(inside.__code__.co_filename):
            yield inside

"""``self`` in a compiled hook: a record of parameters and state, with the methods of its class.

A field of the record is what the class declares; one of a bool is a whole number, which is read as
True or False. Everything else that the class has is resolved as
Python does: a method and a property are compiled as functions of ``self``, a static method as a
function, and a constant (``LEVEL = 30``) is part of the machine code.
"""

import inspect
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core.errors import TypingError
from numba.core.imputils import builtin_registry, lower_getattr_generic
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_getattr
from numba.extending import models, register_model
from numba.np.arrayobj import record_getattr

from pipeline.native.intrinsics import viewed_as
from pipeline.native.memory import record_at
from pipeline.native.plain import PLAIN
from pipeline.native.users import (
    NOTHING,
    Namespace,
    NamespaceType,
    lower_constant,
    resolved,
    type_of_constant,
)
from pipeline.strategy.compiled.shown import OwnRecordType
from pipeline.strategy.strategy import parameters_of, states_of


class SelfType(OwnRecordType):
    """The Numba type of ``self`` for one strategy class.

    ``key``: names the class with all that it depends on, the same in every process.
    """

    def __init__(self, cls: type, dtype: np.dtype[Any], key: str) -> None:
        record = numba.from_dtype(dtype)
        fields = [(name, field._asdict()) for name, field in record.fields.items()]
        super().__init__(fields, record.size, record.aligned)
        self.cls = cls
        self.settable = frozenset(states_of(cls))
        self.bools = _bools_of(cls)
        self._key = key
        self.name: str = f"ringtape.Self({cls.__qualname__}, {key})"

    @property
    def mangling_args(self) -> Any:
        """Name the type in the names of machine code, alike in every process."""
        return f"Self_{self._key}", ()


def _bools_of(cls: type) -> frozenset[str]:
    """Return the parameters and states of a class that are True or False, kept as 1 or 0."""
    parameters = {one.name for one in parameters_of(cls) if one.type is bool}
    states = {name for name, one in states_of(cls).items() if isinstance(one.initial, bool)}
    return frozenset(parameters | states)


register_model(SelfType)(models.RecordModel)


def self_at(cls: type, dtype: np.dtype[Any], key: str) -> Callable[[int], Any]:
    """Make a compiled function that views the memory at an address as ``self`` of a class."""
    if PLAIN:
        return _plain_self(cls, dtype)
    made: Callable[[int], Any] = viewed_as(SelfType(cls, dtype, key))
    return made


def _plain_self(cls: type, dtype: np.dtype[Any]) -> Callable[[int], Any]:
    """Do as `self_at` where nothing is compiled: a record that has the members of the class."""
    record = type(record_at(dtype)(np.zeros(1, dtype).ctypes.data))
    members = {
        name: member
        for base in reversed(cls.__mro__[:-1])
        for name, member in vars(base).items()
        if not name.startswith("__") and name not in (dtype.names or ())
    }
    own: Any = type(cls.__name__, (record,), members)
    return lambda address: own.from_address(int(address))


def member_of(cls: type, name: str) -> Any:
    """Return what a class or a base of it has under a name, as it is written; else NOTHING."""
    return inspect.getattr_static(cls, name, NOTHING)


@infer_getattr
class _Members(AttributeTemplate):  # type: ignore[misc]
    key = SelfType

    def generic_resolve(self, own: SelfType, name: str) -> Any:
        """Return the type of an attribute; TypingError if compiled code cannot have it.

        None would have Numba look among the fields of the record, and raise a KeyError.
        """
        if name in own.fields:
            return types.boolean if name in own.bools else own.typeof(name)
        if name == "__class__":
            return NamespaceType(Namespace(own.cls))
        member = member_of(own.cls, name)
        if isinstance(member, FunctionType):
            return _bound_method(own, name, resolved(member))
        if isinstance(member, property) and member.fget is not None:
            return _call_of(self.context, own, member)[1].return_type
        if isinstance(member, staticmethod):
            member = member.__func__
        kind = type_of_constant(self.context, member)
        if kind is None:
            raise TypingError(f"Unknown attribute '{name}' of type {own}")
        return kind


def _bound_method(own: SelfType, name: str, part: Any) -> Any:
    """Return the type of a method that is read from ``self``, to be called."""
    function = types.Dispatcher(part)

    class _Method(AbstractTemplate):  # type: ignore[misc]
        key = SelfType, name

        def generic(self, args: Any, kws: Any) -> Any:
            found = function.get_call_type(self.context, (own, *args), kws)
            return None if found is None else found.as_method()

    _lower_method(name)
    return types.BoundFunction(_Method, own)


@cache
def _lower_method(name: str) -> None:
    """Tell the compiler how methods of this name are called."""

    @builtin_registry.lower((SelfType, name), SelfType, types.VarArg(types.Any))
    def call(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        part = resolved(member_of(signature.args[0].cls, name))
        return _call(context, builder, types.Dispatcher(part), signature, args)


def _call_of(typing_context: Any, own: SelfType, member: property) -> tuple[Any, Any]:
    """Return the type of a property's function, and the signature of its call."""
    function = types.Dispatcher(resolved(member.fget))
    return function, function.get_call_type(typing_context, (own,), {})


def _call(context: Any, builder: Any, function: Any, signature: Any, args: Any) -> Any:
    call = context.get_function(function, signature)
    context.add_linking_libs(getattr(call, "libs", ()))
    return call(builder, args)


@lower_getattr_generic(SelfType)
def _read(context: Any, builder: Any, own: SelfType, value: Any, name: str) -> Any:
    if name in own.fields:
        found = record_getattr(context, builder, own, value, name)
        is_bool = name in own.bools
        return context.is_true(builder, own.typeof(name), found) if is_bool else found
    if name == "__class__":
        return context.get_dummy_value()
    member = member_of(own.cls, name)
    if isinstance(member, property):
        function, signature = _call_of(context.typing_context, own, member)
        return _call(context, builder, function, signature, (value,))
    if isinstance(member, staticmethod):
        member = member.__func__
    return lower_constant(context, builder, member)

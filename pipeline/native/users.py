"""How a user's function is compiled: as it is written, with what its names mean in Python.

Numba takes a function only from its own decorators, and knows few classes. Here a name means::

    clamp               a plain function of the user's, compiled for the types it is called with
    helpers.clamp       an attribute of a module of the user's
    Config.LEVEL        an attribute of a class of the user's, or of a frozen dataclass

Attributes are functions, classes, modules and constants: numbers, texts, members of enums, tuples,
and arrays that cannot be written. They become part of the machine code, so the hash of the code
(`dependencies.code`) counts them.

Functions of libraries are not compiled: Numba has versions of its own of those that it knows.
"""

import inspect
import operator
import sys
from collections.abc import Callable
from enum import Enum
from functools import cache
from types import CodeType, FunctionType, MappingProxyType, ModuleType
from typing import Any

from numba import types
from numba.core import errors, ir
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.imputils import impl_ret_borrowed, lower_getattr_generic
from numba.core.ir_utils import find_const, get_definition, guard
from numba.core.registry import cpu_target
from numba.core.typed_passes import NopythonTypeInference
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.core.untyped_passes import LiteralPropagationSubPipelinePass, ReconstructSSA
from numba.extending import models, register_model, typeof_impl

from pipeline.dependencies.code import code_hash
from pipeline.dependencies.origin import is_users, is_users_file
from pipeline.errors import StrategyError
from pipeline.native.checks import Checks
from pipeline.native.compiler import Part
from pipeline.native.differing import RefuseDiffering
from pipeline.native.inlined import LookForExceptions
from pipeline.native.kinds import RefuseKinds
from pipeline.native.passes import Pipeline
from pipeline.native.plain import PLAIN
from pipeline.native.unset import AskForValues

#: What code can change, so it is no constant.
_CHANGEABLE = (list, dict, set, bytearray)
#: Stands for a value where there is none.
NOTHING = object()


def users_part(function: Callable[..., Any], **options: Any) -> Any:
    """Make a user's function a part: only compiled code calls it.

    ``options``: those of Numba's ``njit``. An index out of range raises, because a store there
    would be into the memory of others. StrategyError for arguments that are keyword-only or ``**``.
    """
    if PLAIN:
        return function
    code: Any = getattr(function, "__code__", None)
    what = "" if code is None else _odd_arguments(code)
    if what:
        place = f"{code.co_filename}:{code.co_firstlineno}"
        raise StrategyError(f"{place}: {code.co_qualname} cannot be compiled: {what}")
    options = {"nopython": True, "boundscheck": True, **options}
    return UsersPart(function, targetoptions=options, pipeline=UsersPipeline)


def _odd_arguments(code: CodeType) -> str:
    """Say which arguments of a function compiled code does not know; empty if it knows all."""
    if code.co_kwonlyargcount:
        return (
            "it has arguments that are keyword-only, which compiled code does not know; leave out "
            "the * before them"
        )
    if code.co_flags & inspect.CO_VARKEYWORDS:
        place = code.co_argcount + bool(code.co_flags & inspect.CO_VARARGS)
        return (
            f"it takes **{code.co_varnames[place]}, which compiled code does not know; name the "
            "arguments that it takes"
        )
    return ""


def renamed(function: Any, key: str) -> Any:
    """Return the same function under a qualified name that ends with ``key``.

    Numba names machine code by the qualified name and by numbers that each process counts anew.
    What two processes compiled of different functions, or for different records, would bear one
    name, and where a third loads both from disk, the first would be called for either.
    """
    same = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    same.__kwdefaults__ = function.__kwdefaults__
    same.__module__, same.__qualname__ = function.__module__, f"{function.__qualname__}_{key}"
    return same


@cache
def _part_of(function: FunctionType, key: str) -> "UsersPart":
    """Return the part of a plain function of the user's; ``key``: a hash of what it depends on."""
    made: UsersPart = users_part(renamed(function, key))
    return made


# --- names ---------------------------------------------------------------------------------------


def resolved(value: Any) -> Any:
    """Return what compiled code has for a value that a name stands for.

    It is a part for a plain function of the user's, a Namespace for a class, a frozen dataclass or
    a module of his; any other value is itself, and so is what Numba was told of by the user.
    """
    if isinstance(value, ModuleType):
        return Namespace(value) if is_users(value) else value
    if isinstance(value, FunctionType):
        users = is_users_file(value.__code__.co_filename)
    elif isinstance(value, type):
        users = is_users(sys.modules.get(value.__module__))
    else:
        users = getattr(getattr(type(value), "__dataclass_params__", None), "frozen", False)
    if not users or _is_known(value):
        return value
    if isinstance(value, FunctionType):
        return _part_of(value, code_hash(value))
    return Namespace(value)


def _is_known(value: Any) -> bool:
    """Whether Numba has a type for a value, as for exceptions, enums, and what it was told of."""
    try:
        cpu_target.typing_context.resolve_value_type(value)
    except (ValueError, errors.NumbaError):
        return False
    return True


class Namespace:
    """A class, a module or a frozen dataclass whose attributes compiled code reads."""

    def __init__(self, holder: Any) -> None:
        self.holder = holder

    @property
    def name(self) -> str:
        """What the user calls it."""
        named = self.holder if isinstance(self.holder, type | ModuleType) else type(self.holder)
        return str(named.__name__)


class NamespaceType(types.Dummy):  # type: ignore[misc]  # numba is untyped
    """The Numba type of one Namespace."""

    settable = ()

    def __init__(self, space: Namespace) -> None:
        self.space = space
        super().__init__(f"ringtape.Namespace({space.name}, {id(space.holder)})")


register_model(NamespaceType)(models.OpaqueModel)


@typeof_impl.register(Namespace)
def _type_of_namespace(value: Namespace, _: Any) -> NamespaceType:
    return NamespaceType(value)


@infer_getattr
class _Attributes(AttributeTemplate):  # type: ignore[misc]
    key = NamespaceType

    def generic_resolve(self, kind: NamespaceType, name: str) -> Any:
        """Return the type of an attribute; None if it is none that compiled code can have."""
        return type_of_constant(self.context, getattr(kind.space.holder, name, NOTHING))


@lower_getattr_generic(NamespaceType)
def _read(context: Any, builder: Any, kind: NamespaceType, value: Any, name: str) -> Any:
    return lower_constant(context, builder, getattr(kind.space.holder, name))


def type_of_constant(typing_context: Any, value: Any) -> Any:
    """Return the Numba type of a value that a name stands for; None if it is not constant."""
    value = resolved(value)
    if value is NOTHING or isinstance(value, _CHANGEABLE):
        return None
    try:
        kind = typing_context.resolve_value_type_prefer_literal(value)
    except (ValueError, errors.NumbaError):
        return None
    if isinstance(kind, types.BaseAnonymousTuple):
        items = [types.maybe_literal(item) for item in value]
        return types.Tuple(items) if all(items) else kind
    return kind.copy(readonly=True) if isinstance(kind, types.Array) else kind


def lower_constant(context: Any, builder: Any, value: Any) -> Any:
    """Write a value that a name stands for into LLVM's IR."""
    kind = type_of_constant(context.typing_context, value)
    if isinstance(kind, types.Dummy | types.Callable):
        return context.get_dummy_value()
    return impl_ret_borrowed(
        context, builder, kind, context.get_constant_generic(builder, kind, value)
    )


# --- the compiler --------------------------------------------------------------------------------


@register_pass(mutates_CFG=False, analysis_only=False)
class _ResolveNames(FunctionPass):  # type: ignore[misc]
    """Replaces what a function refers to by what compiled code has for it."""

    _name = "ringtape_resolve_names"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Replace the values of globals and of variables of an outer function.

        A member of an enum that is an index becomes its number. A set of texts that something is
        looked up in where it is written becomes a tuple, because Numba has no set of one text. A
        function inside, like the lambda of a sort, is the user's as well.
        """
        inside = state.func_id.code.co_consts
        for block in state.func_ir.blocks.values():
            for assigned in block.find_insts(ir.Assign):
                named = assigned.value
                if isinstance(named, ir.Global | ir.FreeVar):
                    function = getattr(named.value, "py_func", None)
                    if function is not None and function.__code__ in inside:
                        named.value = function  # Numba has compiled it as one of its own
                    named.value = resolved(named.value)
                elif getattr(named, "op", "") == "static_getitem" and _is_member(named.index):
                    named.index = named.index.value
                elif getattr(named, "op", "") == "binop" and named.fn is operator.contains:
                    _make_tuple(state.func_ir, named.lhs)
        return True


def _make_tuple(func_ir: Any, container: Any) -> None:
    """Make a set of constant texts that has no name a tuple, in an order that does not change."""
    made = guard(get_definition, func_ir, container)
    if container.name.startswith("$") and getattr(made, "op", "") == "build_set":
        texts = [guard(find_const, func_ir, item) for item in made.items]
        if all(isinstance(text, str) for text in texts):
            ordered = sorted(zip(texts, made.items, strict=True), key=lambda pair: pair[0])
            made.op, made.items = "build_tuple", [item for _, item in ordered]


def _is_member(index: Any) -> bool:
    """Whether a constant index is a member of an enum that counts as a number."""
    return isinstance(index, int) and isinstance(index, Enum)


class UsersPipeline(Pipeline):
    """The passes of this package, with names resolved before types are inferred, and checks."""

    before = MappingProxyType(
        {
            ReconstructSSA: (LookForExceptions, AskForValues),
            LiteralPropagationSubPipelinePass: (_ResolveNames, RefuseKinds),
        }
    )
    after = MappingProxyType({NopythonTypeInference: (Checks, RefuseDiffering)})

    def __init__(self, *given: Any) -> None:
        # Processes that only load machine code do without what it imports of Numba.
        from pipeline.native.bounds import UsersContext

        super().__init__(*given)
        self.state.targetctx = UsersContext.of(self.state.targetctx)


class UsersPart(Part):
    """A user's function as compiled code calls it."""

    def _plain_type(self, kind: Any) -> Any:
        """Keep texts that are known, because a column of ``ctx.window`` is such a text.

        Members of enums are kept, too: the function may ask for their ``value``.
        """
        kept = types.StringLiteral, types.EnumMember
        return kind if isinstance(kind, kept) else super()._plain_type(kind)

"""Pickles what another process cannot import: functions and classes of a script, or of a notebook.

::

    a function       its code, and the globals that it names, in a dict that all functions share
                     which share their globals here
    a class          an empty one, which is then given its members
    an enum          the same with its members' names and values, so that there is one of each
    a named tuple    made anew from its fields, and given what else it has

Whatever can be imported travels by its name. Values that refer to each other in circles are no
matter: what refers to others is made first, and given what it refers to afterwards. What a user's
class does when it is made, such as an enum's ``__init__``, has been done here and is not repeated.

dill, which does all else, knows no enums, and of named tuples only the fields.
"""

import abc
import builtins
import copyreg
import dis
import importlib
import inspect
import io
import operator
import sys
from collections import namedtuple
from contextlib import suppress
from enum import EnumMeta, Flag
from threading import RLock
from types import CellType, CodeType, FunctionType, MemberDescriptorType, ModuleType
from typing import Any, TypeVar
from uuid import uuid4

import dill

from pipeline.dependencies.jitted import python_function
from pipeline.dependencies.origin import is_users, is_users_file
from pipeline.errors import StrategyError, text_of

_OURS = ("pipeline", "shm")
#: Kinds of most values, which are left to dill without another look.
_PLAIN = frozenset({int, float, str, bool, bytes, tuple, list, dict, set, type(None)})
#: Members of every class that Python makes itself.
_PYTHONS = ("__dict__", "__weakref__", "_abc_impl")
#: Members with which a class is made.
_FIRST = ("__module__", "__slots__", "__orig_bases__")
#: Names in one underscore at both ends are an enum's own, but for these.
_OF_ENUMS = ("_missing_", "_generate_next_value_", "_new_member_", "_use_args_", "_value_repr_")
_TOLD = "__init_subclass__"
_LOCK = type(RLock())
_OF_MEMBERS = ("_value_", "_name_", "__objclass__", "_sort_order_")


def pickled(value: Any) -> bytes:
    """Pickle a value with all that it refers to and that cannot be imported.

    StrategyError if something cannot be pickled.
    """
    content = io.BytesIO()
    pickler = _ByValue(content, recurse=True)
    try:
        # Python goes through the list last, with all that it has by then.
        pickler.dump((value, pickler.told))
    except Exception as error:
        # A user's class may raise anything.
        what = pickler.culprit() or "something"
        raise StrategyError(
            f"the strategy uses {what}, which cannot be sent to the processes of a run: "
            f"{type(error).__name__}: {text_of(error)}; make it in a module that they import, or "
            "run with inline=True"
        ) from error
    return content.getvalue()


def unpickled(content: bytes) -> Any:
    """Return the value that `pickled` was given."""
    value, told = dill.loads(content)  # noqa: S301 - from our own supervisor
    for cls, member in told:
        type.__setattr__(cls, _TOLD, member)
    return value


class _ByValue(dill.Pickler):  # type: ignore[misc]  # dill is untyped
    """Pickles functions and classes that cannot be imported, and what they refer to."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        #: By the id of a dict of globals: that dict, the one that stands for it, and its names.
        self._globals: dict[int, tuple[dict[str, Any], dict[str, Any], set[str]]] = {}
        #: Classes with what each does when one is derived from it.
        self.told: list[tuple[type, Any]] = []

    def culprit(self) -> str:
        """Name the global, and its file, that could not be pickled; empty if there is none."""
        for known, _, names in self._globals.values():
            for name in sorted(names):
                value = known[name]
                if not isinstance(value, FunctionType | type) and not _can_be_pickled(value):
                    return f"{name} of {known.get('__file__', known['__name__'])}"
        return ""

    def reducer_override(self, value: Any) -> Any:
        """Return how to make a value again, or NotImplemented to leave it to dill."""
        kind = type(value)
        if kind in _PLAIN:
            pass
        elif kind is FunctionType:
            if not _can_be_imported(value):
                return self._function(value)
        elif kind is CellType:
            return _cell(value)
        elif kind is ModuleType:
            # dill would pickle all that is in it, if it is not installed below Python's own folder.
            if value.__name__.partition(".")[0] in _OURS:
                return importlib.import_module, (value.__name__,)
        elif isinstance(value, type):
            home = _home_of(value)
            if home is not None and is_users(home) and not _can_be_imported(value):
                return self._class(value)
        elif isinstance(kind, EnumMeta):
            if kind.__members__.get(value._name_) is value:
                return operator.getitem, (kind, value._name_)
        elif kind is _LOCK:
            return RLock, ()  # dill would make one that nobody can take
        elif kind is TypeVar and value.__module__ == "__main__":
            return _type_var(value)
        elif hasattr(kind, "_reduce_states") and _is_jitted_here(value):
            return _make_jitted, (value._reduce_class(), value._reduce_states())
        return NotImplemented

    def _function(self, function: FunctionType) -> Any:
        known = function.__globals__
        started = {"__name__": known.get("__name__", "__main__"), "__builtins__": builtins}
        _, shared, sent = self._globals.setdefault(id(known), (known, started, set()))
        new = _named_by(function, sent)
        made = (
            function.__code__,
            shared,
            function.__name__,
            function.__defaults__,
            function.__closure__,
        )
        names = "__kwdefaults__", "__annotations__", "__doc__", "__module__", "__qualname__"
        own = {name: getattr(function, name) for name in names}
        state = own, vars(function), {name: known[name] for name in new}
        return FunctionType, made, state, None, None, _fill_function

    def _class(self, cls: Any) -> Any:
        if isinstance(cls, EnumMeta):
            return _enum(cls)
        if cls.__bases__ == (tuple,) and hasattr(cls, "_field_defaults"):
            return _named_tuple(cls)
        members = {
            name: member
            for name, member in vars(cls).items()
            if name not in _PYTHONS and not isinstance(member, MemberDescriptorType)
        }
        if _TOLD in members:
            # It is for classes that are written below, not for those that are made again.
            self.told.append((cls, members.pop(_TOLD)))
        first = {name: members.pop(name) for name in _FIRST if name in members}
        first["__qualname__"] = cls.__qualname__
        return _make_class, (type(cls), cls.__name__, cls.__bases__, first), *_filled(cls, members)


def _home_of(value: Any) -> ModuleType | None:
    """Return the module of a function or class; some classes in C name none."""
    name = value.__module__
    return sys.modules.get(name) if isinstance(name, str) else None


def _can_be_imported(value: Any) -> bool:
    """Whether another process finds a function or class by the names of its module and its own."""
    found: Any = _home_of(value)
    if found is None or found.__name__ == "__main__":
        return False
    for name in value.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is value


# --- functions -----------------------------------------------------------------------------------


def _globals_in(code: CodeType) -> set[str]:
    """Return the names of globals that a function uses, and the functions written in it."""
    found = {
        str(step.argval)
        for step in dis.get_instructions(code)
        if step.opname.startswith(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"))
    }
    return found.union(*(_globals_in(one) for one in code.co_consts if isinstance(one, CodeType)))


def _named_by(function: FunctionType, sent: set[str]) -> list[str]:
    """Return the globals that a function names, and that those functions name; mark them as sent.

    All at once, because Python would not go down a long row of functions that call each other.
    """
    known = function.__globals__
    found = []
    todo = [function]
    while todo:
        for name in sorted((_globals_in(todo.pop().__code__) & known.keys()) - sent):
            sent.add(name)
            found.append(name)
            value = known[name]
            if isinstance(value, FunctionType) and value.__globals__ is known:
                todo.append(value)
    return found


def _can_be_pickled(value: Any) -> bool:
    with suppress(StrategyError):
        pickled(value)
        return True
    return False


def _fill_function(function: FunctionType, state: Any) -> None:
    own, attributes, named = state
    for name, value in own.items():
        setattr(function, name, value)
    vars(function).update(attributes)
    function.__globals__.update(named)


def _cell(cell: CellType) -> Any:
    try:
        content = cell.cell_contents
    except ValueError:
        return CellType, ()
    return CellType, (), (content,), None, None, _fill_cell


def _fill_cell(cell: CellType, state: Any) -> None:
    (cell.cell_contents,) = state


def _is_jitted_here(value: Any) -> bool:
    """Whether a value is what Numba made of a function that cannot be imported.

    Numba would pickle the function by itself, with enums that are others than the strategy's.
    """
    return python_function(value) is not None and not _can_be_imported(value)


def _make_jitted(kind: Any, states: dict[str, Any]) -> Any:
    """Make what Numba makes of a function; not one that an earlier value has brought."""
    return kind._rebuild(**{**states, "uuid": str(uuid4())})


# --- classes -------------------------------------------------------------------------------------


def _make_class(kind: Any, name: str, bases: tuple[type, ...], first: dict[str, Any]) -> Any:
    """Make a class of a metaclass, without what the metaclass would do of its own."""
    maker: Any = abc.ABCMeta if issubclass(kind, abc.ABCMeta) else type
    return maker.__new__(kind, name, bases, first)


def _filled(cls: Any, members: dict[str, Any]) -> Any:
    """Return what completes the making of a class: its members, and how it is given them."""
    written = members.get("__annotations__", {})
    if any(isinstance(kind, str) for kind in written.values()):
        # What a text means is known here only.
        with suppress(Exception):
            members["__annotations__"] = inspect.get_annotations(cls, eval_str=True)
    registered = []
    if isinstance(cls, abc.ABCMeta):
        registered = [one() for one in abc._get_dump(cls)[0]]  # type: ignore[attr-defined]
    return (members, registered), None, None, _fill_class


def _fill_class(cls: Any, state: Any) -> None:
    members, registered = state
    for name, member in members.items():
        type.__setattr__(cls, name, member)
    for one in registered:
        cls.register(one)


def _named_tuple(cls: Any) -> Any:
    made = cls.__name__, cls._fields, tuple(cls._field_defaults.values()), cls.__module__
    plain = vars(_make_named_tuple(*made))
    members = {
        name: member
        for name, member in vars(cls).items()
        if name not in plain or name == "__doc__" or (name != "__new__" and _is_users(member))
    }
    members["__qualname__"] = cls.__qualname__
    return _make_named_tuple, made, *_filled(cls, members)


def _make_named_tuple(
    name: str, fields: tuple[str, ...], defaults: tuple[Any, ...], module: str
) -> Any:
    return namedtuple(name, fields, defaults=defaults, module=module)


def _is_users(member: Any) -> bool:
    """Whether a member of a class is a function of the user's."""
    return isinstance(member, FunctionType) and is_users_file(member.__code__.co_filename)


def _type_var(variable: Any) -> Any:
    bounds = variable.__constraints__, variable.__bound__
    kinds = variable.__covariant__, variable.__contravariant__
    return _make_type_var, (variable.__name__, *bounds, *kinds)


def _make_type_var(
    name: str, constraints: tuple[Any, ...], bound: Any, covariant: bool, contravariant: bool
) -> Any:
    return TypeVar(
        name, *constraints, bound=bound, covariant=covariant, contravariant=contravariant
    )


# --- enums ---------------------------------------------------------------------------------------


def _enum(cls: Any) -> Any:
    values = {name: (_data_of(one), one._value_) for name, one in cls.__members__.items()}
    first = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
    boundary = cls._boundary_ if issubclass(cls, Flag) else None
    made = type(cls), cls.__name__, cls.__bases__, first, values, boundary
    members = {
        name: member
        for name, member in vars(cls).items()
        if name not in (*cls.__members__, *_PYTHONS, *_FIRST) and not _is_enums(name)
    }
    attributes = {
        name: {key: own for key, own in vars(one).items() if key not in _OF_MEMBERS}
        for name, one in cls.__members__.items()
    }
    return _make_enum, made, (members, attributes), None, None, _fill_enum


def _is_enums(name: str) -> bool:
    """Whether a member of an enum is one that it makes itself."""
    inner = name.removeprefix("_").removesuffix("_")
    return name == f"_{inner}_" and not inner.startswith("_") and name not in _OF_ENUMS


def _data_of(member: Any) -> tuple[Any, ...]:
    """Return what a member is made of, as a number or text that it is besides; else nothing."""
    made: Any = object.__reduce_ex__(member, 2)
    newly: Any = copyreg
    return tuple(made[1][1:] if made[0] is newly.__newobj__ else made[1])


def _make_enum(
    kind: Any,
    name: str,
    bases: tuple[type, ...],
    first: dict[str, Any],
    values: dict[str, Any],
    boundary: Any,
) -> Any:
    """Make an enum that has members with these values, and nothing else.

    ``values``: by the member's name, what it is made of besides, and its value.
    """

    def make_member(cls: Any, data: tuple[Any, ...], value: Any) -> Any:
        member = (cls._member_type_ if data else object).__new__(cls, *data)
        member._value_ = value
        return member

    made = kind.__prepare__(name, bases)
    made.update(first)
    made["__new__"], made["__init__"] = make_member, lambda *_: None
    made.update(values)
    options = {} if boundary is None else {"boundary": boundary}
    return EnumMeta.__new__(kind, name, bases, made, **options)


def _fill_enum(cls: Any, state: Any) -> None:
    members, attributes = state
    for name in ("__init__", "__new_member__"):
        if name in vars(cls) and name not in members:
            type.__delattr__(cls, name)
    for name, member in members.items():
        type.__setattr__(cls, name, member)
    for name, own in attributes.items():
        vars(cls[name]).update(own)

"""What lies in the places that outlive the calls of functions, and whether it has changed.

::

    of a function     the globals that it names, also in a module of the user's; its defaults;
                      the names of functions around it; its own attributes
    of a class        its attributes

What lies there is remembered as a digest. A list, an object of a user's class or of a library is
followed to the end; a function, a class or a module is only itself. What a `functools.cache` has
kept is no change; a list in it that was changed is one.
"""

import dis
import functools
import gc
import hashlib
import marshal
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import BuiltinFunctionType, CodeType, FunctionType, GeneratorType, ModuleType
from typing import Any, NamedTuple

import numpy as np
from typing_extensions import override

from pipeline.dependencies.code import Dependencies, codes_in, names_in
from pipeline.dependencies.jitted import is_numbas
from pipeline.dependencies.origin import is_users, is_users_object

#: What is compared as itself, whatever it refers to.
_WHOLE = (
    *(FunctionType, BuiltinFunctionType, type, ModuleType),
    *(property, staticmethod, classmethod, functools.cached_property),
)
_PLAIN = (int, float, complex, bool, str, bytes, type(None))
_CONTAINERS = (list, dict, set, frozenset, tuple)
_CACHE = type(functools.cache(len))
#: What a function may return that can be changed later.
_CHANGEABLE = (list, dict, set, bytearray, deque, np.ndarray)


@dataclass(frozen=True)
class Place:
    """Where something lies."""

    name: str
    """As it is written: ``helpers.total``, or ``Book.count``."""
    owner: FunctionType | type
    """The function that names it, or the class that has it."""


class _Seen(NamedTuple):
    place: Place
    value: Any
    """It is held, so that no other value gets its id."""
    digest: bytes


class Contents:
    """The places that classes of the user's lead to, and what was in them at the last look.

    A look takes the time of reading all that is there.
    """

    def __init__(self, classes: Iterable[type]) -> None:
        found = _Found()
        for cls in classes:
            found.add(cls)
        self._functions, self._classes = found.functions, found.classes
        self._globals = {one: tuple(_globals_in(one.__code__)) for one in self._functions}
        self._restless: set[Any] = set()
        self._seen = self._look()
        # Some libraries write the time into what they would pickle.
        before, self._seen = self._seen, self._look()
        self._restless = {k for k, seen in before.items() if seen.digest != self._seen[k].digest}

    def changed(self) -> list[tuple[Place, Any]]:
        """Look again; return the places where something else lies than before, and what it is.

        A new attribute of a class or a function counts, too.
        """
        before, self._seen = self._seen, self._look()
        return [
            (seen.place, seen.value)
            for key, seen in self._seen.items()
            if key not in self._restless
            and (before[key].digest != seen.digest if key in before else key[0] == "attribute")
        ]

    def _look(self) -> dict[Any, _Seen]:
        found: dict[Any, _Seen] = {}
        owners: tuple[FunctionType | type, ...] = (*self._functions, *self._classes)
        for owner in owners:
            for key, name, value in self._places(owner):
                if key not in found:
                    found[key] = _Seen(Place(name, owner), value, _digest(value))
        return found

    def _places(self, owner: Any) -> Iterator[tuple[Any, str, Any]]:
        """Give what lies in the places of a function or class: a key, the name and the value."""
        for name, value in vars(owner).items():
            # An enum, and a class with abstract methods, keep what they have found out.
            if not (name.startswith("__") or name == "_abc_impl" or name[:1] == name[-1:] == "_"):
                yield ("attribute", id(owner), name), f"{owner.__name__}.{name}", value
        if isinstance(owner, type):
            return
        for name in self._globals[owner]:
            if name in owner.__globals__:
                yield from _in_module(owner, owner.__globals__, name, name, set())
        code: CodeType = owner.__code__
        for name, value in defaults_of(owner).items():
            yield ("default", id(owner), name), name, value
        for name, cell in zip(code.co_freevars, owner.__closure__ or (), strict=True):
            try:
                yield from _with_results(("cell", id(cell), name), name, cell.cell_contents)
            except ValueError:
                continue


def defaults_of(function: FunctionType) -> dict[str, Any]:
    """Return the arguments of a function that have a default, with the default."""
    code, values = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(values) : code.co_argcount]
    return dict(zip(names, values, strict=True)) | (function.__kwdefaults__ or {})


def _in_module(
    owner: FunctionType, names: dict[str, Any], name: str, written: str, met: set[int]
) -> Iterator[tuple[Any, str, Any]]:
    """Give a global; if it is a module of the user's, also what a function may read there.

    ``names``: of the module that has it. ``written``: how the function writes it.
    """
    value = names[name]
    yield from _with_results(("global", id(names), name), written, value)
    if isinstance(value, ModuleType) and is_users(value) and id(value) not in met:
        met.add(id(value))
        for member in names_in(owner.__code__):
            if member in vars(value):
                yield from _in_module(owner, vars(value), member, f"{written}.{member}", met)


class _Found(Dependencies):
    """Finds functions and classes, and does not go through what has neither."""

    @override
    def _visit_first(self, value: Any) -> Iterator[Any]:
        if _as_bytes(value) is None and not isinstance(value, np.ndarray):
            yield from super()._visit_first(value)


class _Content(Dependencies):
    """The digest of a value as it is in this process."""

    @override
    def _visit_first(self, value: Any) -> Iterator[Any]:
        if isinstance(value, (*_WHOLE, _CACHE)) or is_numbas(value):
            self._note("whole", id(value))
        elif isinstance(value, GeneratorType):
            frame = value.gi_frame
            self._note("generator", None if frame is None else frame.f_lasti)
            yield dict(frame.f_locals) if frame is not None else None
        else:
            yield from super()._visit_first(value)

    @override
    def _attributes(self, value: Any) -> Iterator[tuple[str, Any]]:
        computed = _computed_once(type(value))
        yield from (
            (name, held) for name, held in super()._attributes(value) if name not in computed
        )

    @override
    def _kept(self, value: Any) -> Iterator[Any]:
        if type(value).__module__ == "itertools":
            with warnings.catch_warnings():
                # A later Python will no longer tell of an iterator how far it has come.
                warnings.simplefilter("ignore", DeprecationWarning)
                yield list(super()._kept(value))
            return
        computed = _computed_once(type(value))
        for part in super()._kept(value):
            if computed and type(part) is dict:
                yield {name: held for name, held in part.items() if name not in computed}
            else:
                yield part


def _computed_once(cls: type) -> set[str]:
    """Return the attributes that objects of a class compute when somebody first asks for them."""
    return {
        name
        for base in cls.__mro__
        for name, member in vars(base).items()
        if isinstance(member, functools.cached_property)
    }


def _digest(value: Any) -> bytes:
    if type(value) in _PLAIN:
        return repr(value).encode()
    if isinstance(value, (*_WHOLE, _CACHE)) or is_numbas(value):
        return str(id(value)).encode()
    plain = _as_bytes(value)
    if plain is not None:
        return hashlib.blake2b(plain).digest()
    content = _Content()
    content.add(value)
    return content.hashed().encode()


def _as_bytes(value: Any) -> bytes | None:
    """Return a container that holds only what Python itself can write; None for any other value.

    It takes a thirtieth of the time of following all items.
    """
    if type(value) not in _CONTAINERS:
        return None
    try:
        return marshal.dumps(value, 2)
    except ValueError:
        return None


def _globals_in(code: CodeType) -> Iterator[str]:
    names = {
        step.argval
        for one in codes_in(code)
        for step in dis.get_instructions(one)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    yield from sorted(names)


def _with_results(key: Any, name: str, value: Any) -> Iterator[tuple[Any, str, Any]]:
    """Give a value; of a function with a cache also the results in it that can be changed.

    Those of a method belong to the ``self`` that it was called with, and are left out.
    """
    yield key, name, value
    if isinstance(value, _CACHE):
        for one in _kept_by(value):
            if isinstance(one, _CHANGEABLE) or is_users_object(one):
                yield ("result", id(value), id(one)), f"{name}()", one


def _kept_by(cache: Any) -> Iterator[Any]:
    """Give the results that a function with a cache has kept."""
    for one in gc.get_referents(cache):
        if type(one) is dict and one is not vars(cache):
            yield from one.values()
        else:
            yield one

"""The functions of the user's that a function leads to, and all that they refer to."""

import functools
from collections.abc import Collection, Iterable, Iterator
from types import FunctionType, MethodType
from typing import Any

from pipeline.dependencies.bindings import Binding, bindings
from pipeline.dependencies.code import Dependencies, names_in
from pipeline.dependencies.jitted import python_function
from pipeline.dependencies.origin import is_users_file
from pipeline.dependencies.references import Reference, references


class Reach:
    """The functions that were reached so far, from one root after the other.

    They are those that `Dependencies` meets, without methods of a class whose name occurs in none
    of them, and those that they import when they run, if the module is loaded. ``cls``: the class
    whose members the methods of it reach through ``self``; None if there is none.
    """

    def __init__(self, cls: type | None = None) -> None:
        self._cls = cls
        self._found = Dependencies()
        self._scanned: set[FunctionType] = set()
        self._names: set[str] = set()
        self._bound: set[tuple[str, str]] = set()
        self._named: dict[FunctionType, set[FunctionType]] = {}
        self._methods = {
            function
            for base in (cls.__mro__ if cls else ())
            for member in vars(base).values()
            if not isinstance(member, staticmethod)
            for function in functions_of(member)
        }

    def references(self, root: FunctionType) -> Iterator[tuple[FunctionType, Reference]]:
        """Give what a root and all functions that it leads to refer to, each with the function.

        Functions that an earlier root has led to are left out.
        """
        wanted = {root}
        self._found.add(root)
        todo = [] if root in self._scanned else [root]
        while todo:
            for function in todo:
                self._scanned.add(function)
                self._names |= set(names_in(function.__code__))
                named = self._named.setdefault(function, set())
                owner = self.owner_of(function)
                for reference in references(function, *((owner,) if owner else ())):
                    yield function, reference
                    for other in functions_of(reference.value):
                        if is_users_file(other.__code__.co_filename):
                            self._found.add(other)
                            wanted.add(other)
                            named.add(other)
            met = (one for one in self._found.functions if one not in self._scanned)
            todo = [one for one in met if one in wanted or self._may_be_called(one)]

    @property
    def functions(self) -> Collection[FunctionType]:
        """The functions that were reached so far, in the order of their places."""
        return sorted(self._scanned, key=_place)

    def named_by(self, roots: Iterable[FunctionType]) -> Collection[FunctionType]:
        """Return the roots, and the functions that these call by a name or through ``self``.

        Methods of other objects are not among them. The roots must have been reached.
        """
        found: set[FunctionType] = set()
        todo = set(roots)
        while todo:
            found |= todo
            todo = {other for one in todo for other in self._named.get(one, ())} - found
        return sorted(found, key=_place)

    def owner_of(self, function: FunctionType) -> type | None:
        """Return the class of ``self`` in a method of ``cls``; None for any other function."""
        return self._cls if function in self._methods else None

    def bindings(self) -> Iterator[Binding]:
        """Give what modules have computed when they were imported, for the names used so far.

        Those of an earlier call are left out.
        """
        wanted = {(module, name) for module, names in self._found.used.items() for name in names}
        for function in self._scanned:
            names = set(names_in(function.__code__)) & function.__globals__.keys()
            wanted |= {(function.__module__, name) for name in names}
        for module, name in sorted(wanted - self._bound):
            yield from bindings(module, name)
        self._bound |= wanted

    def _may_be_called(self, function: FunctionType) -> bool:
        home, _, name = function.__qualname__.rpartition(".")
        is_method = home != "" and not home.endswith("<locals>")
        return not is_method or name.startswith("__") or name in self._names


def _place(function: FunctionType) -> tuple[str, int]:
    return function.__code__.co_filename, function.__code__.co_firstlineno


def functions_of(value: Any) -> Iterator[FunctionType]:
    """Give the Python functions of which a value is made: none, one, or those of a property."""
    if isinstance(value, property):
        parts = [value.fget, value.fset]
    elif isinstance(value, staticmethod | classmethod | MethodType):
        parts = [value.__func__]
    elif isinstance(value, functools.partial | functools.cached_property):
        parts = [value.func]
    else:
        parts = [value, python_function(value), getattr(value, "__wrapped__", None)]
    yield from (part for part in parts if isinstance(part, FunctionType))

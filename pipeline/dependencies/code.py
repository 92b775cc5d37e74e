"""Hashes functions and classes with everything that they refer to, directly or not.

The user's code is followed wherever it leads: to a function's code, defaults and closure, to the
globals that it reads, also through modules, to the members of a class and of its bases, to the
attributes of an object, to the options of Numba's decorators. The code of a library counts by its
name and version.

The hash depends neither on addresses nor on where files lie: a function that is moved keeps its
hash, and another process finds the same one. Whether two equal numbers, texts or tuples are one
object does not count either, because Python is free to merge them.
"""

import copyreg
import dis
import functools
import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Set
from types import CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.dependencies.jitted import (
    is_numbas,
    python_function,
    shaping_parts,
    users_extensions,
)
from pipeline.dependencies.origin import file_of, is_users, is_users_file

if TYPE_CHECKING:
    from pipeline.dependencies.source_files import SourceFiles

#: Types whose ``repr`` says all there is about a value.
_PLAIN = (str, bytes, int, float, complex, bool, type(None), type(Ellipsis), range, slice)
#: Containers whose items are hashed one by one.
_CONTAINERS = (list, tuple, dict, set, frozenset, MappingProxyType)
#: Members of a class that Python keeps there for itself.
_BOOKKEEPING = (
    *("__dict__", "__weakref__", "__module__", "__doc__", "__firstlineno__"),
    *("__static_attributes__", "__annotations_cache__"),
    "__slotnames__",  # pickling an instance puts it there
    "_value2member_map_",  # an enum's; it grows as flags are combined, its members count apart
)
#: Addresses and running numbers in the names of Numba's types.
_NUMBERED = re.compile(r"(0x|#)[0-9a-f]+")

#: Parts of a value that are still to be visited.
_Parts = Iterator[Any]


def code_hash(*values: Any) -> str:
    """Return 32 hex digits over functions, classes and other values and all they depend on."""
    found = Dependencies()
    for value in values:
        found.add(value)
    return found.hashed()


class Dependencies:
    """The values that were added, and all that they refer to.

    A value that was met before is named by its number, so values may refer to each other in
    circles. A text of ``places``, such as the name of a module that is made of its file's path,
    counts as the text that it stands for.
    """

    def __init__(self, places: Mapping[str, str] = MappingProxyType({})) -> None:
        self._digest = hashlib.sha256()
        self._places = places
        # Number of each value, by id. The value is held, so that no other value gets its id.
        self._seen: dict[int, tuple[int, Any]] = {}
        self._reached: set[tuple[int, str]] = set()
        # Names of modules and packages whose code is followed although it may be a library's.
        self._own: set[str] = set()
        # The user's modules by name, the functions in them, and the names that are used of them.
        self._modules: dict[str, ModuleType | None] = {}
        self._functions: list[FunctionType] = []
        self._classes: list[type] = []
        self._used: dict[str, set[str]] = {}

    def add(self, value: Any) -> None:
        """Add a value; a function or class is followed even if it comes from a library."""
        parts = [value]
        named = python_function(value) or value
        if isinstance(named, FunctionType | type):
            parts += users_extensions()
            name = _module_of(named) or ""
            top = name.partition(".")[0]
            # Ringtape's other modules are not followed, because its sources are hashed as a whole.
            self._own.add(name if top == __name__.partition(".")[0] else top)
        # A stack and no recursion, because objects may be nested deeper than Python calls.
        stack = [iter(parts)]
        while stack:
            for part in stack[-1]:
                if type(part) in _PLAIN:
                    known = self._places.get(part, part) if type(part) is str else part
                    self._note(type(part).__name__, repr(known))
                else:
                    stack.append(self._visit(part))
                    break
            else:
                stack.pop()

    def hashed(self) -> str:
        """Return 32 hex digits over all that was added."""
        return self._digest.hexdigest()[:32]

    @property
    def functions(self) -> tuple[FunctionType, ...]:
        """The functions that were met and whose code is followed, in the order of meeting."""
        return tuple(self._functions)

    @property
    def classes(self) -> tuple[type, ...]:
        """The classes that were met and whose members are followed, in the order of meeting."""
        return tuple(self._classes)

    def names(self) -> set[str]:
        """Return the names of globals and attributes that the functions met so far use."""
        return {name for function in self._functions for name in names_in(function.__code__)}

    @property
    def used(self) -> Mapping[str, Set[str]]:
        """By name of a module of the user's: the functions, classes and values that were met in it.

        They are named as seen from the module: ``Class.method``.
        """
        return self._used

    def add_files_to(self, files: "SourceFiles") -> None:
        """Add the files of the user's modules that were met.

        A function without a file adds those that it imports when it runs.
        """
        for module in self._modules.values():
            if module is not None:
                files.add_module(module)
        for function in self._functions:
            if file_of(self._modules.get(function.__module__)) is None:
                for name in _imported(function.__code__):
                    files.add_name(name)

    # --- values of every kind ---------------------------------------------------------------------

    def _note(self, *words: Any) -> None:
        self._digest.update(repr(words).encode())

    def _note_place(self, kind: str, value: FunctionType | type) -> None:
        """Hash what a function or class is called, and where it stands."""
        module = _module_of(value)
        self._note(kind, self._places.get(module or "", module), value.__qualname__)

    def _visit(self, value: Any) -> _Parts:
        """Hash a value without its parts, and give its parts."""
        if type(value) in (tuple, frozenset):
            yield from self._visit_items(value)
        elif id(value) in self._seen:
            self._note("as before", self._seen[id(value)][0])
        else:
            self._seen[id(value)] = (len(self._seen), value)
            yield from self._visit_first(value)

    def _visit_first(self, value: Any) -> _Parts:
        if isinstance(value, FunctionType):
            yield from self._visit_function(value)
        elif isinstance(value, type):
            yield from self._visit_class(value)
        elif isinstance(value, ModuleType):
            name = self._places.get(value.__name__, value.__name__)
            self._note("module", name, _version(value))
            self._meet(value.__name__)
        elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
            self._note(type(value).__name__, value.dtype.descr, value.shape)
            self._digest.update(np.ascontiguousarray(value).tobytes())
        elif type(value) in _CONTAINERS:
            yield from self._visit_items(value)
        else:
            yield from self._visit_object(value)

    def _visit_items(self, value: Any) -> _Parts:
        self._note(type(value).__name__, len(value))
        if isinstance(value, set | frozenset):
            yield from sorted(value, key=code_hash)
        elif isinstance(value, dict | MappingProxyType):
            for key, item in value.items():
                yield from (key, item)
        else:
            yield from value

    def _meet(self, name: str | None, inside: str = "") -> None:
        """Remember a module whose code is followed, and the name of something inside."""
        if name is None or not self._follows(name):
            return
        self._modules.setdefault(name, sys.modules.get(name))
        if inside:
            self._used.setdefault(name, set()).add(inside)

    def _follows(self, name: str | None) -> bool:
        """Whether the code of a module is followed, by the module's name."""
        if name is None:
            return True
        if not self._own.isdisjoint((name, name.partition(".")[0])):
            return True
        return is_users(sys.modules.get(name))

    # --- classes and functions --------------------------------------------------------------------

    def _visit_class(self, cls: type) -> _Parts:
        self._note_place("class", cls)
        module = _module_of(cls)
        if not self._follows(module):
            self._note(version_of(module))
            return
        self._meet(module, cls.__qualname__)
        self._classes.append(cls)
        for name in sorted(vars(cls)):
            if name not in _BOOKKEEPING:
                self._note(name)
                yield vars(cls)[name]
        yield from (*cls.__mro__[1:], type(cls))

    def _visit_function(self, function: FunctionType) -> _Parts:
        self._note_place("function", function)
        yield from self._visit_code(function.__code__)
        yield from (function.__defaults__, function.__kwdefaults__)
        for cell in function.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:
                self._note("empty")
        file = function.__code__.co_filename
        if not (self._follows(function.__module__) or is_users_file(file)):
            self._note(version_of(function.__module__))
            return
        self._meet(function.__module__, function.__qualname__)
        self._functions.append(function)
        yield vars(function)
        names = names_in(function.__code__)
        for name in names:
            if name in function.__globals__:
                self._note(name)
                yield from self._visit_global(function.__globals__[name], names)

    def _visit_code(self, code: CodeType) -> _Parts:
        self._digest.update(code.co_code + code.co_exceptiontable)
        self._note(code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        self._note(code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                yield from self._visit_code(constant)
            else:
                yield constant

    def _visit_global(self, value: Any, names: tuple[str, ...]) -> _Parts:
        """Give a global.

        If it is a module that is followed, give also its members with these names, because the code
        that uses the names may read them there.
        """
        yield value
        if not isinstance(value, ModuleType) or not self._follows(value.__name__):
            return
        for name in names:
            if (id(value), name) not in self._reached and hasattr(value, name):
                self._reached.add((id(value), name))
                self._note(name)
                self._meet(value.__name__, name)
                yield from self._visit_global(getattr(value, name), names)

    # --- objects ----------------------------------------------------------------------------------

    def _visit_object(self, value: Any) -> _Parts:
        """Give the class and the content of an object.

        The content of a user's object are its attributes. That of a library's object is the state
        that pickle would keep.
        """
        yield type(value)
        if is_numbas(value):
            # Numba numbers its types anew in each process; their names say all there is of them.
            yield _NUMBERED.sub("", repr(value))
            yield shaping_parts(value)
            return
        for kind in (*_PLAIN, *_CONTAINERS):
            if isinstance(value, kind):  # such as a named tuple, or a number that is an enum's
                if kind in _PLAIN:
                    plain: Any = kind
                    self._note(plain.__repr__(value))
                else:
                    yield from self._visit_items(value)
        if isinstance(value, property):
            yield from (value.fget, value.fset, value.fdel)
        elif isinstance(value, staticmethod | classmethod | MethodType):
            yield from (value.__func__, getattr(value, "__self__", None))
        elif isinstance(value, functools.cached_property):
            yield value.func
        elif isinstance(value, functools.partial):
            yield from (value.func, value.args, value.keywords)
        elif self._follows(_module_of(type(value))):
            for name, held in self._attributes(value):
                yield from (name, held)
        elif python_function(value) is not None:  # a kernel of Ringtape's
            yield python_function(value)
        else:
            yield getattr(value, "__dict__", {}).get("__wrapped__")  # as functools.cache has
            yield from self._kept(value)

    def _attributes(self, value: Any) -> Iterator[tuple[str, Any]]:
        """Give the names and values of an object's attributes, those in slots included."""
        held = dict(getattr(value, "__dict__", {}))
        for cls in type(value).__mro__:
            slots = vars(cls).get("__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                if name not in _BOOKKEEPING and hasattr(value, name):
                    held[name] = getattr(value, name)
        for name in sorted(held):
            yield name, held[name]

    def _kept(self, value: Any) -> _Parts:
        """Give the state of an object that pickle would keep.

        That of the generators of a whole process, which SciPy's distributions have, is another one
        in each, and so are the variables of the environment.
        """
        if value is os.environ:
            yield "the environment of the process"
            return
        numpys = getattr(sys.modules.get("numpy.random.mtrand"), "_rand", None)
        if value is numpys or value is getattr(sys.modules.get("random"), "_inst", None):
            yield "the generator of the process"
            return
        reduce: Callable[[Any], Any] | None = copyreg.dispatch_table.get(type(value))
        try:
            found = value.__reduce_ex__(4) if reduce is None else reduce(value)
            if isinstance(found, str):  # the name of a function in C
                yield from (getattr(value, "__module__", None), found)
            else:
                yield from found[:3]  # the function that makes the object, its arguments, the state
                yield from (None if items is None else list(items) for items in found[3:5])
        except Exception:  # noqa: BLE001  # a class may raise anything when it cannot be pickled
            yield "not pickled"


def _module_of(value: type | FunctionType) -> Any:
    """Return the name of the module of a class or function; None if a function has none.

    Some classes in C keep there what their instances answer.
    """
    return value.__module__ if isinstance(value.__module__, str | None) else "builtins"


def _version(module: ModuleType | None) -> str:
    return str(getattr(module, "__version__", ""))


def version_of(name: str) -> str:
    """Return the version of the package that a module lies in, "" if it does not say."""
    return _version(sys.modules.get(name.partition(".")[0]))


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """Give the code of a function, and that of the functions written in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)


def names_in(code: CodeType) -> tuple[str, ...]:
    """Return the names of globals and attributes that a function uses, each once."""
    return tuple(dict.fromkeys(name for one in codes_in(code) for name in one.co_names))


def _imported(code: CodeType) -> Iterator[str]:
    """Give the names that a function imports when it runs; some may name no module."""
    for one in codes_in(code):
        module = ""
        for step in dis.get_instructions(one):
            if step.opname == "IMPORT_NAME":
                module = str(step.argval)
                parts = module.split(".")
                yield from (".".join(parts[: count + 1]) for count in range(len(parts)))
            elif step.opname == "IMPORT_FROM":
                yield f"{module}.{step.argval}"

"""What a class or function consists of that has no file to read: one of a notebook or a script.

`code_hash` follows functions, and counts classes and objects by name. Here classes are followed
member by member, objects by their attributes, and modules of the user's that have a file by it.
"""

import dataclasses
import dis
import functools
import hashlib
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from pipeline.strategy.compiled.code_hash import code_hash
from pipeline.sweeps.keys.source_files import SourceFiles, file_of, is_users

_PLAIN = (str, bytes, int, float, complex, type(None), type(Ellipsis))
#: What Python keeps of a class besides its members.
_BOOKKEEPING = (
    *("__dict__", "__weakref__", "__module__", "__doc__", "__firstlineno__"),
    "__slotnames__",  # pickling an instance puts it there
)


class CodeValues:
    """The values given to `visit`, in words of one order; files that they lead to go to ``files``.

    What was met before is named by when it was, so values may refer to each other in circles.
    """

    def __init__(self, files: SourceFiles) -> None:
        self._files = files
        self._digest = hashlib.sha256()
        # With the values themselves, so that no id is used twice.
        self._seen: dict[int, tuple[int, Any]] = {}

    def hashed(self) -> str:
        """Return 32 hex digits over all that was visited."""
        return self._digest.hexdigest()[:32]

    def visit(self, value: Any) -> None:
        """Add one value, whatever it is."""
        value = getattr(value, "py_func", value)
        if isinstance(value, _PLAIN):
            self._note(type(value).__qualname__, repr(value))
        elif id(value) in self._seen:
            self._note("as before", self._seen[id(value)][0])
        else:
            self._seen[id(value)] = (len(self._seen), value)
            self._visit_anew(value)

    def _visit_anew(self, value: Any) -> None:
        if isinstance(value, FunctionType):
            self._visit_function(value)
        elif isinstance(value, type):
            self._visit_class(value)
        elif isinstance(value, ModuleType):
            self._note(code_hash(value))
            if is_users(value):
                self._files.add_module(value)
        else:
            parts = list(_parts(value))
            # Functions in C have no more to them than a name.
            self._note(type(value).__qualname__, getattr(value, "__name__", ""), len(parts))
            if not isinstance(value, list | tuple | dict | set | frozenset):
                self._note(code_hash(value))
            for part in parts:
                self.visit(part)

    def _note(self, *words: Any) -> None:
        self._digest.update(repr(words).encode())

    def _visit_class(self, cls: type) -> None:
        self._note(cls.__module__, cls.__qualname__)
        module = sys.modules.get(cls.__module__)
        if not is_users(module):
            return
        if module is not None:
            self._files.add_module(module)
        for name in sorted(vars(cls)):
            if name not in _BOOKKEEPING:
                self._note(name)
                self.visit(vars(cls)[name])
        for base in cls.__mro__[1:]:
            self.visit(base)

    def _visit_function(self, function: FunctionType) -> None:
        self._note(code_hash(function))
        module = sys.modules.get(function.__module__)
        if not is_users(module):
            return
        self.visit(function.__defaults__)
        self.visit(function.__kwdefaults__)
        for cell in function.__closure__ or ():
            self.visit(cell.cell_contents)
        if module is not None and file_of(module) is not None:
            self._files.add_module(module)
            return
        for code in _codes(function.__code__):
            for name in code.co_names:
                if name in function.__globals__:
                    self._note(name)
                    self._visit_global(function.__globals__[name], code.co_names)
            for name in _imported(code):
                self._files.add_name(name)

    def _visit_global(self, value: Any, names: tuple[str, ...]) -> None:
        """Visit a global; of a module without a file what ``names`` may reach in it."""
        self.visit(value)
        if isinstance(value, ModuleType) and is_users(value) and file_of(value) is None:
            for name in names:
                if name in vars(value):
                    self._note(name)
                    self.visit(vars(value)[name])


def _parts(value: Any) -> Iterator[Any]:
    """Give what an object holds, as far as it can be told, in an order that is always the same."""
    if isinstance(value, property):
        yield from (value.fget, value.fset)
    elif isinstance(value, staticmethod | classmethod | MethodType):
        yield from (value.__func__, getattr(value, "__self__", None))
    elif isinstance(value, functools.cached_property):
        yield value.func
    elif isinstance(value, functools.partial):
        yield from (value.func, value.args, value.keywords)
    elif isinstance(value, list | tuple):
        yield from value
    elif isinstance(value, set | frozenset):
        yield from sorted(value, key=code_hash)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (key, item)
    else:
        yield type(value)
        yield getattr(value, "__wrapped__", None)  # of functools.cache and other decorators
        yield from _attributes(value)


def _attributes(value: Any) -> Iterator[Any]:
    held: dict[str, Any] = {}
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        held = {name: getattr(value, name, None) for name in names}
    elif is_users(sys.modules.get(type(value).__module__)):
        held = getattr(value, "__dict__", {})
    for name in sorted(held):
        yield from (name, held[name])


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _imported(code: CodeType) -> Iterator[str]:
    """Give the names of what code imports when it runs; what may be no module is among them."""
    module = ""
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME":
            module = str(step.argval)
            parts = module.split(".")
            yield from (".".join(parts[: count + 1]) for count in range(len(parts)))
        elif step.opname == "IMPORT_FROM":
            yield f"{module}.{step.argval}"

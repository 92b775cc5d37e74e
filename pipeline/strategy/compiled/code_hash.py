"""A hash of what a function does: of its code, and of everything that the code refers to."""

import hashlib
import sys
import sysconfig
import types
from pathlib import Path
from typing import Any

import numpy as np

#: Values whose ``repr`` says all there is.
_PLAIN = (str, bytes, int, float, complex)
#: Where libraries live: their code changes with their version, and is not walked.
_LIBRARIES = tuple(
    str(Path(sysconfig.get_path(name))) for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


def code_hash(*parts: Any) -> str:
    """Return a hash of functions and strings, 32 hex digits.

    Of a function its bytecode, constants and names are hashed, and every global and closure value
    that it refers to, also through modules. Functions among these, Numba's too, are hashed in the
    same way, arrays by content, classes by name, what libraries define by name and version. Lines
    and file names are not hashed, so a function that is moved keeps its hash.
    """
    hashed = _Hash()
    for part in parts:
        hashed.absorb(part)
    return hashed.digest.hexdigest()[:32]


class _Hash:
    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self._seen: set[int] = set()

    def absorb(self, value: Any) -> None:
        """Add one value, whatever it is."""
        value = getattr(value, "py_func", value)
        if isinstance(value, types.FunctionType):
            self._absorb_function(value)
        elif isinstance(value, types.ModuleType):
            self._note(value.__name__, getattr(value, "__version__", ""))
        elif isinstance(value, type):
            self._note(value.__module__, value.__qualname__)
        elif value is None or isinstance(value, _PLAIN):
            self._note(value)
        elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
            self._note(value.dtype.descr, value.shape)
            self.digest.update(np.ascontiguousarray(value).tobytes())
        elif isinstance(value, list | tuple):
            self._note(type(value).__name__, len(value))
            for item in value:
                self.absorb(item)
        elif isinstance(value, dict):
            self._note("dict", len(value))
            for key, item in value.items():
                self.absorb(key)
                self.absorb(item)
        elif isinstance(value, set | frozenset):
            self._note("set", sorted(code_hash(item) for item in value))
        else:
            # An object whose repr may hold an address: its type is all that is stable about it.
            self._note(type(value).__qualname__, repr(value) if np.isscalar(value) else "")

    def _note(self, *words: Any) -> None:
        self.digest.update(repr(words).encode())

    def _absorb_function(self, function: types.FunctionType) -> None:
        if id(function) in self._seen:
            return
        self._seen.add(id(function))
        self._note(function.__qualname__, function.__module__)
        self.absorb(function.__defaults__)
        if _is_library(function.__code__.co_filename):
            self.digest.update(function.__code__.co_code)
            return
        self._absorb_code(function.__code__, function.__globals__)
        for cell in function.__closure__ or ():
            self.absorb(cell.cell_contents)

    def _absorb_code(self, code: types.CodeType, namespace: dict[str, Any]) -> None:
        self.digest.update(code.co_code)
        self._note(code.co_names, code.co_varnames)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self._absorb_code(constant, namespace)
            else:
                self.absorb(constant)
        for name in code.co_names:
            if name in namespace:
                self._absorb_global(namespace[name], code.co_names)

    def _absorb_global(self, value: Any, names: tuple[str, ...]) -> None:
        """Add a global; of a user's own module what its names may reach in it."""
        self.absorb(value)
        if isinstance(value, types.ModuleType) and not _is_library_module(value):
            if id(value) in self._seen:
                return
            self._seen.add(id(value))
            for name in names:
                if hasattr(value, name):
                    self._absorb_global(getattr(value, name), names)
            self._seen.discard(id(value))


def _is_library(file: str) -> bool:
    return file.startswith((*_LIBRARIES, "<frozen"))


def _is_library_module(module: types.ModuleType) -> bool:
    file = getattr(module, "__file__", None)
    return _is_library(file) if file else module.__name__ in sys.builtin_module_names

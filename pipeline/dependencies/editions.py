"""Whether another process has the same modules of the user's as this one.

The processes of a run import the modules anew, and so have what the files say now. A Python process
that lives long, such as a notebook, keeps a module as it was when it was imported, and may have set
a name of it to another value. Otherwise one run would see two editions: parameters and indicators
of this process, hooks of the files.
"""

import importlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.dependencies.code import Dependencies, code_hash, names_in
from pipeline.dependencies.origin import file_of, is_users

#: Types of values that are compared one by one, so that a message can name them.
_NAMED = (int, float, str, bool, complex, bytes, type(None), tuple, list, dict, set)


@dataclass(frozen=True)
class Edition:
    """What a module is in one process, as far as some values refer to it."""

    module: str
    file: str
    names: tuple[str, ...]
    """Dotted names of the functions, classes and values that are referred to."""
    hash: str
    """Over all of these, in this order."""
    constants: dict[str, str]
    """Hashes of the numbers, texts and containers among them, members of classes included."""


@dataclass(frozen=True)
class Difference:
    """A module that two processes have otherwise."""

    edition: Edition
    """As the other process has it."""
    constants: tuple[str, ...]
    """Names of the constants that differ; none if the code differs, or an object."""


def editions(values: Iterable[Any]) -> tuple[Edition, ...]:
    """Return the user's modules that some values refer to, each as it is in this process."""
    found = Dependencies()
    for value in values:
        found.add(value)
    used = {module: set(names) for module, names in found.used.items()}
    for function in found.functions:
        known = function.__globals__.keys() & names_in(function.__code__)
        used.setdefault(function.__module__, set()).update(known)
    editions = []
    for name, names in sorted(used.items()):
        module = sys.modules.get(name)
        file = file_of(module)
        if file is not None and is_users(module):
            editions.append(_edition(name, str(file), tuple(sorted(names))))
    return tuple(editions)


def differing(known: Iterable[Edition]) -> list[Difference]:
    """Return the editions, those of another process, that this process has otherwise."""
    found = []
    for one in known:
        here = _edition(one.module, one.file, one.names)
        if here.hash != one.hash:
            changed = [
                name
                for name in sorted({*one.constants, *here.constants})
                if one.constants.get(name) != here.constants.get(name)
            ]
            found.append(Difference(one, tuple(changed)))
    return found


def _edition(module: str, file: str, names: Sequence[str]) -> Edition:
    """Look at what a module has under some names; a name that it has not is None."""
    whole = importlib.import_module(module)
    found: list[Any] = []
    constants: dict[str, str] = {}
    for name in names:
        value: Any = whole
        for part in name.split("."):
            value = getattr(value, part, None)
        found.append(value)
        for place, constant in _constants(name, value):
            constants[place] = code_hash(constant)
    return Edition(module, file, tuple(names), code_hash(*found), constants)


def _constants(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Go through a constant, or through those of a class, each with its dotted name."""
    if isinstance(value, _NAMED):
        yield name, value
    elif isinstance(value, type):
        for member, held in vars(value).items():
            if isinstance(held, _NAMED) and not member.startswith("__"):
                yield f"{name}.{member}", held

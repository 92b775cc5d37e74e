"""Whether another process has the same modules of the user's as this one.

A Python process that lives long, such as a notebook, keeps a module as it was when it was imported.
The processes of a run import it anew. If its file was edited in between, one run would see two
editions: parameters and indicators of the old one, hooks of the new one.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from pipeline.dependencies.code import Dependencies, code_hash
from pipeline.dependencies.origin import file_of, is_users

#: By how many seconds the time of a file and that of a process may be off.
_INACCURATE = 2.0


@dataclass(frozen=True)
class Edition:
    """What a module is in one process, as far as some values refer to it."""

    module: str
    file: str
    names: tuple[str, ...]
    """Dotted names of the functions, classes and values that are referred to."""
    hash: str
    """Over all of these, in this order."""


def editions(values: Iterable[Any]) -> tuple[Edition, ...]:
    """Return the modules that some values refer to and that were edited since this process began.

    A module whose file is older is as it was imported, so there is nothing to compare.
    """
    found = Dependencies()
    for value in values:
        found.add(value)
    began = psutil.Process().create_time() - _INACCURATE
    edited = []
    for name, used in sorted(found.used.items()):
        module = sys.modules.get(name)
        file = file_of(module)
        if file is not None and is_users(module) and _changed(file) >= began:
            names = tuple(sorted(used))
            edited.append(Edition(name, str(file), names, _hash_here(name, names)))
    return tuple(edited)


def differing(known: Iterable[Edition]) -> list[Edition]:
    """Return the editions, those of another process, that this process has otherwise."""
    return [one for one in known if _hash_here(one.module, one.names) != one.hash]


def _hash_here(module: str, names: Sequence[str]) -> str:
    """Return the hash of what a module has under some names; a name that it has not is None."""
    found = []
    for name in names:
        value: Any = sys.modules.get(module)
        for part in name.split("."):
            value = getattr(value, part, None)
        found.append(value)
    return code_hash(*found)


def _changed(file: Path) -> float:
    """Return when a file was changed last, in seconds of Unix time."""
    return file.stat().st_mtime

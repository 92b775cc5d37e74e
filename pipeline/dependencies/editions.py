"""Whether another process has the same modules of the user's as this one.

A Python process that lives long, such as a notebook, keeps a module as it was when it was imported.
The processes of a run import it anew. If its file was edited in between, one run would see two
editions: parameters and indicators of the old one, hooks of the new one.
"""

import importlib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from pipeline.dependencies.code import Dependencies, code_hash
from pipeline.dependencies.origin import file_of, is_users
from pipeline.dependencies.source_files import SourceFiles

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
    """Return the user's modules that some values refer to, if any file of theirs is new.

    A file is new if it was edited since this process began. Where there is none, also among the
    files that these modules import, all modules are as they were imported, and the result is empty.
    """
    found = Dependencies()
    for value in values:
        found.add(value)
    used = {name: sorted(names) for name, names in sorted(found.used.items())}
    modules = {name: sys.modules.get(name) for name in used}
    own = {name: one for name, one in modules.items() if file_of(one) and is_users(one)}
    if not own:
        return ()
    files = SourceFiles()
    found.add_files_to(files)
    began = psutil.Process().create_time() - _INACCURATE
    if all(path.stat().st_mtime < began for path in files.paths):
        return ()
    return tuple(
        Edition(name, str(file_of(one)), tuple(used[name]), _hash_here(name, used[name]))
        for name, one in own.items()
    )


def differing(known: Iterable[Edition]) -> list[Edition]:
    """Return the editions, those of another process, that this process has otherwise."""
    return [one for one in known if _hash_here(one.module, one.names) != one.hash]


def _hash_here(module: str, names: Sequence[str]) -> str:
    """Return the hash of what a module has under some names; a name that it has not is None."""
    whole = importlib.import_module(module)
    found = []
    for name in names:
        value: Any = whole
        for part in name.split("."):
            value = getattr(value, part, None)
        found.append(value)
    return code_hash(*found)

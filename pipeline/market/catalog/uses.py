"""Folders of the cache that processes use: who uses one, and which go when there are too many.

A process that uses a folder has locked a file of its own in another folder, which the system
releases when the process ends.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pipeline.native.file_lock import lock_file, remove_lock


def mark_use(uses: Path) -> tuple[Path, int]:
    """Lock a file of this process in the folder ``uses``; return it and its descriptor."""
    mark = uses / f"{os.getpid()}-{secrets.token_hex(4)}"
    uses.mkdir(exist_ok=True)
    lock = lock_file(mark)
    assert lock is not None  # nobody else knows its name
    return mark, lock


def is_free(locks: Iterable[Path]) -> bool:
    """Return whether no process has one of some locks; those of processes that ended go."""
    for path in locks:
        try:
            lock = lock_file(path)
        except BlockingIOError:
            return False
        except OSError:  # the folder is gone
            continue
        if lock is not None:
            remove_lock(path, lock)
    return True


def remove_oldest(
    homes: Sequence[Path],
    most_bytes: int,
    free: Callable[[Path], bool],
    removed: Callable[[Path], None] = lambda home: None,
) -> None:
    """Remove folders until all together have at most so many bytes, the oldest first.

    Those that are not ``free`` stay. ``removed`` is called after each that is removed.
    """
    by_age = sorted(homes, key=lambda home: home.stat().st_mtime_ns)
    sizes = {home: _size(home) for home in by_age}
    total = sum(sizes.values())
    for home in by_age:
        if total <= most_bytes:
            return
        if free(home):
            shutil.rmtree(home, ignore_errors=True)
            total -= sizes[home]
            removed(home)


def _size(home: Path) -> int:
    return sum(one.stat().st_size for one in home.rglob("*") if one.is_file())

"""The lock that lets one process at a time write to a catalog.

An advisory lock of the operating system on `<catalog>/.lock`: it ends with its owner however the
owner ends, so a dead writer never blocks the next. The file is removed on release as well; a waiter
that wins a lock on a file that was removed meanwhile tries again (`file_lock`).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import DataError
from pipeline.market.catalog.file_lock import lock_file

_POLL_SECONDS = 0.02


@contextlib.contextmanager
def catalog_lock(folder: Path, timeout: float = 60.0) -> Iterator[None]:
    """Hold the write lock of `folder`; DataError after `timeout` seconds, naming the holder."""
    path = folder / ".lock"
    deadline = time.monotonic() + timeout
    while True:
        descriptor = _acquire(path)
        if descriptor is not None:
            break
        if time.monotonic() >= deadline:
            raise DataError(
                f"{folder} is being written by process {_owner(path)}; waited {timeout:g} s"
            )
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        # Removed while still held, so that nobody can lock a file that is about to go. Windows
        # refuses to remove an open file; there it stays, unlocked.
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(descriptor)


def _acquire(path: Path) -> int | None:
    try:
        descriptor = lock_file(path)
    except BlockingIOError:
        return None
    if descriptor is not None:
        with contextlib.suppress(OSError):  # only for messages; the disk may be full
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
    return descriptor


def _owner(path: Path) -> str:
    try:
        return path.read_text() or "unknown"
    except OSError:
        return "unknown"

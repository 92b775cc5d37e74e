"""The lock that lets one process at a time write to a catalog.

It is an advisory lock of the operating system on `<catalog>/.lock`, which ends with its owner. So a
dead writer never blocks the next one. The file is removed when the lock is released. A process that
has locked a file that was removed meanwhile tries again (`lock_file`).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import DataError
from pipeline.native.file_lock import lock_file, remove_lock

_POLL_SECONDS = 0.02


@contextlib.contextmanager
def catalog_lock(folder: Path, timeout: float = 60.0) -> Iterator[None]:
    """Hold the write lock of `folder`. DataError, naming the holder, after `timeout` seconds."""
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
        remove_lock(path, descriptor)


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
        return path.read_text("ascii", "replace") or "unknown"
    except OSError:
        return "unknown"

"""Tells which sweeps of a ledger are under way: each holds a lock on its file `running/<id>`.

The row of a sweep that was killed says "running" for ever, but the lock of the sweep is gone.
"""

import contextlib
import os
from pathlib import Path

from pipeline.errors import RunError
from pipeline.native.file_lock import lock_file, remove_lock, try_lock

FOLDER = "running"


class RunningMark:
    """Tells other processes that a sweep is under way, until it is closed or this process ends.

    Where the file system has no locks, it tells them nothing.
    """

    def __init__(self, ledger: Path, sweep: str) -> None:
        self._path = ledger / FOLDER / sweep
        self._descriptor: int | None = None
        with contextlib.suppress(OSError, RunError):
            self._path.parent.mkdir(exist_ok=True)
            for other in self._path.parent.iterdir():
                if not is_running(ledger, other.name):
                    # Windows refuses it if somebody looks at the file.
                    with contextlib.suppress(PermissionError):
                        other.unlink(missing_ok=True)
            while self._descriptor is None:
                # Without a descriptor, another sweep has removed the file as that of a dead one.
                self._descriptor = lock_file(self._path)

    def close(self) -> None:
        """Take the mark away; closing twice is fine."""
        if self._descriptor is not None:
            remove_lock(self._path, self._descriptor)
            self._descriptor = None


def is_running(ledger: Path, sweep: str) -> bool:
    """Whether a sweep that has begun is under way; true where this cannot be found out."""
    try:
        descriptor = os.open(ledger / FOLDER / sweep, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        try_lock(descriptor)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False

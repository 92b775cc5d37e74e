"""Which sweeps of a ledger are under way: each holds a lock on a file of its own, `running/<id>`.

The ledger's row says "running" from a sweep's begin to its end. Of one that was killed it would
say so for ever, but its lock is gone.
"""

import contextlib
import os
from pathlib import Path

from pipeline.market.catalog.file_lock import lock_file, try_lock

FOLDER = "running"


class RunningMark:
    """Says to other processes that a sweep is under way, until it is closed or this process ends.

    Where the file system knows no locks it says nothing.
    """

    def __init__(self, ledger: Path, sweep: str) -> None:
        self._path = ledger / FOLDER / sweep
        self._descriptor: int | None = None
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(exist_ok=True)
            for other in self._path.parent.iterdir():
                if not is_running(ledger, other.name):
                    other.unlink(missing_ok=True)
            while self._descriptor is None:
                # None: another sweep has taken the file for a dead one's.
                self._descriptor = lock_file(self._path)

    def close(self) -> None:
        """Take the mark away; twice is fine."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            os.close(self._descriptor)
            self._descriptor = None


def is_running(ledger: Path, sweep: str) -> bool:
    """Whether a sweep that has begun is under way, as far as this can be told."""
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

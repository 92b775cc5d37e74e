"""A lock on a file. The system releases it when its owner ends, for whatever reason.

A process that waits for the lock may have opened a file that the owner then removes. After it has
locked such a file, it finds out by the inode.
"""

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def try_lock(descriptor: int) -> None:
        """Lock an open file for this process, or raise BlockingIOError if another one has it."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(error.errno, error.strerror) from error
else:
    import fcntl

    def try_lock(descriptor: int) -> None:
        """Lock an open file for this process, or raise BlockingIOError if another one has it."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def lock_file(path: Path) -> int | None:
    """Open a file, or make it, and lock it; return a descriptor. Closing that releases the lock.

    Returns None if the file was removed meanwhile. Raises BlockingIOError if another process has
    the lock.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try_lock(descriptor)
        if os.fstat(descriptor).st_ino == path.stat().st_ino:
            return descriptor
    except FileNotFoundError:
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None

"""A lock on a file, which ends with its owner however the owner ends.

A file that is removed while it is locked may meanwhile be opened by who waits for it; who wins a
lock on such a file notices by the inode.
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
    """Open a file, made if it is not there, and lock it; who closes the descriptor gives it back.

    None if the file was removed meanwhile; BlockingIOError if another process has it.
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

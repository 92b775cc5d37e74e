"""A lock on a file. The system releases it when its owner ends, for whatever reason.

A process that waits for the lock may have opened a file that the owner then removes. After it has
locked such a file, it finds out by the inode.
"""

import contextlib
import errno
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from pipeline.errors import RunError

fcntl: Any = None
msvcrt: Any = None
try:
    import fcntl
except ImportError:  # on Windows
    import msvcrt

_POLL_SECONDS = 0.02
#: The byte that is locked on Windows, where no other process can read or write what is locked. No
#: file is as long as this.
_LOCKED_BYTE = 2**31 - 2
#: What the system says where files cannot be locked.
_WITHOUT_LOCKS = errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL


def check_locks(folder: Path) -> None:
    """Raise RunError if files in a folder cannot be locked as SQLite locks its own.

    SQLite takes such a file system's refusal for a lock of somebody else, and waits for it.
    """
    if fcntl is None:
        return  # files of Windows can be locked
    with contextlib.suppress(PermissionError), tempfile.TemporaryFile(dir=folder) as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _WITHOUT_LOCKS:
                raise _no_locks(folder, error) from error
            raise


def try_lock(descriptor: int) -> None:
    """Lock an open file for this process, or raise BlockingIOError if another one has it."""
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except PermissionError as error:
        raise BlockingIOError(error.errno, error.strerror) from error
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)


def wait_for_lock(descriptor: int) -> None:
    """Lock an open file for this process, after the one that has it; OSError without locks."""
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return
    while True:
        with contextlib.suppress(BlockingIOError):
            try_lock(descriptor)
            return
        time.sleep(_POLL_SECONDS)


def lock_file(path: Path) -> int | None:
    """Open a file, or make it, and lock it; return a descriptor. Closing that releases the lock.

    Returns None if the file was removed meanwhile. Raises BlockingIOError if another process has
    the lock, and RunError where files cannot be locked.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try_lock(descriptor)
        if os.fstat(descriptor).st_ino == path.stat().st_ino:
            return descriptor
    except FileNotFoundError:
        pass
    except BaseException as error:
        os.close(descriptor)
        if isinstance(error, OSError) and error.errno in _WITHOUT_LOCKS:
            raise _no_locks(path.parent, error) from error
        raise
    os.close(descriptor)
    return None


def remove_lock(path: Path, descriptor: int) -> None:
    """Release the lock of `lock_file` and remove its file, or leave the file if it cannot be.

    It is removed while it is locked, so that nobody locks a file that is about to go. Windows does
    not remove a file that is open: there it goes afterwards, if nobody else has opened it.
    """
    with contextlib.suppress(OSError):
        path.unlink()
    os.close(descriptor)
    if fcntl is None:
        with contextlib.suppress(OSError):
            path.unlink()


def _no_locks(folder: Path, error: OSError) -> RunError:
    return RunError(
        f"files in {folder} cannot be locked ({error.strerror}), as on some network file systems, "
        "and without locks two processes may write at once: use a folder on a local disk"
    )

"""How much shared memory there is, and why some cannot be had."""

import errno
import os
from collections.abc import Iterable
from contextlib import suppress

import psutil

from shm.cgroups import memory_left
from shm.errors import NoSpace, Unavailable
from shm.names import LISTING, list_segments

_FULL = errno.ENOSPC, errno.ENOMEM
#: What the system says if there is no place for shared memory, or none for this user.
_NO_PLACE = errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ENOSYS


def available_shared_memory() -> int:
    """Return how many bytes of shared memory can be created now.

    It is the free space of the shared memory file system, and at most `available_memory`. Other
    processes may take it first: only creating a segment reserves it.
    """
    available = available_memory()
    if LISTING.is_dir():
        status = os.statvfs(LISTING)
        available = min(available, status.f_bavail * status.f_frsize)
    return available


def bytes_of_run(run_id: str) -> int:
    """Return the bytes of a run's segments; 0 where the system does not list them."""
    total = 0
    for name in list_segments():
        if name.run_id == run_id:
            with suppress(OSError):
                total += (LISTING / name.text).stat().st_size
    return total


def unshared_bytes(pids: Iterable[int]) -> int:
    """Return the memory of processes now, without what they share; 0 for those that are gone."""
    total = 0
    for pid in pids:
        with suppress(psutil.Error):
            if pid:
                sizes = psutil.Process(pid).memory_info()
                total += sizes.rss - getattr(sizes, "shared", 0)
    return total


def available_memory() -> int:
    """Return how many bytes of memory processes can take now.

    It is the available memory of the machine, and at most what the limits of this process's control
    groups leave.
    """
    available = int(psutil.virtual_memory().available)
    left = memory_left()
    return available if left is None else min(available, left)


def refused(error: OSError, what: str, size: int) -> OSError | NoSpace | Unavailable:
    """Return what to raise for the system's refusal to create ``what``, of ``size`` bytes.

    It is the error itself if that is about something else, such as too many open files.
    """
    if error.errno in _FULL:
        return NoSpace(what, size, available_shared_memory())
    if error.errno in _NO_PLACE:
        return Unavailable(what, str(LISTING), error.strerror or str(error))
    return error

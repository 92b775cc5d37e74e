"""How much shared memory there is."""

import os

import psutil

from shm.cgroups import memory_left
from shm.names import LISTING


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


def available_memory() -> int:
    """Return how many bytes of memory processes can take now.

    It is the available memory of the machine, and at most what the limits of this process's control
    groups leave.
    """
    available = int(psutil.virtual_memory().available)
    left = memory_left()
    return available if left is None else min(available, left)

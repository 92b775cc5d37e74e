"""How much shared memory there is."""

import os
from pathlib import Path

import psutil

from shm.names import LISTING

_CGROUP = Path("/sys/fs/cgroup")


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

    It is the available memory of the machine, and at most the rest of the container's memory limit
    (file cache counts as free).
    """
    available = int(psutil.virtual_memory().available)
    limit = _left_by_container()
    return available if limit is None else max(0, min(available, limit))


def _left_by_container() -> int | None:
    """Return the bytes that the control group (version 2) leaves; None without a limit."""
    try:
        limit = (_CGROUP / "memory.max").read_text().strip()
        if limit == "max":
            return None
        used = int((_CGROUP / "memory.current").read_text())
        lines = (_CGROUP / "memory.stat").read_text().splitlines()
    except OSError:
        return None
    stat = dict(line.split() for line in lines)
    return int(limit) - used + int(stat["inactive_file"]) + int(stat["active_file"])

"""How much shared memory there is."""

import os
from pathlib import Path

import psutil

from shm.names import LISTING

_CGROUP = Path("/sys/fs/cgroup")


def available_shared_memory() -> int:
    """Return how many bytes of shared memory can be created now.

    It is the least of three numbers: the free space of the shared memory file system, the available
    memory of the machine, and the rest of the container's memory limit (file cache counts as free).
    Other processes may take it first: only creating a segment reserves it.
    """
    available = int(psutil.virtual_memory().available)
    if LISTING.is_dir():
        status = os.statvfs(LISTING)
        available = min(available, status.f_bavail * status.f_frsize)
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

"""How much shared memory there is."""

import os
from pathlib import Path

import psutil

from shm.names import LISTING

_CGROUP = Path("/sys/fs/cgroup")


def available_shared_memory() -> int:
    """Return how many bytes of shared memory can be created now.

    It is the least of what the shared memory file system has free, what the machine has available
    and what the container's memory limit leaves (file cache counts as free). Others may take it
    before you do: creation is what really reserves it.
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

"""The peak resident memory of this process."""

import sys
from pathlib import Path

import psutil


def peak_memory_bytes() -> int:
    """Return the most bytes of memory this process has had resident at once.

    Pages of shared memory that the process touched are included. The number is read from /proc if
    there is one, because after an exec getrusage still counts the memory of the parent.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return _peak_without_proc()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def _peak_without_proc() -> int:
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

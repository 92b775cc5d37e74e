"""The peak resident memory of this process."""

import sys
from pathlib import Path

import psutil


def peak_memory_bytes() -> int:
    """Return the most bytes of memory this process has had resident at once.

    From /proc where there is one: getrusage counts, after an exec, what the parent had. Pages of
    shared memory that the process touched are included.
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

"""How many processors this process may keep busy, and how busy all programs keep them."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from shm.cgroups import processor_quota


@dataclass(frozen=True, slots=True)
class Processors:
    """The processors that a process may use, and those that the machine has."""

    usable: int
    machine: int
    #: What keeps the process from using all of them, in words; "" if it may.
    limited_by: str


def usable_processors() -> Processors:
    """Return how many processors this process may keep busy, at least 1.

    These are the whole ones within its affinity and the quota of its control groups.
    """
    machine = os.cpu_count() or 1
    affinity = getattr(os, "sched_getaffinity", None)
    allowed = len(affinity(0)) if affinity else machine
    quota = processor_quota()
    if quota is not None and int(quota) < allowed:
        limit = f"a quota of {quota:g} processors (control group)"
        return Processors(max(1, int(quota)), machine, limit)
    return Processors(allowed, machine, "its affinity" if allowed < machine else "")


@dataclass
class BusyLook:
    """The processor time that all programs take from now on, of the processors usable here."""

    _processors: int = field(default_factory=lambda: usable_processors().usable)
    _began: int = field(default_factory=time.monotonic_ns)
    _idle: int | None = field(default_factory=lambda: _idle_ns())

    def taken_ns(self) -> int:
        """Return the ns that they have taken; 0 if the system does not tell (/proc/stat)."""
        idle = _idle_ns()
        if idle is None or self._idle is None:
            return 0
        spent = self._processors * (time.monotonic_ns() - self._began)
        return max(0, spent - (idle - self._idle))


def _idle_ns(file: Path = Path("/proc/stat")) -> int | None:
    """Return for how long the processors that this process may use were idle since the start."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    ticks = found = 0
    with suppress(OSError, ValueError, IndexError):
        for line in file.read_text().splitlines():
            name, *values = line.split()
            if name.startswith("cpu") and name[3:] and int(name[3:]) in allowed:
                # idle and, behind it, idle while a disk is waited for
                ticks += int(values[3]) + int(values[4])
                found += 1
    return ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK") if found else None

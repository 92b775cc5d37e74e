"""How many processors this process may keep busy."""

import os
from dataclasses import dataclass

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

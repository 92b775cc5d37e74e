"""Measures the memory of a sweep: that of all its processes, with shared pages counted once."""

import contextlib
import time
from collections.abc import Mapping

import psutil

from pipeline.runner.crew import Crew
from pipeline.stages.facts import RunFacts

#: The least time between two measurements: so many seconds, and so many times as long as the last
#: measurement took, because it takes processor time from the engines.
_EVERY_SECONDS, _EVERY_TIMES = 0.2, 15


class TreeMemory:
    """The most memory that this process and its descendants have taken together so far.

    On Linux a page that several processes map counts once, by proportional set sizes. Other systems
    only have unique set sizes, so that shared pages do not count.

    A process that ends between two measurements reports its own memory (`ended`). Shared pages then
    count as at the last measurement.
    """

    def __init__(self) -> None:
        self.peak = 0
        self._next = 0.0
        self._unique: dict[int, int] = {}  # by process id
        self._shared = 0

    def sample(self, *, now: bool = False) -> None:
        """Measure if enough time has passed since the last measurement, or if ``now`` is set."""
        clock = time.monotonic()
        if not now and clock < self._next:
            return
        own = psutil.Process()
        self._unique, total = {}, 0
        for process in [own, *own.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                sizes = process.memory_full_info()
                total += getattr(sizes, "pss", None) or sizes.uss
                self._unique[process.pid] = sizes.uss
        self._shared = total - sum(self._unique.values())
        self.peak = max(self.peak, total)
        taken = time.monotonic() - clock
        self._next = clock + max(_EVERY_SECONDS, _EVERY_TIMES * taken)

    def end(self, crew: Crew, facts: RunFacts) -> None:
        """Measure a last time, with what the members of a crew have said of themselves."""
        self.ended(
            {
                member.pid: one.memory
                for member, one in zip(crew.members(), facts.members, strict=True)
                if one is not None
            }
        )
        self.sample(now=True)

    def ended(self, sizes: Mapping[int, tuple[int, int]]) -> None:
        """Count processes that have ended since the last measurement.

        ``sizes`` has, by process id, the bytes that each had to itself in the end, and those that
        it shared. All share the same pages, so only the largest share counts.
        """
        own = psutil.Process()
        there = self._unique | {own.pid: own.memory_full_info().uss}
        there |= {pid: unique for pid, (unique, _) in sizes.items()}
        shared = max(self._shared, *(shared for _, shared in sizes.values()), 0)
        self.peak = max(self.peak, shared + sum(there.values()))

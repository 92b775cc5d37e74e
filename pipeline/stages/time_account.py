"""What a process of a run does with its wall time.

::

    busy      it works on a slot
    starved   it waits for the stage before: a reader for a slot, the coordinator for its clock
    blocked   it waits for room, or for the stages after it: the coordinator for a free slot, an
              engine for the other engines that its lanes are compared with

An account begins when the tape begins, and ends with the last slot of its process. Every moment in
between is in exactly one of the three, so they add up to the wall time. They are counters of the
process's row of the stats block, in ns. ``processor_ns`` beside them is the processor time that the
process took meanwhile: where it is less than the busy time, the process had to wait for a
processor, or for a disk.
"""

import time

from pipeline.stages.metrics import PerformanceMetrics

_now = time.monotonic_ns


class TimeAccount:
    """Keeps the account of one process, in the row that ``metrics`` writes.

    Each method but `begin` says what the process did since the call before.
    """

    def __init__(self, metrics: PerformanceMetrics) -> None:
        self._count = metrics.count
        self._record_wait = metrics.record_wait
        self._mark = 0
        self._processor = time.process_time_ns()
        self._away = 0

    def begin(self, at: int) -> None:
        """Begin the account at a time of the monotonic clock, in ns, unless it has begun."""
        if not self._mark:
            self._mark = at

    def busy(self) -> None:
        """The process worked, apart from the time that it `was_away`."""
        spent = self._spent()
        away, self._away = min(self._away, spent), 0
        self._count("busy_ns", spent - away)
        self._count("blocked_ns", away)
        processor = time.process_time_ns()
        self._count("processor_ns", processor - self._processor)
        self._processor = processor

    def was_away(self, ns: int) -> None:
        """Note that ``ns`` of the work under way were a wait for the stages after."""
        self._away += ns

    def starved(self, *, at_edge: bool = True) -> None:
        """The process waited for the stage before; ``at_edge``: for a slot, so it is a wait."""
        spent = self._spent()
        self._count("starved_ns", spent)
        if at_edge:
            self._record_wait(spent)

    def blocked(self) -> int:
        """The process waited for a free slot; return for how many ns."""
        spent = self._spent()
        self._count("blocked_ns", spent)
        self._record_wait(spent)
        return spent

    def _spent(self) -> int:
        mark, self._mark = self._mark, _now()
        return self._mark - mark

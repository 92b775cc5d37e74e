"""How much memory a sweep takes: all its processes, pages they share counted once."""

import contextlib
import time
from collections.abc import Mapping

import psutil

#: Between two measurements, and how much longer than one took, for it takes the engines' time.
_EVERY_SECONDS, _EVERY_TIMES = 0.2, 15


class TreeMemory:
    """The most memory that this process and its descendants have taken together so far.

    A page that several processes map counts once: by proportional set sizes, where the system has
    them (Linux); elsewhere by unique ones, without what is shared.

    Processes that end between two measurements are counted with what they had to themselves then
    (`ended`), and what was shared at the last one.
    """

    def __init__(self) -> None:
        self.peak = 0
        self._next = 0.0
        self._unique: dict[int, int] = {}  # by process id
        self._shared = 0

    def sample(self, *, now: bool = False) -> None:
        """Measure, if some time has passed since the last measurement or it must be ``now``."""
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

    def ended(self, sizes: Mapping[int, tuple[int, int]]) -> None:
        """Count processes that have ended since the last measurement, by process id.

        ``sizes``: the bytes that each had to itself in the end, and those that it shared. They
        share the same with each other: the most that one of them did counts, once.
        """
        own = psutil.Process()
        there = self._unique | {own.pid: own.memory_full_info().uss}
        there |= {pid: unique for pid, (unique, _) in sizes.items()}
        shared = max(self._shared, *(shared for _, shared in sizes.values()), 0)
        self.peak = max(self.peak, shared + sum(there.values()))

"""How much memory a sweep takes: all its processes, pages they share counted once."""

import contextlib
import time

import psutil

#: Between two measurements, and how much longer than one took, for it takes the engines' time.
_EVERY_SECONDS, _EVERY_TIMES = 0.2, 15


class TreeMemory:
    """The most memory that this process and its descendants have taken together so far.

    A page that several processes map counts once: by proportional set sizes, where the system has
    them (Linux); elsewhere by unique ones, without what is shared.
    """

    def __init__(self) -> None:
        self.peak = 0
        self._next = 0.0

    def sample(self, *, now: bool = False) -> None:
        """Measure, if some time has passed since the last measurement or it must be ``now``."""
        clock = time.monotonic()
        if not now and clock < self._next:
            return
        own = psutil.Process()
        total = 0
        for process in [own, *own.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                sizes = process.memory_full_info()
                total += getattr(sizes, "pss", None) or sizes.uss
        self.peak = max(self.peak, total)
        taken = time.monotonic() - clock
        self._next = clock + max(_EVERY_SECONDS, _EVERY_TIMES * taken)

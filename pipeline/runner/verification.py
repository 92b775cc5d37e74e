"""How far the verification of a catalog is, told to a user who waits for it.

A file of bars that has changed since a run of this user last read it is read whole and hashed
(`market.catalog.verified`). For a large catalog that was copied, that takes minutes.
"""

from collections.abc import Callable

from pipeline.runner.progress import Progress

#: What is over before that is not worth a word.
PATIENCE_SECONDS = 1.0
_AGAIN_SECONDS = 0.1


class Verification:
    """Makes Progress of the series that are verified, once that has taken a while.

    ``progress`` is called with it; None for nobody. ``clock`` gives seconds.
    """

    def __init__(
        self, progress: Callable[[Progress], None] | None, clock: Callable[[], float]
    ) -> None:
        self._progress = progress
        self._clock = clock
        self._next: float | None = None

    def tell(self, number: int, count: int) -> None:
        """Note that the series of a number, from 1, of so many is about to be verified."""
        now = self._clock()
        if self._next is None:
            self._next = now + PATIENCE_SECONDS
        if self._progress is None or now < self._next:
            return
        self._next = now + _AGAIN_SECONDS
        words = f"{number:,} of {count:,} series"
        self._progress(Progress(None, 0, 0, 0, 0, 0.0, verifying=words))

"""How far the work before a run is, told to a user who waits for it.

A file of bars that has changed since a run of this user last read it is read whole and hashed
(`market.catalog.verified`). For a large catalog that was copied, that takes minutes, as does the
import of much data that a caller gives.
"""

from collections.abc import Callable

#: What is over before that is not worth a word.
PATIENCE_SECONDS = 1.0
_AGAIN_SECONDS = 0.1


class Patience:
    """Says how far some work is, once that has taken a while, and then not too often.

    ``say`` is called with words such as "3 of 40 series". ``clock`` gives seconds.
    """

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._say = say
        self._clock = clock
        self._next: float | None = None

    def tell(self, words: str) -> None:
        """Note how far the work is."""
        now = self._clock()
        if self._next is None:
            self._next = now + PATIENCE_SECONDS
        if now >= self._next:
            self._next = now + _AGAIN_SECONDS
            self._say(words)


class Verification:
    """Says how many series are verified, once that has taken a while."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._patience = Patience(say, clock)

    def tell(self, number: int, count: int) -> None:
        """Note that the series of a number, from 1, of so many is about to be verified."""
        self._patience.tell(f"{number:,} of {count:,} series")

"""Consistent copies of what one writer changes, without ever making it wait.

The writer makes a version odd, changes the cells, and makes it even. A reader copies the cells
between two looks at the version, and repeats if it was odd or has changed. Four fences pair up:

- writer, after "odd", pairs with reader, before its second look: a reader that copied any cell of
  a change sees at least "odd" then; forbids that the cells' stores pass the store of "odd";
- writer, before "even", pairs with reader, after its first look: a reader that saw "even" copies
  cells at least as new; forbids that the cells' stores fall behind the store of "even".
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")

# Longer than one change takes, also of a writer that the system has put to sleep in the middle.
PATIENCE_SECONDS = 0.2
# Longer than a reader needs to find a gap between the changes of a writer that never rests.
PERSISTENCE_SECONDS = 5.0

_lock = threading.Lock()


def fence() -> None:
    """Keep all earlier loads and stores of this thread before all later ones, on any processor.

    Releasing a lock is a barrier to what came before it, acquiring one to what comes after: a
    release followed by an acquire is a barrier to both. The lock itself protects nothing.
    """
    with _lock:
        pass
    with _lock:
        pass


class Cells(Protocol):
    """Whole numbers by index, such as a memoryview of int64."""

    def __getitem__(self, index: int, /) -> int: ...

    def __setitem__(self, index: int, value: int, /) -> None: ...


class SeqLock:
    """The version of some cells; the first of `cell` is one int64 that their writer owns.

    The writer changes the cells inside `with seqlock:`; readers use `read`. The 8 bytes of one
    aligned cell are stored and loaded at once by any processor CPython runs on, so single cells
    need none.
    """

    __slots__ = ("_cell",)

    def __init__(self, cell: Cells) -> None:
        self._cell = cell

    def __enter__(self) -> None:
        self._cell[0] |= 1
        fence()

    def __exit__(self, *_: object) -> None:
        fence()
        self._cell[0] += 1

    def read(self, copy: Callable[[], T]) -> tuple[T, bool]:
        """Return what `copy` returns, and whether it is one consistent state.

        It is not where one change did not end for 0.2 s: its writer was killed amid it. Nor where
        the writer changes so fast that no attempt of 5 s found it at rest.
        """
        started = changed = time.monotonic()
        last = self._cell[0]
        while True:
            before = self._cell[0]
            fence()
            result = copy()
            fence()
            if before % 2 == 0 and self._cell[0] == before:
                return result, True
            now = time.monotonic()
            if before != last:
                last, changed = before, now
            if now > changed + PATIENCE_SECONDS or now > started + PERSISTENCE_SECONDS:
                return result, False
            time.sleep(0)

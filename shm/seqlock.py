"""Consistent copies of cells that one writer changes, without making the writer wait.

The writer makes a version odd, changes the cells, and makes it even. A reader copies the cells
between two looks at the version, and repeats if it was odd or has changed. Four fences pair up:

- writer, after "odd", pairs with reader, before its second look: a reader that copied any cell of
  a change sees at least "odd" then; forbids that the cells' stores pass the store of "odd";
- writer, before "even", pairs with reader, after its first look: a reader that saw "even" copies
  cells that are at least as new; forbids that the cells' stores come after the store of "even".
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")

# Longer than one change takes, even if the system puts the writer to sleep in the middle.
PATIENCE_SECONDS = 0.2
# Longer than a reader needs to find a gap between changes that follow each other closely.
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
    """The version of some cells: the first number of `cell`, an int64 that their writer owns.

    The writer changes the cells inside `with seqlock:`; readers use `read`. A single aligned cell
    of 8 bytes needs no version: every processor that CPython runs on stores and loads it at once.
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
        """Return the result of `copy`, and whether it is one consistent state.

        The state may be inconsistent for two reasons. A change has not ended for 0.2 s, because its
        writer was killed in the middle of it. Or the changes follow each other so closely that no
        attempt within 5 s fell between two of them.
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

"""Python's collector of garbage, where it could only waste time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector from looking for garbage while the block, or the function, lasts.

    It is for code that makes a great many objects that live on: a compiler, the lanes of a sweep.
    To look through them all over again would take a twentieth to a sixth of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

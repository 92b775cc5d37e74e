"""Ctrl-C, SIGTERM and SIGHUP wait while something is made that must be freed."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.stages.ending_signals import ENDING


@contextmanager
def signals_held() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP come at the end of the block.

    An exception between the making of a thing and the note of who frees it would leave it behind.
    Only the main thread gets such exceptions; in others the block is as without this.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    handlers = {number: signal.getsignal(number) for number in ENDING}
    ours = {number: one for number, one in handlers.items() if one is not None}
    for number in ours:
        signal.signal(number, lambda number, _: held.append(number))
    try:
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
        if held:
            signal.raise_signal(held[0])

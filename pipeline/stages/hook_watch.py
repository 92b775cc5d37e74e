"""Notices, in an engine's process, a hook that does not return, and tells the supervisor its place.

A thread looks at the lane at work about once a second. It can do so while a hook never returns: an
interpreted one gives way to other threads, and compiled code runs without the interpreter's lock.

    thread      the call that is under way, twice the same  ->  place and time in its own cell
    supervisor  the cells of all members                    ->  a line for the user
"""

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from pipeline.lane.lane import Lane
from shm.control import Member

_LOOK_SECONDS = 0.5
#: How long a call may last before the supervisor is told.
PATIENCE_SECONDS = 5.0


@contextmanager
def watching(
    at_work: Callable[[], Lane | None],
    member: Member,
    *,
    look: float = _LOOK_SECONDS,
    patience: float = PATIENCE_SECONDS,
) -> Iterator[None]:
    """Watch, while the block lasts, the hooks that this thread calls for the lane ``at_work``.

    A thread looks every ``look`` seconds. A call that lasts longer than ``patience`` seconds is
    written into the cell of ``member``, and removed there when it has returned.
    """
    over = threading.Event()
    watch = _Watch(at_work, member, threading.get_ident(), round(patience * 1e9))

    def run() -> None:
        while not over.wait(look):
            watch.look(time.monotonic_ns())

    thread = threading.Thread(target=run, name="hook watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class _Watch:
    def __init__(
        self, at_work: Callable[[], Lane | None], member: Member, thread: int, patience: int
    ) -> None:
        self._at_work = at_work
        self._member = member
        self._thread = thread
        self._patience = patience
        self._mark: object = None
        self._since = 0
        self._told = False

    def look(self, now: int) -> None:
        """Look at the call that is under way at ``now``, in ns of the monotonic clock."""
        mark, place = self._call() or (None, "")
        if mark is None or mark != self._mark:
            self._mark, self._since = mark, now
            if self._told:
                self._member.note_stuck("", 0)
            self._told = False
        elif not self._told and now - self._since >= self._patience:
            self._member.note_stuck(place, self._since)
            self._told = True

    def _call(self) -> tuple[object, str] | None:
        lane = self._at_work()
        if lane is None or self._member.prepares:
            return None
        return lane.call_under_way(_frame_of(self._thread))


def _frame_of(thread: int) -> FrameType | None:
    """Return where a thread is now.

    Python 3.11 holds a lock while it makes the dictionary of all threads' frames. A garbage
    collection that began meanwhile would wait for that lock for ever.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return sys._current_frames().get(thread)
    finally:
        if collects:
            gc.enable()

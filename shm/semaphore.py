"""A named semaphore: its name tells run and owner, and its owner removes it explicitly.

`multiprocess.Semaphore` picks a random name and removes it when it is garbage-collected. This class
differs in these two points, and inherits the way in which a semaphore passes to children.

macOS cannot wait for a semaphore for a limited time. There `multiprocess` asks again after 1 ms,
and then after longer and longer pauses of up to 20 ms, for which every hand-over of a run would
wait. So the asking is done here, with shorter pauses.
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from multiprocess import synchronize

from shm.errors import NameTaken
from shm.names import shared_name
from shm.space import refused
from shm.tracking import forget, track

#: The pauses between two questions for a token, where the system cannot wait for a limited time.
_FIRST_PAUSE_SECONDS = 20e-6
_LONGEST_PAUSE_SECONDS = 1e-3


class NamedSemaphore(synchronize.Semaphore):  # type: ignore[misc]  # multiprocess has no types
    """A counting semaphore `rt-<run_id>-<this pid>-<kind>` that starts with `value` tokens.

    Passes to children of "spawn" and "forkserver" contexts, which open it by name. Raises
    NameTaken, NoSpace, Unavailable, and ValueError for a bad run id or kind.
    """

    def __init__(self, run_id: str, kind: str, value: int) -> None:
        self.name = shared_name(run_id, kind)
        self._owner_pid: int | None = os.getpid()
        self._is_fork_ctx = False
        try:
            self._semlock = synchronize._multiprocessing.SemLock(
                synchronize.SEMAPHORE, value, synchronize.SEM_VALUE_MAX, f"/{self.name}", False
            )
        except FileExistsError:
            raise NameTaken(self.name) from None
        except OSError as error:
            raise refused(error, f"semaphore {self.name!r}", 32) from None
        self._make_methods()
        track(f"/{self.name}", "semaphore")

    def _make_methods(self) -> None:
        """Bind what takes and gives tokens to the semaphore of the system.

        ``acquire_within(seconds)`` takes a token, waiting at most so long for it, and returns
        whether it has taken one.
        """
        super()._make_methods()
        flags = synchronize._multiprocessing.flags
        self.acquire_within: Callable[[float], bool]
        if sys.platform == "win32" or "HAVE_SEM_TIMEDWAIT" in flags:
            self.acquire_within = partial(self._semlock.acquire, True)
        else:
            self.acquire_within = partial(_ask_again, self._semlock)

    def unlink(self) -> None:
        """Remove the name (owner only). Doing it again does nothing.

        Processes that have the semaphore open go on using it.
        """
        if self._owner_pid != os.getpid():
            return
        self._owner_pid = None
        if sys.platform == "win32":
            return
        with contextlib.suppress(FileNotFoundError):  # it was removed from outside
            synchronize.sem_unlink(f"/{self.name}")
        forget(f"/{self.name}", "semaphore")

    def __setstate__(self, state: tuple[object, ...]) -> None:
        super().__setstate__(state)
        self.name = str(state[-1]).removeprefix("/")
        self._owner_pid = None


def _ask_again(semaphore: Any, seconds: float) -> bool:
    """Take a token of the system's semaphore; ask for it until the time is over."""
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE_SECONDS
    while not semaphore.acquire(False):
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
    return True

"""A named semaphore: its name tells run and owner, and its owner removes it explicitly.

`multiprocess.Semaphore` picks a random name and removes it when it is garbage-collected. This class
differs in these two points, and inherits the way in which a semaphore passes to children.
"""

import contextlib
import os
import sys

from multiprocess import synchronize

from shm.errors import NameTaken
from shm.names import shared_name
from shm.space import refused
from shm.tracking import forget, track


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

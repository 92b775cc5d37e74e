"""A gate: tokens from one producer to one consumer, and nothing else.

::

    producer -- signal_ready() --> [ tokens: a named semaphore ] -- wait_until_ready() --> consumer

Memory: `signal_ready` (sem_post) pairs with the `wait_until_ready` (sem_wait) that takes its token;
whatever the producer stored before is seen by the consumer after, on any processor (POSIX, XBD
4.12, lists both among the functions that synchronize memory).

A wait blocks in the semaphore itself, in slices of 50 ms; between slices it looks at the control
page's abort flag and at the life of the parent process. A token that is there is taken without
either.
"""

import time
from typing import NoReturn

from multiprocess import parent_process

from shm.closing import Closing
from shm.control import ControlPage
from shm.errors import Closed, Dismissed, PeerDied, WaitTimeout
from shm.semaphore import NamedSemaphore

SLICE_SECONDS = 0.05


class Gate(Closing):
    """Tokens from `producer` to `consumer` (names for messages); `initial` are there at first.

    Its semaphore is `rt-<run_id>-<this pid>-<kind>`; `kind` is unique in the run. `control` is the
    page whose abort flag ends a wait. Gates pass to children in the arguments of a Process; a
    child's gate shares the child's one copy of `control` if both are in the same arguments.

    The creator removes the name in `close()` or `with`, or earlier by `unlink()`.
    Raises NameTaken, NoSpace, and ValueError for a bad run id, kind or initial count.
    """

    __slots__ = ("_acquire", "_control", "_release", "_semaphore", "consumer", "kind", "producer")

    def __init__(
        self,
        run_id: str,
        kind: str,
        *,
        producer: str,
        consumer: str,
        initial: int = 0,
        control: ControlPage | None = None,
    ) -> None:
        if initial < 0:
            raise ValueError(f"initial count of gate {kind!r} must not be negative, was {initial}")
        self._set_up(NamedSemaphore(run_id, kind, initial), kind, producer, consumer, control)

    def _set_up(
        self,
        semaphore: NamedSemaphore,
        kind: str,
        producer: str,
        consumer: str,
        control: ControlPage | None,
    ) -> None:
        self.kind = kind
        self.producer = producer
        self.consumer = consumer
        self._control = control
        self._semaphore: NamedSemaphore | None = semaphore
        self._acquire = semaphore.acquire
        self._release = semaphore.release

    def signal_ready(self) -> None:
        """Give one token to the consumer; never waits. Producer only."""
        self._release()

    def wait_until_ready(self, timeout: float | None = None) -> None:
        """Take one token, waiting for it at most `timeout` seconds. Consumer only.

        Raises Aborted, PeerDied or, where the run goes on without the producer, Dismissed within
        50 ms of the event, WaitTimeout when the time is over; all of them take no token.
        """
        if self._acquire(False):
            return
        self._wait_in_slices(timeout)

    def poll(self) -> bool:
        """Take one token if there is one, and say whether there was. Never waits. Consumer only."""
        return bool(self._acquire(False))

    def drain(self) -> int:
        """Take all tokens there are and return how many there were. Never waits. Consumer only."""
        count = 0
        while self._acquire(False):
            count += 1
        return count

    def unlink(self) -> None:
        """Remove the semaphore's name once every child has been started and has it open.

        From then on not even the sudden end of all processes leaves it behind; the gate goes on
        working where it is open, and cannot be passed to further children. Owner only.
        """
        if self._semaphore is not None:
            self._semaphore.unlink()

    def close(self) -> None:
        """Remove the name (owner only) and let go of the semaphore. Closing again does nothing."""
        semaphore, self._semaphore = self._semaphore, None
        if semaphore is not None:
            semaphore.unlink()
            self._control = None
            self._acquire = self._release = self._refuse

    def __getstate__(self) -> tuple[object, ...]:
        if self._semaphore is None:
            raise Closed(str(self))
        return self._semaphore, self.kind, self.producer, self.consumer, self._control

    def __setstate__(self, state: tuple[NamedSemaphore, str, str, str, ControlPage | None]) -> None:
        self._set_up(*state)

    def __repr__(self) -> str:
        return f"gate {self.kind!r} from {self.producer} to {self.consumer}"

    def _wait_in_slices(self, timeout: float | None) -> None:
        started = time.monotonic()
        left = SLICE_SECONDS
        while True:
            if timeout is not None:
                left = min(SLICE_SECONDS, started + timeout - time.monotonic())
            if left > 0 and self._acquire(True, left):
                return
            self._look_around()
            if self._control is not None and self._control.is_dismissed(self.producer):
                # Its last token may have come since this slice was over.
                if self._acquire(False):
                    return
                raise Dismissed(str(self), self.producer)
            if left <= 0:
                raise WaitTimeout(str(self), self.producer, time.monotonic() - started)

    def _look_around(self) -> None:
        """Raise Aborted or PeerDied where there is no point in waiting on."""
        if self._control is not None:
            self._control.check()
        parent = parent_process()
        if parent is not None and not parent.is_alive():
            raise PeerDied(f"the parent process of {self.consumer}", parent.pid)

    def _refuse(self, *_: object) -> NoReturn:
        raise Closed(str(self))

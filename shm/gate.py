"""A gate: tokens from one producer to one consumer, and nothing else.

::

    producer -- signal_ready() --> [ tokens: a named semaphore ] -- wait_until_ready() --> consumer

Memory: `signal_ready` (sem_post) pairs with the `wait_until_ready` (sem_wait) that takes its token.
Everything that the producer stored before its signal is visible to the consumer after the wait, on
any processor (POSIX, XBD 4.12, lists both among the functions that synchronize memory).

A wait blocks in the semaphore itself, in slices of 50 ms. Where the system cannot wait for a
limited time (macOS), it asks for a token again and again instead. Between slices it looks at the
control page's abort flag and checks that the parent process is alive. If a token is there already,
the wait takes it at once and looks at neither.
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
    """Tokens from the role `producer` to the role `consumer`, `initial` of them from the start.

    The semaphore is named `rt-<run_id>-<this pid>-<kind>`; `kind` is unique in the run. `control`
    is the page whose abort flag ends a wait. Gates pass to children in the arguments of a Process.
    A child's gate shares the child's one copy of `control` if both are in the same arguments.

    The creator removes the name in `close()` or `with`, or earlier by `unlink()`.
    Raises NameTaken, NoSpace, Unavailable, and ValueError for a bad run id, kind or initial count.
    """

    __slots__ = (
        "_acquire",
        "_acquire_within",
        "_control",
        "_release",
        "_semaphore",
        "consumer",
        "kind",
        "producer",
    )

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
        self._acquire_within = semaphore.acquire_within
        self._release = semaphore.release

    def signal_ready(self) -> None:
        """Give one token to the consumer; never waits. Producer only."""
        self._release()

    def wait_until_ready(self, timeout: float | None = None) -> None:
        """Take one token, waiting for it at most `timeout` seconds. Consumer only.

        Raises Aborted, PeerDied, or Dismissed if the run goes on without the producer, each within
        50 ms of the event, and WaitTimeout when the time is over. None of them takes a token.
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

        Afterwards even the sudden end of all processes leaves no name behind. The gate goes on
        working in the processes that have it open, but cannot be passed to further children. Owner
        only.
        """
        if self._semaphore is not None:
            self._semaphore.unlink()

    def close(self) -> None:
        """Remove the name (owner only) and let go of the semaphore. Closing again does nothing."""
        semaphore, self._semaphore = self._semaphore, None
        if semaphore is not None:
            semaphore.unlink()
            self._control = None
            self._acquire = self._acquire_within = self._release = self._refuse

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
            if left > 0 and self._acquire_within(left):
                return
            self._look_around()
            if self._control is not None and self._control.is_dismissed(self.producer):
                # The producer's last token may have come after this slice ended.
                if self._acquire(False):
                    return
                raise Dismissed(str(self), self.producer)
            if left <= 0:
                raise WaitTimeout(str(self), self.producer, time.monotonic() - started)

    def _look_around(self) -> None:
        """Raise Aborted or PeerDied if no token can come any more."""
        if self._control is not None:
            self._control.check()
        parent = parent_process()
        if parent is not None and not parent.is_alive():
            raise PeerDied(f"the parent process of {self.consumer}", parent.pid)

    def _refuse(self, *_: object) -> NoReturn:
        raise Closed(str(self))

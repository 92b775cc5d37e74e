"""Work on several things at the same time, in threads."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST: Final = 8
"""So many things are worked on at the same time, at most."""
_STEP: Final = 0.1
"""Seconds of a wait for the other threads, after which a signal is looked for."""


def in_threads(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Return the result of ``work`` for each item, some of which are worked on at the same time.

    The caller's thread works too, and does all where no other thread can be started. Raises the
    error of the first item that has one. Items behind it are not begun, or end where they call
    `check_stopped`. So do all items if the caller is interrupted, as by Ctrl-C.
    """
    crew = _Crew(work, items)
    # Events, because join of a thread may take it for ended once it was interrupted (Python 3.11).
    ends = []
    try:
        with contextlib.suppress(RuntimeError):  # there may be a limit of threads
            for _ in range(1, min(_MOST, os.cpu_count() or 1, len(items))):
                ended = threading.Event()
                threading.Thread(target=crew.help, args=(ended,), daemon=True).start()
                ends.append(ended)
        crew.run()
        _await(ends)
    except BaseException as error:
        crew.stop(error)
        _await(ends)
        raise
    return crew.outcome()


def _await(ends: Sequence[threading.Event]) -> None:
    """Wait in steps, because a signal that comes just before a wait is seen when that is over."""
    for ended in ends:
        while not ended.wait(_STEP):
            pass


def check_stopped() -> None:
    """End the work on an item of `in_threads` whose result is not wanted any more.

    Long work calls it now and then. It does nothing in any other thread.
    """
    crew: _Crew[object, object] | None = getattr(_here, "crew", None)
    if crew is not None and crew.is_stopped(_here.number):
        raise _StoppedError


class _StoppedError(BaseException):
    """The work on an item was ended."""


#: The crew of this thread, and the number of the item that it works on.
_here = threading.local()


class _Crew(Generic[Item, Result]):
    """The threads that work on some items."""

    def __init__(self, work: Callable[[Item], Result], items: Sequence[Item]) -> None:
        self._work, self._items = work, items
        self._results: dict[int, Result] = {}
        self._errors: dict[int, BaseException] = {}
        self._numbers = iter(range(len(items)))
        self._lock = threading.Lock()

    def stop(self, error: BaseException) -> None:
        """End the work on all items."""
        self._errors[-1] = error

    def is_stopped(self, number: int) -> bool:
        """Whether the result of an item is not wanted: one before it failed, or all are to end."""
        return any(
            failed < number or not isinstance(error, Exception)
            for failed, error in list(self._errors.items())
        )

    def help(self, ended: threading.Event) -> None:
        """Work in another thread than the caller's, and tell it the end."""
        try:
            self.run()
        finally:
            ended.set()

    def run(self) -> None:
        """Work on one item after the other."""
        before = getattr(_here, "crew", None), getattr(_here, "number", 0)
        try:
            while True:
                with self._lock:
                    number = next(self._numbers, None)
                if number is None or self._errors:
                    return
                self._do(number)
        finally:
            _here.crew, _here.number = before

    def _do(self, number: int) -> None:
        _here.crew, _here.number = self, number
        try:
            self._results[number] = self._work(self._items[number])
        except _StoppedError:
            pass
        except BaseException as error:  # noqa: BLE001 - the caller's thread raises it
            self._errors[number] = error

    def outcome(self) -> list[Result]:
        """Return the results in the order of the items, or raise the first error."""
        interrupted = [one for one in self._errors.values() if not isinstance(one, Exception)]
        if interrupted:
            raise interrupted[0]
        if self._errors:
            raise self._errors[min(self._errors)]
        return [self._results[number] for number in range(len(self._items))]

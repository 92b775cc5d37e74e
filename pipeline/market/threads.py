"""Work on several things at the same time, in threads."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from typing import Final, TypeVar, cast

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST: Final = 8
"""So many things are worked on at the same time, at most."""


def in_threads(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Return the result of ``work`` for each item, some of which are worked on at the same time.

    The caller's thread works too, and does all where no other thread can be started. Raises the
    error of the first item that has one; items that are not begun by then are left out.
    """
    results: list[Result | None] = [None] * len(items)
    errors: dict[int, BaseException] = {}
    numbers = iter(range(len(items)))
    lock = threading.Lock()

    def run() -> None:
        while not errors:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            try:
                results[number] = work(items[number])
            except BaseException as error:  # noqa: BLE001 - the caller's thread raises it
                errors[number] = error

    others = [
        threading.Thread(target=run, name=f"{getattr(work, '__name__', 'work')} {number}")
        for number in range(1, min(_MOST, os.cpu_count() or 1, len(items)))
    ]
    started = []
    with contextlib.suppress(RuntimeError):  # there may be a limit of threads
        for thread in others:
            thread.start()
            started.append(thread)
    run()
    for thread in started:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return cast("list[Result]", results)

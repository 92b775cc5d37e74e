"""The progress of a run or sweep in a notebook: one display that is changed in place.

It needs the package IPython that the kernel runs in, and no widgets. Each change replaces the one
before, so the output of the cell does not grow.
"""

import html
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

#: The least time between two changes: each is a message to the browser.
_EVERY_SECONDS = 0.25

#: Takes a share of the whole, 0 to 1 (None if it is not known), and what is told of it.
Show = Callable[[float | None, str], None]


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    shell = sys.modules.get("IPython")
    current = None if shell is None else shell.get_ipython()
    return getattr(current, "kernel", None) is not None


@contextmanager
def notebook_line() -> Iterator[Show]:
    """Give a function that shows how far it is; after the block the last words stay."""
    display: Any = import_module("IPython.display")  # it has no types
    last: tuple[float | None, str] = (None, "starting")
    handle = display.display(display.HTML(_drawn(*last)), display_id=True)
    shown = 0.0

    def show(share: float | None, words: str) -> None:
        nonlocal shown, last
        last = share, words
        if time.monotonic() - shown >= _EVERY_SECONDS:
            shown = time.monotonic()
            handle.update(display.HTML(_drawn(*last)))

    try:
        yield show
    finally:
        handle.update(display.HTML(_drawn(*last)))


def _drawn(share: float | None, words: str) -> str:
    value = "" if share is None else f' value="{share:.4f}"'
    return f'<progress max="1"{value}></progress> <code>{html.escape(words)}</code>'

"""The progress of a run or a sweep in a notebook: one output of the cell, updated in place.

It is shown through IPython, which a notebook's kernel has loaded, and needs no widgets. A front end
without HTML shows the words alone. The output is emptied when the run is over, as the line of a
terminal disappears, so that a saved notebook holds no bar.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from html import escape
from importlib import import_module
from typing import TypeAlias

#: Takes the share that is done (0 to 1; None: unknown), the words beside the bar, and a line below.
Draw: TypeAlias = Callable[[float | None, Iterable[str], str], None]

_STYLE = "font-family: monospace; white-space: pre-wrap"
_BAR_STYLE = "width: 16em; vertical-align: middle"


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook; nothing is imported."""
    shell_of = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return shell_of is not None and getattr(shell_of(), "kernel", None) is not None


@contextmanager
def notebook_line(first: str) -> Iterator[Draw]:
    """Give a function that draws progress in the cell under way, which begins with a word."""
    shown = _drawn(None, [first], "")
    handle = import_module("IPython.display").display(shown, raw=True, display_id=True)

    def draw(share: float | None, words: Iterable[str], below: str) -> None:
        nonlocal shown
        drawn = _drawn(share, words, below)
        if drawn != shown:
            shown = drawn
            handle.update(drawn, raw=True)

    try:
        yield draw
    finally:
        handle.update({"text/plain": "", "text/html": ""}, raw=True)


def _drawn(share: float | None, words: Iterable[str], below: str) -> dict[str, str]:
    """Return what a cell shows, by its media types."""
    line = "  ".join(word for word in words if word)
    value = "" if share is None else f' value="{min(1.0, max(0.0, share)):.3f}"'
    lines = [f'<progress{value} style="{_BAR_STYLE}"></progress> {escape(line)}']
    if below:
        lines.append(escape(below))
    return {
        "text/plain": "\n".join([line, below] if below else [line]),
        "text/html": f'<div style="{_STYLE}">{"<br>".join(lines)}</div>',
    }

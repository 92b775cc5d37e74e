"""The line on a terminal that says how many of some files are done."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from pipeline.cli.output import shown

_CLEAR = "\r\x1b[2K"


@contextmanager
def counting(word: str) -> Iterator[Callable[[str, int, int], None]]:
    """Give a function that shows a name, its number from 1 and how many there are, on stderr.

    The line is ``word 3 of 40: name``, is drawn over each time, and goes when the block ends. Where
    stderr is no terminal, nothing is shown.
    """
    if not sys.stderr.isatty():
        yield lambda name, number, count: None
        return

    def tell(name: str, number: int, count: int) -> None:
        line = f"{word} {number:,} of {count:,}: {shown(name)}"
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write(f"{_CLEAR}{line[:width]}")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        with suppress(OSError):  # the terminal was closed
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()

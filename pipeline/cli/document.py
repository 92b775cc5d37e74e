"""Keeps stdout for one JSON document: all else that is written there goes to stderr.

A strategy may print, in this process and in those that it starts, which have the same stdout.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

_kept: list[TextIO] = []


@contextmanager
def stdout_kept(wanted: bool) -> Iterator[None]:
    """If ``wanted``, let stdout be stderr while the block lasts, except for `document_stream`."""
    try:
        ours = wanted and sys.stdout.fileno() == 1 and sys.stderr.fileno() == 2
    except (OSError, ValueError, AttributeError):  # there is none, or something stands in for it
        ours = False
    if not ours:
        yield
        return
    before = sys.stdout
    before.flush()
    kept = os.fdopen(os.dup(1), "w", encoding=before.encoding, errors=before.errors)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    _kept.append(kept)
    try:
        yield
    finally:
        _kept.pop()
        sys.stdout = before
        with suppress(OSError):  # the reader has gone
            kept.flush()
        os.dup2(kept.fileno(), 1)
        with suppress(OSError):
            kept.close()


def document_stream() -> TextIO:
    """Return the stream of the JSON document."""
    return _kept[-1] if _kept else sys.stdout

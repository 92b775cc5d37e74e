"""A stream that a run may outlive, as stderr is when its terminal was closed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO


class LastingStream:
    """Passes on what is written, until the other end is closed; from then on it goes nowhere.

    A run that nohup or a shell's ``disown`` keeps from SIGHUP goes on without its terminal. Each
    write to that is an OSError, which must not end the run.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, if anybody is there."""
        with self._nowhere_if_gone():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written, if anybody is there."""
        with self._nowhere_if_gone():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _nowhere_if_gone(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            # What is left in the stream's buffer would fail again when the interpreter ends.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            with suppress(OSError):  # it has no descriptor
                os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

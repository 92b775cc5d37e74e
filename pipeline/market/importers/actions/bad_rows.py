"""The rows of a table of actions that cannot be taken: told all at once, the first ones with words.

Bars have options for such rows, and are counted by kind in a `tally.Tally`. Actions have none: a
split that is left out is a wrong price for ever, so rows must be corrected in the file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pipeline.errors import DataError

_SHOWN: Final = 3
"""So many rows are named."""


class BadRows:
    """The rows of one source that cannot be actions. A row counts once, with its first fault."""

    def __init__(self, label: str, unit: str = "line") -> None:
        """``label`` names the source, ``unit`` is ``line`` or ``row``."""
        self._label = label
        #: What a row is called in messages.
        self.unit = unit
        self._words: dict[int, Callable[[], str]] = {}
        #: The rows of the source that were looked at.
        self.rows = 0

    def __contains__(self, line: int) -> bool:
        """Return whether a row is among them, by its line."""
        return line in self._words

    def place(self, line: int) -> str:
        """Return the place of a row, for messages."""
        return f"{self._label}, {self.unit} {line}"

    def add(self, line: int, words: str | Callable[[], str]) -> None:
        """Count a row, with what is wrong with it; or a function that says it, if it is shown."""
        said = (lambda: words) if isinstance(words, str) else words
        self._words.setdefault(line, said)

    def check(self) -> None:
        """Raise DataError with the first of the rows, if any were added."""
        first = sorted(self._words)[:_SHOWN]
        if not first:
            return
        if len(self._words) == 1:
            raise DataError(f"{self.place(first[0])}: {self._words[first[0]]()}")
        told = ", ".join(f"{self.unit} {line}: {self._words[line]()}" for line in first)
        more = len(self._words) - len(first)
        raise DataError(
            f"{self._label}: {len(self._words):,} of {self.rows:,} rows cannot be taken: {told}"
            f"{f', and {more:,} more' if more else ''}; correct them in the file"
        )

"""The lines of the page: a label on the left, a value beside it, 80 columns in all."""

import textwrap

from pipeline.results.report.figures import UNKNOWN

WIDTH = 80
LABEL = 16
"""Columns of the label, the space behind it included."""


def line(label: str, value: object, *, whole_words: bool = False) -> list[str]:
    """Return a label and its value, wrapped with a hanging indent.

    With `whole_words` a word that is too long stays in one piece and the line becomes wider than
    the page.
    """
    text = UNKNOWN if value is None else str(value)
    first = f"{label:<{LABEL}}"
    return hanging(text, WIDTH, first, " " * LABEL, whole_words=whole_words) or [label]


def hanging(text: str, width: int, first: str, others: str, *, whole_words: bool) -> list[str]:
    """Return a text, wrapped at `width`, behind `first` and in the other lines behind `others`.

    With `whole_words` a line with a word that is too long is wider.
    """
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=not whole_words,
        break_on_hyphens=False,
    )

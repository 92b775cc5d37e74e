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
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"{label:<{LABEL}}",
        subsequent_indent=" " * LABEL,
        break_long_words=not whole_words,
        break_on_hyphens=False,
    ) or [label]

"""Prints the output of commands on stdout: text, tables, or exactly one JSON document."""

import errno
import json
import math
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import PurePath
from typing import Any, TextIO

import click

from pipeline.cli.document import document_stream
from pipeline.codes import DAY_NS
from pipeline.results.report.lines import hanging

#: What the system says if a reader has closed a pipe, and if a terminal was closed.
_GONE = errno.EPIPE, errno.EIO
#: A text that is longer is cut in a table.
LONGEST_TEXT = 40
#: A terminal that is narrower is taken for one of so many columns.
_NARROWEST = 20


class ReaderGoneError(Exception):
    """The reader of stdout has closed it, as `| head -1` does, which is not a failure.

    Nor is it one that a terminal was closed, if the command was told to go on without.
    """


def print_text(text: str) -> None:
    """Write `text` and a line end to stdout, and flush it. ReaderGoneError if it is closed.

    What a terminal would obey in place of showing it is written as an escape.
    """
    _print("\n".join(map(shown, text.split("\n"))), sys.stdout)


def print_json(document: Any) -> None:
    """Write one JSON document to stdout; `json_value` says how values are converted."""
    _print(json.dumps(json_value(document), indent=2, allow_nan=False), document_stream())


def print_json_line(document: Any) -> None:
    """Write one JSON document to stdout as `print_json` does, but in one line."""
    _print(json.dumps(json_value(document), allow_nan=False), document_stream())


def _print(text: str, stream: TextIO) -> None:
    try:
        click.echo(text, stream)
        stream.flush()
    except OSError as error:
        if error.errno not in _GONE:
            raise OSError(error.errno, error.strerror, "standard output") from error
        raise ReaderGoneError from None


def drop_stdout() -> None:
    """Redirect stdout to nowhere after a ReaderGoneError, so that the last flush does not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, document_stream().fileno())
    os.close(nowhere)


def json_value(value: Any) -> Any:
    """Return `value` in terms of JSON.

    NaN and infinities become null, dates ISO text, paths text, and NumPy scalars Python numbers.
    TypeError for any other value that JSON does not know.
    """
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, PurePath):
        return value.as_posix()
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "item"):
        return json_value(value.item())
    raise TypeError(f"a {type(value).__name__} has no place in a JSON document: {value!r}")


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str]) -> str:
    """Return a table of `rows` under `header`; columns named in `right` are right-aligned.

    Columns are two spaces apart. Lines are as long as they need to be, because output that is piped
    must not depend on the width of a terminal. What a terminal would obey in place of showing it is
    written as an escape.
    """
    rows = [[shown(text) for text in row] for row in rows]
    widths = [max(len(row[k]) for row in (header, *rows)) for k in range(len(header))]

    def line(row: Sequence[str]) -> str:
        cells = zip(row, widths, header, strict=True)
        return "  ".join(
            text.rjust(width) if name in right else text.ljust(width) for text, width, name in cells
        ).rstrip()

    return "\n".join(line(row) for row in (header, *rows))


def shown(text: str) -> str:
    """Return a text with control characters and the like as escapes."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def paragraph(text: str) -> str:
    """Return a text as lines of the terminal's width, of which all but the first are indented.

    Where stdout is no terminal it is one line. Words, such as paths, stay whole.
    """
    if not sys.stdout.isatty():
        return text
    width = max(shutil.get_terminal_size().columns, _NARROWEST)
    return "\n".join(hanging(shown(text), width, "", "  ", whole_words=True))


def short_text(text: str) -> str:
    """Return a text as a table has it: cut if it is longer than LONGEST_TEXT."""
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 3]}..."


def utc_texts(moments: Sequence[int]) -> list[str]:
    """Return the ns since 1970 UTC of a column, all of them in one form.

    The form is `2024-03-04` if all are at midnight, else `2024-03-04 14:30:00Z`.
    """
    form = "%Y-%m-%d" if all(ns % DAY_NS == 0 for ns in moments) else "%Y-%m-%d %H:%M:%SZ"
    return [f"{datetime.fromtimestamp(ns // 1_000_000_000, UTC):{form}}" for ns in moments]


def iso_text(ns: int) -> str:
    """Return ns since 1970 UTC in ISO 8601, cut to whole seconds: `2024-03-04T14:30:00Z`."""
    return f"{datetime.fromtimestamp(ns // 1_000_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"

"""What commands print on stdout: text, tables, or exactly one JSON document."""

import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import PurePath
from typing import Any

import click

from pipeline.codes import DAY_NS


class ReaderGoneError(Exception):
    """Whoever read stdout has closed it (`| head -1`): it has what it wants, no failure."""


def print_text(text: str) -> None:
    """Write `text` and a line end to stdout, at once. ReaderGoneError when nobody reads it."""
    try:
        click.echo(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGoneError from None


def print_json(document: Any) -> None:
    """Write one JSON document to stdout; see `json_value` for what becomes of values."""
    print_text(json.dumps(json_value(document), indent=2, allow_nan=False))


def drop_stdout() -> None:
    """Let the interpreter's last flush of stdout go nowhere, after a ReaderGoneError."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def json_value(value: Any) -> Any:
    """Give `value` in terms of JSON.

    Numbers that JSON does not know (NaN, infinities) become null, dates ISO text, paths text, NumPy
    scalars Python ones. TypeError for anything else that JSON does not know.
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
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "item"):
        return json_value(value.item())
    raise TypeError(f"a {type(value).__name__} has no place in a JSON document: {value!r}")


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str]) -> str:
    """Lay out `rows` under `header`, two spaces apart; columns named in `right` are right-aligned.

    Lines are as long as they need to be: what is piped must not depend on a terminal's width.
    """
    widths = [max(len(row[k]) for row in (header, *rows)) for k in range(len(header))]

    def line(row: Sequence[str]) -> str:
        cells = zip(row, widths, header, strict=True)
        return "  ".join(
            text.rjust(width) if name in right else text.ljust(width) for text, width, name in cells
        ).rstrip()

    return "\n".join(line(row) for row in (header, *rows))


def utc_text(ns: int) -> str:
    """Give nanoseconds since 1970 UTC as `2024-03-04 14:30:00Z`, or the date alone at midnight."""
    moment = datetime.fromtimestamp(ns // 1_000_000_000, UTC)
    return f"{moment:%Y-%m-%d}" if ns % DAY_NS == 0 else f"{moment:%Y-%m-%d %H:%M:%S}Z"


def iso_text(ns: int) -> str:
    """Give nanoseconds since 1970 UTC in ISO 8601, cut to whole seconds: `2024-03-04T14:30:00Z`."""
    return f"{datetime.fromtimestamp(ns // 1_000_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"

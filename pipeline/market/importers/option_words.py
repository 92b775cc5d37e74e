"""The options of an import in messages: as a command has them, or as arguments of a function."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pipeline.errors import ConfigError, DataError

#: Options without a value, as arguments.
_FLAGS: Final = {
    "end-stamped": 'stamped="close"',
    "open-stamped": 'stamped="open"',
    "sort": "sort=True",
}
#: Options whose value is one of several words, which is told behind them.
_WORDS: Final = ("bad-rows", "duplicates", "off-grid", "replace")
_OPTION: Final = re.compile(r"--([a-z]+(?:-[a-z]+)*)(?: ([^\s,;()]+(?:,[^\s,;()]+)*))?")
#: A value that is told behind an option: a zone, an interval, a pair of columns, a number.
_VALUE: Final = re.compile(
    r"[A-Z][A-Za-z]*/[\w/+-]+|UTC[+-]?\d*|EST|ZONE|\d+[smhd]|[a-z]+=[^\s]+|\d[\w.-]*"
)


def in_python(text: str) -> str:
    """Return a message with options as arguments: ``--tz Europe/Athens`` as ``tz="..."``.

    Columns become a dict, and an option whose value is not told becomes ``tz=``.
    """
    return _OPTION.sub(_argument, text)


def _argument(found: re.Match[str]) -> str:
    option, word = found[1], found[2] or ""
    behind = f" {word}" if word else ""
    if option in _FLAGS:
        return _FLAGS[option] + behind
    name = option.replace("-", "_")
    if option == "columns" and "=" in word:
        pairs = [pair.partition("=") for pair in word.split(",")]
        columns = ", ".join(f'"{field}": {_column(column)}' for field, _, column in pairs)
        return f"columns={{{columns}}}"
    if option in _WORDS and word:
        return f'{name}="{word}"'
    if _VALUE.fullmatch(word):
        return f"{name}={word}" if option in ("scale", "skip-rows") else f'{name}="{word}"'
    return f"{name}={behind}"


def _column(name: str) -> str:
    bare = name.strip("'\"")
    return bare if bare.isdigit() else f'"{bare}"'


@contextmanager
def told_in_python() -> Iterator[None]:
    """Tell refusals of an import in the words of Python."""
    try:
        yield
    except (DataError, ConfigError) as error:
        told = in_python(str(error))
        if told == str(error):
            raise
        raise type(error)(told) from error

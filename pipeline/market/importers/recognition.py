"""Which layout a delimited text has, by its first lines and its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from pipeline.errors import DataError
from pipeline.market.importers.delimited import GENERIC, DelimitedLayout, plain_symbol
from pipeline.market.importers.fields import cut, names_any_field
from pipeline.market.importers.header import Header, find_header, header_at
from pipeline.market.importers.layouts import LAYOUTS
from pipeline.market.importers.options import Options
from pipeline.market.importers.source import Source
from pipeline.market.importers.text import Text

#: Text that is no table, by the ending of its name and by how it begins.
_OTHER_TEXT: Final = {
    ".py": "Python",
    ".ipynb": "a notebook",
    ".json": "JSON",
    ".toml": "TOML",
    ".md": "Markdown",
    ".html": "HTML",
    ".htm": "HTML",
}
#: Time and message a line, as programs that record feeds write them.
_OF_DAY: Final = re.compile(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?")
_RECORDING: Final = re.compile(rb"(wss?://\S+ <->|\d{9,}\.\d+: [\[{])")
_OTHER_BEGINNINGS: Final = {b"{": "JSON", b"[": "JSON", b"<!doctype": "HTML", b"<html": "HTML"}
_BINARY: Final = {
    b"PK\x03\x04": "a zip archive of another name, or an Excel workbook (save that as CSV)",
    b"\xd0\xcf\x11\xe0": "an Excel workbook (save it as CSV)",
    b"\x89HDF": "HDF5",
    b"SQLite format 3\0": "a SQLite database",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"BZh": "packed by bzip2 (unpack it)",
    b"\xfd7zXZ": "packed by xz (unpack it)",
    b"7z\xbc\xaf": "a 7-Zip archive (unpack it)",
    b"\x1f\x8b": "packed by gzip (unpack it, or name it .gz)",
    b"\x28\xb5\x2f\xfd": "packed by zstd (unpack it)",
}


def delimited_names() -> list[str]:
    """Return the names of all layouts of delimited text, in the order in which they are tried."""
    return list(dict.fromkeys(layout.name for layout in LAYOUTS))


def text_of(source: Source, begin: bytes, options: Options) -> Text:
    """Return the text of a source that begins so. DataError if it is no text, or no table."""
    if not begin.removeprefix(b"\xef\xbb\xbf").strip():
        raise DataError(f"{source.label} is empty")
    _refuse_no_table(source, begin)
    return Text.of(source, begin, options.encoding)


def recognise(source: Source, lines: list[str], options: Options) -> tuple[DelimitedLayout, Header]:
    """Return the layout and the header of a text, from its first lines.

    It is the layout that the user names, else the first that fits. DataError if none fits.
    """
    skip = options.skip_rows
    usual = find_header(lines) if skip is None else header_at(lines, skip)
    if usual.row_cells:
        raise DataError(
            f"{source.label}: the header has {len(usual.cells)} names, the rows {usual.row_cells} "
            "cells; quote numbers that have a comma between thousands, write the file with another "
            "delimiter, or name each column in the header"
        )
    if options.layout is not None:
        return _named(options.layout, source, lines, usual, options)
    for layout in LAYOUTS:
        header = _header(layout, lines, usual, options)
        if layout.recognises(header, source):
            if layout is GENERIC and not options.columns:
                _refuse_other_text(source, header)
            return layout, _named_columns(layout, header)
    if options.columns:
        return GENERIC, usual
    raise DataError(
        f"{source.label} has no header and no known layout; its first line is "
        f"{usual.delimiter.join(map(cut, usual.cells))[:200]!r}; say which column is which, such "
        f"as --columns {_example(usual.cells)}, or name the layout with --layout"
    )


def _example(cells: Sequence[str]) -> str:
    """Return how columns are named by position, of ticks in lines that are too short for bars."""
    apart = len(cells) > 1 and _OF_DAY.fullmatch(cells[1]) is not None
    times = ("date", "time") if apart else ("ts",)
    prices = ("open", "high", "low", "close", "volume")
    short = len(cells) < len(times) + len(prices) - 1
    fields = (*times, *(("price", "size") if short else prices))[: len(cells)]
    return ",".join(f"{field}={at}" for at, field in enumerate(fields, start=1))


def _refuse_other_text(source: Source, header: Header) -> None:
    """Refuse text whose first line is no header: a few words, or a title."""
    filled = sum(map(bool, header.cells))
    if (len(header.cells) < 4 or filled < 2) and not names_any_field(header.names):
        raise DataError(
            f"{source.label} has no table of bars or ticks at its top; its first line is "
            f"{cut(header.delimiter.join(header.cells))!r}; leave it out of the folder, or say how "
            "many lines stand above its table with --skip-rows"
        )


def _named(
    name: str, source: Source, lines: list[str], usual: Header, options: Options
) -> tuple[DelimitedLayout, Header]:
    headed = [(layout, _header(layout, lines, usual, options)) for layout in layouts_of(name)]
    fitting = next((pair for pair in headed if pair[0].recognises(pair[1], source)), None)
    layout, header = fitting or headed[0]
    doubt = (
        "" if fitting else f"The file has not the signs of its layout, {name}: {signs_of(name)}."
    )
    own = layout.symbol
    layout = replace(layout, symbol=lambda name: own(name) or plain_symbol(name), doubt=doubt)
    return layout, _named_columns(layout, header)


def layouts_of(name: str) -> list[DelimitedLayout]:
    """Return the layouts of delimited text that have a name, of which there may be none."""
    return [layout for layout in LAYOUTS if layout.name == name]


def signs_of(name: str) -> str:
    """Return by which signs the layouts of a name are recognised."""
    return ", or ".join(dict.fromkeys(one.signs for one in layouts_of(name)))


def _header(layout: DelimitedLayout, lines: list[str], usual: Header, options: Options) -> Header:
    """Return the header of a file if it has a layout: where the user says it, or the layout."""
    skip = 0 if options.skip_rows is not None else layout.skip(lines)
    return header_at(lines, skip) if skip else usual


def _named_columns(layout: DelimitedLayout, header: Header) -> Header:
    return header if layout.names is None else replace(header, cells=layout.names(header))


def _refuse_no_table(source: Source, begin: bytes) -> None:
    """Refuse a file that is text of another kind: its lines would be read as a strange table."""
    first = begin.removeprefix(b"\xef\xbb\xbf").lstrip()[:16].lower()
    found = [kind for text, kind in _OTHER_BEGINNINGS.items() if first.startswith(text)]
    found += [kind for word, kind in _BINARY.items() if begin.startswith(word)]
    if begin[257:262] == b"ustar":
        found = ["a tar archive (unpack it)"]
    if _RECORDING.match(begin):
        raise DataError(
            f"{source.label} is a recording of messages, not market data; of recordings, those of "
            "Binance's klines and trades are read, a JSON message on each line, bare or behind "
            "the digits of a time and a blank"
        )
    kind = found[0] if found else _OTHER_TEXT.get(Path(source.label).suffix.lower())
    if kind is not None:
        raise DataError(
            f"{source.label} is {kind}, not market data; expected a table of bars or ticks as "
            "delimited text, Parquet or Arrow, or what a known source writes"
        )

"""Ringtape's own importers: thin entries over its readers, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

from pipeline.errors import DataError
from pipeline.market.catalog.account import UNKNOWN
from pipeline.market.importers import arrow, lean
from pipeline.market.importers.delimited import GENERIC, DelimitedLayout
from pipeline.market.importers.encoding import SAMPLE_BYTES
from pipeline.market.importers.header import Header
from pipeline.market.importers.layouts import binance
from pipeline.market.importers.layouts.databento import DATABENTO
from pipeline.market.importers.options import Options
from pipeline.market.importers.reading import Reading
from pipeline.market.importers.recognition import (
    delimited_names,
    layouts_of,
    recognise,
    signs_of,
    text_of,
)
from pipeline.market.importers.registry.importer import CERTAIN, PLAIN, SIGNS, Conventions
from pipeline.market.importers.rows import Spool
from pipeline.market.importers.source import Source
from pipeline.market.importers.text import Text

_ARROW: Final = "arrow"
_LEAN: Final = "lean"
#: By which a file of Databento may begin. Only then is the importer of DBN imported.
_MAY_BE_DBN: Final = (b"DBN", b"\x28\xb5\x2f\xfd")
_THE_FILES: Final = "the file's"
"""The clock of a layout that does not say it: files name a zone, or the times are taken for UTC."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What an importer says of a source that it can read."""

    score: int
    """How sure it is that the source is its own, from 1 to 100."""
    words: str
    """What messages call the importer."""
    name: str
    """Name of the importer."""
    read: Callable[[Spool], list[Reading]]
    """Reads the source, whose rows wait in the spool. DataError if that cannot be."""


@dataclass(frozen=True, slots=True)
class OwnImporter:
    """One of Ringtape's own importers, as the registry lists it."""

    name: str
    """Its name, for ``--layout``."""
    endings: tuple[str, ...]
    """Endings of its files; none of text, which has any."""
    signs: str
    """By which signs it recognises a file."""
    conventions: Conventions
    """What holds for all its files; values that differ among them are joined by `` or ``."""


@cache
def own_importers() -> tuple[OwnImporter, ...]:
    """Return all of them, in the order of their names."""
    of_arrow = (".parquet", ".feather", ".arrow", ".arrows", ".ipc")
    found = [
        OwnImporter(
            _ARROW, of_arrow, "the first bytes", Conventions(_THE_FILES, UNKNOWN, UNKNOWN, None)
        ),
        OwnImporter(
            _LEAN,
            (".zip",),
            "the folders <type>/<market>/<resolution>",
            Conventions("that of the folder's market", "open", "no", None),
        ),
        *map(_of_layouts, delimited_names()),
    ]
    return tuple(sorted(found, key=lambda one: one.name))


def own_names() -> list[str]:
    """Return the names of all own importers, in order."""
    return sorted((_ARROW, _LEAN, *delimited_names()))


def own_claim(source: Source, options: Options) -> Claim:
    """Return the claim of the first own importer that knows a source.

    It is the one that the options name, if they do. DataError, which says why, if there is none.
    """
    if source.given is not None:
        _refuse_layout(source, "no text", options, _ARROW)
        return _claim(CERTAIN, _ARROW, partial(arrow.read, source, options))
    lean.refuse_no_bars(source)
    place = lean.find_place(source)
    if place is not None:
        _refuse_layout(source, "a file of LEAN", options, _LEAN)
        return _claim(CERTAIN, _LEAN, partial(lean.read, source, place, options))
    if lean.looks_moved(source):
        raise DataError(
            f"{source.label} looks like a LEAN zip outside its folders, on which LEAN's prices and "
            "times depend; put it under <type>/<market>/<resolution>/<symbol>/, such as "
            "equity/usa/minute/spy/"
        )
    begin = source.begin(SAMPLE_BYTES)
    if begin.startswith(_MAY_BE_DBN) and (claim := _dbn_claim(source, begin, options)):
        return claim
    if arrow.is_arrow(begin):
        _refuse_layout(source, "Parquet or Arrow", options, _ARROW)
        return _claim(CERTAIN, _ARROW, partial(arrow.read, source, options))
    if binance.is_recording(begin):
        name = binance.KLINES.name
        _refuse_layout(source, "a recording of Binance's messages", options, name)
        return _claim(CERTAIN, name, partial(binance.read_recording, source, options))
    return _text_claim(source, begin, options)


def _dbn_claim(source: Source, begin: bytes, options: Options) -> Claim | None:
    """Return the claim of the importer of DBN; None if the file is not its own."""
    from pipeline.market.importers.dbn import DATABENTO_DBN
    from pipeline.market.importers.registry.batches import Use

    use = Use(DATABENTO_DBN, source, "databento", "layout")
    score = use.sniff(begin)
    if not score:
        return None
    _refuse_layout(source, "Databento's DBN", options, DATABENTO_DBN.name)
    return _claim(score, DATABENTO_DBN.name, partial(use.read, options))


def _text_claim(source: Source, begin: bytes, options: Options) -> Claim:
    """Return the claim of the layout that a text has. DataError if it has none."""
    text = text_of(source, begin, options)
    if options.layout is not None and not layouts_of(options.layout):
        signs = next(one.signs for one in own_importers() if one.name == options.layout)
        raise _no_such_file(source, options.layout, signs)
    try:
        layout, header = recognise(source, text.first_lines, options)
    except (LookupError, StopIteration, ValueError) as error:
        raise _told(error, source, options) from error
    read = partial(_read_text, layout, header, source, text, options)
    return _claim(PLAIN if layout is GENERIC else SIGNS, layout.name, read)


def _read_text(
    layout: DelimitedLayout,
    header: Header,
    source: Source,
    text: Text,
    options: Options,
    spool: Spool,
) -> list[Reading]:
    try:
        return layout.read(source, text, header, options, spool)
    except (LookupError, StopIteration, ValueError) as error:
        raise _told(error, source, options) from error


def _told(error: Exception, source: Source, options: Options) -> Exception:
    """Return what is told of an error of a layout that looks for what is not in the file."""
    if options.layout is not None:
        return _no_such_file(source, options.layout, signs_of(options.layout))
    if options.skip_rows:
        return DataError(
            f"{source.label} has no table behind {options.skip_rows:,} lines (--skip-rows)"
        )
    return error


def _no_such_file(source: Source, name: str, signs: str) -> DataError:
    return DataError(
        f"{source.label} is no file of the layout {name!r}, which has {signs}; leave --layout "
        "out, or name another one"
    )


def _refuse_layout(source: Source, kind: str, options: Options, own: str) -> None:
    """Refuse another layout than its ``own`` for a file that shows itself what it is."""
    named = options.layout
    if named is None or named == own:
        return
    of_what = "one of delimited text" if layouts_of(named) else "of another kind"
    raise DataError(
        f"{source.label} is {kind}, and --layout {named} is {of_what}; leave --layout out"
    )


def _claim(score: int, name: str, read: Callable[[Spool], list[Reading]]) -> Claim:
    return Claim(score, f"{name!r} of Ringtape", name, read)


def _of_layouts(name: str) -> OwnImporter:
    layouts = layouts_of(name)
    known = dict.fromkeys(one.empty_bars for one in layouts)
    dbn = name == DATABENTO.name
    return OwnImporter(
        name,
        (".csv", ".dbn", ".dbn.zst") if dbn else (),
        f"{signs_of(name)}{', or the first bytes of DBN' if dbn else ''}",
        Conventions(
            _each(map(_clock, layouts)),
            _each(one.stamped or UNKNOWN for one in layouts),
            _each(one.adjusted or UNKNOWN for one in layouts),
            next(iter(known)) if len(known) == 1 else None,
        ),
    )


def _clock(layout: DelimitedLayout) -> str:
    """Return the clock of a layout in words."""
    if layout.server:
        return "the server's"
    if layout.asks:
        return "asked for"
    return _THE_FILES if layout.zone is None else str(layout.zone)


def _each(values: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(values))

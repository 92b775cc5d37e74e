"""Importers: they write files of many vendors into a catalog.

A file is recognised by its content and path, with one module for each family of vendors. Everything
is read and checked before the catalog is changed. Then all of it is written in one step, or none.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.codes import interval_ns
from pipeline.errors import DataError
from pipeline.market.catalog.bar_file import BarColumns, merge_bars
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series
from pipeline.market.importers import arrow, lean
from pipeline.market.importers.delimited import GENERIC, read_header
from pipeline.market.importers.layouts import binance, databento, recognise
from pipeline.market.importers.piece import Options, Piece, choose_interval, finish
from pipeline.market.importers.source import Source, find_sources
from pipeline.market.time.time_manager import zone

__all__ = ["ImportResult", "import_sources"]

#: Text that is no table, by the ending of its name and by how it begins.
_OTHER_TEXT = {".py": "Python", ".ipynb": "a notebook", ".json": "JSON", ".toml": "TOML"}
_OTHER_TEXT |= {".md": "Markdown", ".html": "HTML", ".htm": "HTML"}
_OTHER_BEGINNINGS = {b"{": "JSON", b"[": "JSON", b"<!doctype": "HTML", b"<html": "HTML"}


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The outcome of an import for one series."""

    symbol: str
    """The symbol."""
    interval: str
    """The interval."""
    added: int
    """Rows that were not there before."""
    unchanged: int
    """Rows that were there with equal values."""
    replaced: int
    """Rows that were there with other values."""
    rows: int
    """Rows of the series after the import."""
    first_ts: int
    """Open of its first bar, ns UTC."""
    last_ts: int
    """Open of its last bar, ns UTC."""
    layouts: tuple[str, ...]
    """Names of the layouts that were recognised."""
    files: int
    """Number of files that were read."""
    notes: tuple[str, ...]
    """Remarks for the user, such as that times were read as UTC."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A piece, with the layout and the source for the report about it."""

    piece: Piece
    layout: str
    source: Source


def import_sources(
    sources: Sequence[str | os.PathLike[str]],
    catalog: Catalog,
    *,
    symbol: str | None = None,
    interval: str | None = None,
    tz: str | None = None,
    columns: Mapping[str, str] | None = None,
    end_stamped: bool | None = None,
    date_order: str | None = None,
    replace: bool = False,
) -> list[ImportResult]:
    """Import files, folders and archives into a catalog; return one result per series.

    `symbol` and `interval` take the place of those in the files. `tz` (IANA name) is the zone of
    times without a zone; if it is not given, the zone of the vendor is taken, else UTC. `columns`
    maps the fields ts, date, time, open, high, low, close, volume and symbol to column names, or to
    positions from 1. `end_stamped` says whether times are those of the bars' ends (True) or opens
    (False). `date_order`, "mdy" or "dmy", settles dates like 3/4/2017. Bars that are there with
    other values are refused, unless `replace` is set.

    Raises DataError, or ConfigError for an impossible option, before anything is changed.
    """
    if not sources:
        raise DataError("there is nothing to import: no source was given")
    if interval is not None:
        interval_ns(interval)
    if date_order not in (None, "mdy", "dmy"):
        raise DataError(f"the date order must be mdy or dmy, was {date_order!r}")
    options = Options(
        symbol=symbol,
        interval=interval,
        zone=zone(tz) if tz is not None else None,
        columns=columns,
        end_stamped=end_stamped,
        date_order=date_order,
    )
    read: list[_Read] = []
    for path in sources:
        found = [part for source in find_sources(Path(path)) for part in _read(source, options)]
        if not found:
            raise DataError(f"{path} holds no file of bars")
        read += found
    return _write(_series(read, options), catalog, replace)


def _read(source: Source, options: Options) -> Iterable[_Read]:
    """Recognise one file and read it."""
    databento.refuse(source)
    place = lean.find_place(source)
    if place is not None:
        return [_Read(piece, "lean", source) for piece in lean.read(source, place, options)]
    if lean.looks_moved(source):
        raise DataError(
            f"{source.label} looks like a LEAN zip outside its folders, on which LEAN's prices and "
            "times depend; put it under <type>/<market>/<resolution>/<symbol>/, such as "
            "equity/usa/minute/spy/"
        )
    data = source.read()
    if arrow.is_arrow(data):
        return [_Read(piece, "arrow", source) for piece in arrow.read(source, data, options)]
    if binance.is_recording(data):
        pieces = binance.read_recording(source, data, options)
        return [_Read(piece, "binance", source) for piece in pieces]
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise DataError(f"{source.label} is empty")
    _refuse_no_table(source, data)
    header = read_header(data, source.label)
    recognised = recognise(header, source)
    if recognised is not None:
        layout, header = recognised
        pieces = layout.read(source, data, header, options)
        return [_Read(piece, layout.name, source) for piece in pieces]
    if options.columns:
        pieces = GENERIC.read(source, data, header, options)
        return [_Read(piece, GENERIC.name, source) for piece in pieces]
    raise DataError(
        f"{source.label} has no header and no known layout; its first line is "
        f"{header.delimiter.join(header.cells)[:200]!r}; say which column is which, such as "
        "--columns ts=1,open=2,high=3,low=4,close=5,volume=6"
    )


def _refuse_no_table(source: Source, data: bytes) -> None:
    """Refuse a file that is text of another kind: its lines would be read as a strange table."""
    begin = data.lstrip()[:16].lower()
    kinds = [kind for text, kind in _OTHER_BEGINNINGS.items() if begin.startswith(text)]
    kind = kinds[0] if kinds else _OTHER_TEXT.get(Path(source.label).suffix.lower())
    if kind is not None:
        raise DataError(
            f"{source.label} is {kind}, not market data; expected a table of bars or ticks as "
            "delimited text, Parquet or Arrow, or what a known source writes"
        )


@dataclass(frozen=True, slots=True)
class _Gathered:
    symbol: str
    interval: str
    bars: BarColumns
    parts: list[_Read]
    notes: list[str]


def _series(read: list[_Read], options: Options) -> list[_Gathered]:
    """Make bars of all pieces, and join the bars of each series."""
    groups: dict[tuple[str, str], list[tuple[_Read, BarColumns]]] = {}
    for _, found in itertools.groupby(read, key=lambda part: part.source.label):
        parts = list(found)
        for known in dict.fromkeys(part.piece.interval for part in parts):
            alike = [part for part in parts if part.piece.interval == known]
            interval = choose_interval([part.piece for part in alike], options)
            for part in alike:
                bars = finish(part.piece, interval, options)
                groups.setdefault((part.piece.symbol, interval), []).append((part, bars))
    gathered = []
    for (symbol, interval), members in groups.items():
        notes = []
        trades = [member for member in members if not member[0].piece.quote]
        if trades and len(trades) < len(members):
            notes.append(f"{len(members) - len(trades)} quote files left out: there are trades")
            members = trades
        elif not trades:
            notes.append("bars are bids, volume is 0")
        naive = any(_is_naive(part.piece, interval, options) for part, _ in members)
        if naive:
            notes.append("times without a zone were read as UTC")
        bars = _join(symbol, interval, members)
        gathered.append(_Gathered(symbol, interval, bars, [part for part, _ in members], notes))
    return gathered


def _is_naive(piece: Piece, interval: str, options: Options) -> bool:
    known = piece.stamps.utc is not None or piece.zone is not None or options.zone is not None
    return not known and interval != "1d"


def _join(symbol: str, interval: str, members: list[tuple[_Read, BarColumns]]) -> BarColumns:
    members = sorted(members, key=lambda member: int(member[1].ts[0]))
    parts = [bars for _, bars in members]
    disjoint = all(a.ts[-1] < b.ts[0] for a, b in itertools.pairwise(parts))
    if disjoint:
        values = zip(*(part.values for part in parts), strict=True)
        return BarColumns(
            np.concatenate([part.ts for part in parts]),
            tuple(np.concatenate(columns) for columns in values),
        )
    joined = parts[0]
    for part, bars in members[1:]:
        try:
            joined, _, _ = merge_bars(joined, bars, replace=False)
        except DataError as error:
            raise DataError(
                f"{symbol} {interval}: {part.source.label} against the other sources: {error}"
            ) from None
    return joined


def _write(gathered: list[_Gathered], catalog: Catalog, replace: bool) -> list[ImportResult]:
    items = []
    for one in gathered:
        layouts = sorted({part.layout for part in one.parts})
        origins = sorted({Path(part.source.origin).name for part in one.parts})
        source = f"{'+'.join(layouts)}: {', '.join(origins[:3])}"
        if len(origins) > 3:
            source += f" and {len(origins) - 3} more"
        items.append(Series(one.symbol, one.interval, one.bars.to_table(), source))
    results = []
    for one, done in zip(gathered, catalog.write_all(items, replace=replace), strict=True):
        entry = catalog.entry(one.symbol, one.interval)
        results.append(
            ImportResult(
                symbol=one.symbol,
                interval=one.interval,
                added=done.added,
                unchanged=done.unchanged,
                replaced=done.replaced,
                rows=done.rows,
                first_ts=entry.first_ts,
                last_ts=entry.last_ts,
                layouts=tuple(sorted({part.layout for part in one.parts})),
                files=len({part.source.label for part in one.parts}),
                notes=tuple(one.notes),
            )
        )
    return results

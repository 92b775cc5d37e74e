"""The importer of splits and cash dividends: plain tables, Yahoo, Quandl, LEAN's factor files.

A table has a header with these columns: a date (the ex-date), a split (new shares per old share; 7,
7:1 and 7/1 are the same), a dividend (per share held before), and perhaps a symbol. Without a
symbol, the name of the file is taken. Rows without a split and a dividend are left out, so a table
of bars with such columns (Quandl's WIKI) can be imported too.

Yahoo's prices and dividends are adjusted for all later splits. If a file also has prices, the bars
of the catalog are assumed to be Yahoo's, and only the dividends are imported. If it has no prices,
its dividends are multiplied by the splits after them, which gives the cash per share of the day.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import DataError
from pipeline.market.actions import Actions, check_actions
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import lean_factors
from pipeline.market.importers.fields import normal
from pipeline.market.importers.source import Source, find_sources
from pipeline.market.importers.split_check import check_splits

_NAMES = {
    "date": ("exdate", "exdividenddate", "date", "datetime", "day"),
    "split": ("split", "splits", "splitratio", "ratio", _YAHOO := "stocksplits"),
    "dividend": ("dividend", "dividends", "exdividend", "cash", "amount"),
    "symbol": ("symbol", "ticker", "sym", "instrument"),
}
_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ].*)?")

Rows = list[tuple[str, float, float]]


@dataclass(frozen=True, slots=True)
class ActionsResult:
    """The outcome of an import for one symbol's actions."""

    symbol: str
    """The symbol."""
    added: int
    """Rows that were not there before."""
    unchanged: int
    """Rows that were there with equal values."""
    replaced: int
    """Rows that were there with other values."""
    splits: int
    """Splits in the symbol's table after the import."""
    dividends: int
    """Dividends in the symbol's table after the import."""
    first_ts: int
    """First ex-date of the table, 00:00Z in ns."""
    last_ts: int
    """Last ex-date of the table, 00:00Z in ns."""
    notes: tuple[str, ...]
    """Remarks for the user."""


@dataclass(frozen=True, slots=True)
class _Found:
    """One symbol's rows of one file."""

    symbol: str
    rows: Rows
    label: str
    notes: tuple[str, ...] = ()


def import_actions(
    sources: Sequence[str | os.PathLike[str]],
    catalog: Catalog,
    *,
    symbol: str | None = None,
    columns: Mapping[str, str] | None = None,
    replace: bool = False,
) -> tuple[list[ActionsResult], list[str]]:
    """Import tables of splits and dividends; return one result per symbol, and notes.

    Of a folder that holds LEAN's folders `factor_files`, only these are read. `symbol` takes the
    place of the symbols in the files. `columns` maps date, split, dividend and
    symbol to column names. A symbol without bars in the catalog is left out, and a note says so, as
    long as another symbol has bars. All tables are written or none.

    Raises DataError, before anything is changed, for files that cannot be read, for impossible rows
    (see `check_actions`), for splits for which the bars are already adjusted, and, unless `replace`
    is set, for actions that are there with other values.
    """
    found = [
        one
        for path in sources
        for source in _sources(Path(path))
        for one in _read(source, symbol, columns or {})
    ]
    if not found:
        raise DataError(f"{', '.join(map(str, sources))}: there is no split and no dividend")
    known = {entry.symbol for entry in catalog.entries()}
    unknown = sorted({one.symbol for one in found} - known)
    tables = {
        name: _joined(name, [one for one in found if one.symbol == name], catalog)
        for name in dict.fromkeys(one.symbol for one in found)
        if name in known
    }
    if not tables:
        catalog.require_bars(unknown[0])
    names = sorted({Path(path).name for path in sources})
    source = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    done = catalog.write_actions(tables, source, replace=replace)
    results = []
    for name, written in done.items():
        now = catalog.actions(name)
        results.append(
            ActionsResult(
                symbol=name,
                added=written.added,
                unchanged=written.unchanged,
                replaced=written.replaced,
                splits=int((now.split != 1.0).sum()),
                dividends=int((now.dividend != 0.0).sum()),
                first_ts=int(now.ts[0]),
                last_ts=int(now.ts[-1]),
                notes=tuple(note for one in found if one.symbol == name for note in one.notes),
            )
        )
    left = [f"{name} left out: the catalog has no bars of it" for name in unknown]
    return results, left


def _sources(path: Path) -> Iterator[Source]:
    """Yield the files at `path` that may have actions: of a tree of LEAN's, its factor files."""
    for folder in lean_factors.folders_in(path) or [path]:
        yield from find_sources(folder)


def _joined(symbol: str, parts: list[_Found], catalog: Catalog) -> Actions:
    """Join the rows of one symbol in all files, and check them."""
    actions = Actions.of(sorted((row for one in parts for row in one.rows), key=lambda row: row[0]))
    try:
        check_actions(symbol, actions)
        check_splits(catalog, symbol, actions)
    except DataError as error:
        raise DataError(f"{', '.join(one.label for one in parts)}: {error}") from None
    return actions


def _read(source: Source, symbol: str | None, columns: Mapping[str, str]) -> Iterator[_Found]:
    """Read one file; yield the rows of each symbol in it."""
    try:
        text = source.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{source.label} is not a text file: {error}") from None
    # The symbol of a member of an archive is in its own name.
    path = source.path.parent / source.name
    if lean_factors.is_of_futures(text, path):
        return
    if lean_factors.recognises(text):
        spans = lean_factors.read(text, path, source.label)
        if symbol is not None:
            spans = {symbol: [row for rows in spans.values() for row in rows]}
        yield from (_Found(name, rows, source.label) for name, rows in spans.items() if rows)
        return
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    table = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    if not table:
        raise DataError(f"{source.label} is empty")
    places = _places(table[0], columns, source.label)
    yahoo = "split" in places and normal(table[0][places["split"]]) == _YAHOO
    groups: dict[str, Rows] = {}
    for number, cells in enumerate(table[1:], 2):
        if not any(cells):
            continue
        where = f"{source.label}, line {number}"
        if len(cells) != len(table[0]):
            raise DataError(f"{where}: has {len(cells)} cells, the header has {len(table[0])}")
        name = symbol or (cells[places["symbol"]].strip() if "symbol" in places else None)
        row = _row(cells, places, where, yahoo=yahoo)
        group = groups.setdefault(name or _symbol_of(source), [])
        if row[1:] != (1.0, 0.0):
            group.append(row)
    priced = "close" in map(normal, table[0])
    for name, rows in groups.items():
        notes: tuple[str, ...] = ()
        if yahoo:
            rows, notes = _from_yahoo(rows, priced=priced)
        if rows:
            yield _Found(name, rows, source.label, notes)


def _places(header: list[str], columns: Mapping[str, str], label: str) -> dict[str, int]:
    """Return the position of each field: as `columns` names it, else by its usual names."""
    places: dict[str, int] = {}
    for name, column in columns.items():
        if name not in _NAMES:
            raise DataError(f"columns can name {', '.join(_NAMES)}; there is no field {name!r}")
        if column not in header:
            raise DataError(f"{label}: there is no column {column!r}; columns: {', '.join(header)}")
        places[name] = header.index(column)
    by_name = {normal(name): place for place, name in reversed(list(enumerate(header)))}
    for field, usual in _NAMES.items():
        found = [by_name[name] for name in usual if name in by_name]
        if found and field not in places:
            places[field] = found[0]
    if "date" not in places or not {"split", "dividend"} & set(places):
        raise DataError(
            f"{label}: a table of actions has a date and a split or a dividend (or both); "
            f"columns: {', '.join(header)}; name them, such as --columns date=NAME,split=NAME"
        )
    return places


def _row(
    cells: list[str], places: Mapping[str, int], where: str, *, yahoo: bool
) -> tuple[str, float, float]:
    match = _DATE.fullmatch(cells[places["date"]].strip())
    try:
        day = str(np.datetime64("-".join(match.groups()) if match else ""))
    except ValueError:
        day = "NaT"
    if day == "NaT":
        raise DataError(f"{where}: the date must be YYYY-MM-DD, was {cells[places['date']]!r}")
    split = _number(cells, places, "split", 1.0, where)
    if yahoo and split == 0.0:
        split = 1.0
    return day, split, _number(cells, places, "dividend", 0.0, where)


def _number(
    cells: list[str], places: Mapping[str, int], name: str, none: float, where: str
) -> float:
    if name not in places or not cells[places[name]].strip():
        return none
    text = cells[places[name]].strip()
    new, _, old = re.sub("[/]", ":", text).partition(":") if name == "split" else (text, "", "")
    try:
        return float(new) / float(old or 1)
    except (ValueError, ZeroDivisionError):
        raise DataError(f"{where}: {name} must be a number, was {text!r}") from None


def _symbol_of(source: Source) -> str:
    return source.name.partition(".")[0]


def _from_yahoo(rows: Rows, *, priced: bool) -> tuple[Rows, tuple[str, ...]]:
    """Turn Yahoo's rows into splits and dividends as they were, as the module describes."""
    splits = {day: split for day, split, _ in rows if split != 1.0}
    if priced:
        kept = [(day, 1.0, dividend) for day, _, dividend in rows if dividend != 0.0]
        note = f"{len(splits)} splits left out: Yahoo's prices are adjusted for them already"
        return kept, (note,) if splits else ()
    found = []
    for day, split, dividend in rows:
        for later, ratio in splits.items():
            dividend *= ratio if later >= day else 1.0
        found.append((day, split, dividend))
    return found, ("dividends are those per share of the day",) if splits else ()

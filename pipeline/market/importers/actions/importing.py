"""The importer of splits and cash dividends: tables, and LEAN's factor files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.errors import DataError
from pipeline.market.actions import Actions, check_actions
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.manifest import Entry
from pipeline.market.importers.actions import lean_factors
from pipeline.market.importers.actions.adjusted_bars import check_dividends, dividends_are_known
from pipeline.market.importers.actions.cells import cells_of_parquet, cells_of_text, is_parquet
from pipeline.market.importers.actions.frames import tables_of
from pipeline.market.importers.actions.split_check import check_splits
from pipeline.market.importers.actions.tables import Found, read_table
from pipeline.market.importers.arrow import is_arrow
from pipeline.market.importers.delimited import DelimitedLayout, plain_symbol
from pipeline.market.importers.encoding import SAMPLE_BYTES
from pipeline.market.importers.options import DateOrder, Options
from pipeline.market.importers.recognition import recognise, text_of
from pipeline.market.importers.source import Source, find_sources
from pipeline.market.importers.text import Text

_NAMED: Final = 3
"""So many files or symbols are named, the others counted."""
_PERHAPS_TWICE: Final = (
    "the prices beside these dividends are adjusted for them, and the catalog does not know "
    "whether its bars are too: if they are, a run counts the dividends twice"
)


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


def import_actions(
    sources: Sequence[str | os.PathLike[str]],
    catalog: Catalog,
    *,
    symbol: str | None = None,
    columns: Mapping[str, str] | None = None,
    date_order: DateOrder | None = None,
    encoding: str | None = None,
    replace: bool = False,
) -> tuple[list[ActionsResult], list[str]]:
    """Import tables of splits and dividends; return one result per symbol, and notes.

    Of a folder that holds LEAN's folders `factor_files`, only these are read. `symbol` takes the
    place of the symbols in the files. `columns` maps date, split, dividend and symbol to names of
    columns, or to positions from 1. `date_order` is that of dates like 3/4/2017, and `encoding`
    that of text, where a file does not show them. A symbol without bars in the catalog is left out,
    and a note says so, as long as another symbol has bars. All tables are written or none.

    Raises DataError, before anything is changed, for files that cannot be read, for impossible rows
    (see `check_actions`), all of which are counted for a file, for splits and dividends for which
    the bars are already adjusted, for splits that are the wrong way round, and, unless `replace` is
    set, for actions that are there with other values.
    """
    options = Options(symbol=symbol, columns=columns, date_order=date_order, encoding=encoding)
    options.check()
    found = [
        one for path in sources for source in _sources(Path(path)) for one in _read(source, options)
    ]
    if not found:
        raise DataError(f"{', '.join(map(str, sources))}: there is no split and no dividend")
    _check_one_company(found, symbol)
    known = {entry.symbol for entry in catalog.entries()}
    unknown = sorted({one.symbol for one in found} - known)
    tables = {
        name: _joined(name, [one for one in found if one.symbol == name], catalog)
        for name in dict.fromkeys(one.symbol for one in found)
        if name in known
    }
    if not tables:
        raise _no_bars(catalog, next(one for one in found if one.symbol == unknown[0]))
    notes = {name: _notes([one for one in found if one.symbol == name], catalog) for name in tables}
    names = sorted({Path(path).name for path in sources})
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    source = ", ".join(names[:_NAMED]) + more
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
                notes=notes[name],
            )
        )
    return results, _left_out(unknown)


def _left_out(symbols: Sequence[str]) -> list[str]:
    """Return the notes on symbols without bars: one for each if they are few."""
    if len(symbols) <= _NAMED:
        return [f"{name} left out: the catalog has no bars of it" for name in symbols]
    named = ", ".join(symbols[:_NAMED])
    more = len(symbols) - _NAMED
    return [f"{named} and {more:,} more left out: the catalog has no bars of them"]


def _sources(path: Path) -> Iterator[Source]:
    """Yield the files at `path` that may have actions: of a tree of LEAN's, its factor files."""
    for folder in lean_factors.folders_in(path) or [path]:
        yield from find_sources(folder)


def _check_one_company(found: Sequence[Found], symbol: str | None) -> None:
    """Refuse to call the actions of several companies by the one symbol that is given."""
    labels = [one.label for one in found if one.of_lean]
    if symbol is not None and len(labels) > 1:
        raise DataError(
            f"{labels[0]} and {labels[1]} are of two companies; --symbol names the actions of one "
            "company only: leave it out, or import one factor file"
        )


def _no_bars(catalog: Catalog, found: Found) -> DataError:
    """Return the refusal of a symbol without bars, which says what the symbol is from."""
    told = f"; the symbol is from {found.told_by}, --symbol gives another" if found.told_by else ""
    try:
        catalog.require_bars(found.symbol)
    except DataError as error:
        return DataError(f"{found.label}: {error}{told}")
    raise AssertionError(f"there are bars of {found.symbol}")


def _joined(symbol: str, parts: list[Found], catalog: Catalog) -> Actions:
    """Join the rows of one symbol in all files, and check them."""
    actions = Actions.of(sorted((row for one in parts for row in one.rows), key=lambda row: row[0]))
    try:
        check_actions(symbol, actions)
        check_splits(catalog, symbol, actions)
        check_dividends(_bars(catalog, symbol), symbol, actions)
    except DataError as error:
        raise DataError(f"{', '.join(one.label for one in parts)}: {error}") from None
    return actions


def _bars(catalog: Catalog, symbol: str) -> list[Entry]:
    return [entry for entry in catalog.entries() if entry.symbol == symbol]


def _notes(parts: Sequence[Found], catalog: Catalog) -> tuple[str, ...]:
    """Return the remarks on the actions of one symbol in all files."""
    notes = dict.fromkeys(note for one in parts for note in one.notes)
    beside = [row for one in parts if one.beside_adjusted for row in one.rows]
    if beside and not dividends_are_known(_bars(catalog, parts[0].symbol), Actions.of(beside)):
        notes[_PERHAPS_TWICE] = None
    return tuple(notes)


def _text(source: Source, begin: bytes, options: Options) -> Text:
    """Return the text of a source. DataError, which says what actions are read from, if none."""
    try:
        return text_of(source, begin, options)
    except DataError as error:
        found, no_market_data, _ = str(error).partition(", not market data; expected ")
        if not no_market_data:
            raise
        raise DataError(
            f"{found}; expected a table of splits and dividends as delimited text or Parquet, or "
            "LEAN's factor files"
        ) from None


def _layout(source: Source, lines: list[str], options: Options) -> DelimitedLayout | None:
    """Return the layout that a file has as bars, None if it has none."""
    try:
        return recognise(source, lines, options)[0]
    except DataError:
        return None


def _read(source: Source, options: Options) -> Iterator[Found]:
    """Read one file; yield the rows of each symbol in it."""
    begin = source.begin(SAMPLE_BYTES)
    # The symbol of a member of an archive is in its own name.
    path = source.path.parent / source.name
    if is_parquet(begin):
        cells = cells_of_parquet(source)
        yield from read_table(cells, plain_symbol(source.name), options)
        cells.bad.check()
        return
    if is_arrow(begin):
        raise DataError(
            f"{source.label} is an Arrow or Feather file; write the actions as Parquet or text"
        )
    if lean_factors.is_of_futures(begin, path):
        return
    found = _text(source, begin, options)
    text = b"".join(lines.data for lines in found.blocks()).decode()
    if not lean_factors.recognises(text):
        layout = _layout(source, found.first_lines, options)
        cells = cells_of_text(text, source.label)
        if layout is not None and layout.tickers is not None:
            for ticker, table in tables_of(cells, options.symbol).items():
                yield from read_table(table, None, options, in_header=ticker)
        else:
            in_name = (plain_symbol if layout is None else layout.symbol)(source.name)
            yield from read_table(cells, in_name, options)
        cells.bad.check()
        return
    spans = lean_factors.read(text, path, source.label)
    told_by = "the factor file's name or map file"
    if options.symbol is not None:
        spans, told_by = {options.symbol: [row for rows in spans.values() for row in rows]}, ""
    for name, rows in spans.items():
        if rows:
            yield Found(name, rows, source.label, told_by, of_lean=True)

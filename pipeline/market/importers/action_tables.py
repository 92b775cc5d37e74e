"""Tables of splits and cash dividends: plain ones, Yahoo's, and bars with such columns.

A table has a header with these columns: a date (the ex-date), a split (new shares per old share; 7,
7:1 and 7/1 are the same), a dividend (per share held before), and perhaps a symbol. Without a
symbol, that of the file's name is taken, as of bars. Rows without a split and a dividend are left
out, so a table of bars with such columns (Quandl's WIKI) can be imported too.

Yahoo's prices and dividends are adjusted for all later splits. If a file also has prices, the bars
of the catalog are assumed to be Yahoo's, and only the dividends are imported. If it has no prices,
its dividends are multiplied by the splits after them, which gives the cash per share of the day.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import DataError
from pipeline.market.importers.delimited import plain_symbol
from pipeline.market.importers.fields import normal
from pipeline.market.importers.options import Options
from pipeline.market.importers.source import Source
from pipeline.market.importers.symbols import check_one_symbol, group_rows, symbol_of_all

_NAMES: Final = {
    "date": ("exdate", "exdividenddate", "date", "datetime", "day"),
    "split": ("split", "splits", "splitratio", "ratio", _YAHOO := "stocksplits"),
    "dividend": ("dividend", "dividends", "exdividend", "cash", "amount"),
    "symbol": ("symbol", "ticker", "sym", "instrument"),
}
_DATE: Final = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ].*)?")

Rows = list[tuple[str, float, float]]
"""ISO ex-date, split and dividend."""


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of one symbol in one file."""

    symbol: str
    rows: Rows
    label: str
    """The name of the file in messages."""
    told_by: str = ""
    """What the symbol is from, if neither a column nor the user tell it."""
    notes: tuple[str, ...] = ()
    """Remarks for the user."""
    of_lean: bool = False
    """Whether the file is a factor file, which is of one company."""


@dataclass(frozen=True, slots=True)
class _Table:
    """The cells of a file."""

    label: str
    names: list[str]
    """The header."""
    rows: list[list[str]]
    """The cells of each row, as many as the header has."""
    lines: list[int]
    """The line of each row in its file."""

    def column(self, at: int) -> pa.Array:
        """Return the cells of a column, without blanks around them."""
        return pc.utf8_trim_whitespace(pa.array([row[at] for row in self.rows], pa.string()))

    def place(self, row: int) -> str:
        """Return the place of a row, for messages."""
        return f"{self.label}, line {self.lines[row]}"


def read_table(text: str, source: Source, options: Options) -> Iterator[Found]:
    """Yield the rows of each symbol in a table. DataError if they cannot be read."""
    table = _parsed(text, source.label)
    places = _places(table.names, options.columns or {}, source.label)
    yahoo = "split" in places and normal(table.names[places["split"]]) == _YAHOO
    rows = _rows(table, places, yahoo=yahoo)
    chosen = np.array([at for at, row in enumerate(rows) if row[1:] != (1.0, 0.0)], np.intp)
    priced = "close" in map(normal, table.names)
    for name, told_by, some in _grouped(table, places, chosen, source, options):
        found = [rows[at] for at in some]
        notes: tuple[str, ...] = ()
        if yahoo:
            found, notes = _from_yahoo(found, priced=priced)
        if found:
            yield Found(name, found, source.label, told_by, notes)


def _parsed(text: str, label: str) -> _Table:
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    names, *rows = list(csv.reader(io.StringIO(text), delimiter=delimiter)) or [[]]
    if not names:
        raise DataError(f"{label} is empty")
    lines = [number for number, cells in enumerate(rows, 2) if any(cells)]
    rows = [cells for cells in rows if any(cells)]
    table = _Table(label, names, rows, lines)
    for at, cells in enumerate(rows):
        if len(cells) != len(names):
            raise DataError(
                f"{table.place(at)}: has {len(cells)} cells, the header has {len(names)}"
            )
    return table


def _grouped(
    table: _Table,
    places: Mapping[str, int],
    chosen: np.ndarray,
    source: Source,
    options: Options,
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield each symbol, what tells it, and its rows among those that are chosen.

    DataError if a row has no symbol, or if the user names rows of several symbols.
    """
    if not len(chosen):
        return
    known = {"symbol": table.names[places["symbol"]]} if "symbol" in places else {}
    named = symbol_of_all(options.symbol, known, plain_symbol(source.name), source.label)
    column = table.column(places["symbol"]) if known else None
    if named is None:
        assert column is not None
        for name, rows in group_rows(
            column.take(pa.array(chosen)),
            lambda row: table.place(int(chosen[row])),
        ):
            yield name, "", chosen[rows]
        return
    if column is not None:
        told = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
        check_one_symbol(pa.table({"symbol": told}), "symbol", set(), table.place)
    yield named, "the name of the file" if options.symbol is None else "", chosen


def _places(names: Sequence[str], columns: Mapping[str, str], label: str) -> dict[str, int]:
    """Return the position of each field: as `columns` names it, else by its usual names."""
    places: dict[str, int] = {}
    for name, column in columns.items():
        if name not in _NAMES:
            raise DataError(f"columns can name {', '.join(_NAMES)}; there is no field {name!r}")
        if column not in names:
            raise DataError(f"{label}: there is no column {column!r}; columns: {', '.join(names)}")
        places[name] = names.index(column)
    by_name = {normal(name): place for place, name in reversed(list(enumerate(names)))}
    for field, usual in _NAMES.items():
        found = [by_name[name] for name in usual if name in by_name]
        if found and field not in places:
            places[field] = found[0]
    if "date" not in places or not {"split", "dividend"} & set(places):
        raise DataError(
            f"{label}: a table of actions has a date and a split or a dividend (or both); "
            f"columns: {', '.join(names)}; name them, such as --columns date=NAME,split=NAME"
        )
    return places


def _rows(table: _Table, places: Mapping[str, int], *, yahoo: bool) -> Rows:
    """Return all rows, also those without a split and a dividend."""
    return [
        _row(cells, places, table.place(at), yahoo=yahoo) for at, cells in enumerate(table.rows)
    ]


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

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
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import DataError
from pipeline.market.actions import Actions, check_actions
from pipeline.market.importers.bad_rows import BadRows
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

    names: list[str]
    """The header."""
    rows: list[list[str]]
    """The cells of each row, as many as the header has."""
    lines: list[int]
    """The line of each row in its file, as an editor counts."""
    bad: BadRows
    """The rows that cannot be taken, by their lines."""

    def column(self, at: int) -> pa.Array:
        """Return the cells of a column, without blanks around them."""
        return pc.utf8_trim_whitespace(pa.array([row[at] for row in self.rows], pa.string()))

    def place(self, row: int) -> str:
        """Return the place of a row, for messages."""
        return self.bad.place(self.lines[row])


def read_table(text: str, source: Source, options: Options) -> list[Found]:
    """Return the rows of each symbol in a table. DataError if they cannot be read."""
    table = _parsed(text, source.label)
    places = _places(table.names, options.columns or {}, source.label)
    yahoo = "split" in places and normal(table.names[places["split"]]) == _YAHOO
    rows = [_row(table, places, at, yahoo=yahoo) for at in range(len(table.rows))]
    chosen = [at for at, row in enumerate(rows) if row[1:] != (1.0, 0.0)]
    if options.symbol is None and "symbol" in places:
        nameless = [at for at in chosen if not table.rows[at][places["symbol"]].strip()]
        for at in nameless:
            table.bad.add(table.lines[at], "no symbol")
        chosen = [at for at in chosen if table.lines[at] not in table.bad]
    priced = "close" in map(normal, table.names)
    found = []
    for name, told_by, some in _grouped(table, places, np.array(chosen, np.intp), source, options):
        _count_faults(table, name, [(table.lines[at], rows[at]) for at in some])
        taken = [rows[at] for at in some]
        notes: tuple[str, ...] = ()
        if yahoo:
            taken, notes = _from_yahoo(taken, priced=priced)
        if taken:
            found.append(Found(name, taken, source.label, told_by, notes))
    table.bad.check()
    return found


def _parsed(text: str, label: str) -> _Table:
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    table = _Table([], [], [], BadRows(label))
    line = 1
    try:
        for cells in reader:
            if any(cells):
                _take(table, cells, line)
            line = reader.line_num + 1  # a cell in quotes may have several lines
    except csv.Error as error:
        raise DataError(f"{table.bad.place(line)}: {error}") from None
    if not table.names:
        raise DataError(f"{label} is empty")
    return table


def _take(table: _Table, cells: list[str], line: int) -> None:
    """Take the cells of a line: the first one is the header."""
    if not table.names:
        table.names.extend(cells)
        return
    table.bad.rows += 1
    if len(cells) == len(table.names):
        table.rows.append(cells)
        table.lines.append(line)
    else:
        table.bad.add(line, f"has {len(cells)} cells, the header has {len(table.names)}")


def _count_faults(
    table: _Table, symbol: str, rows: Sequence[tuple[int, tuple[str, float, float]]]
) -> None:
    """Count the rows of a symbol, given with their lines, that are impossible or there twice."""
    first: dict[str, int] = {}
    for line, row in rows:
        day, split, dividend = row
        if not (0.0 < split < math.inf and 0.0 <= dividend < math.inf):
            try:
                check_actions(symbol, Actions.of([row]))
            except DataError as error:
                table.bad.add(line, str(error))
        if day in first:
            table.bad.add(
                line,
                f"{symbol}: ex-date {day} is there twice, first in line {first[day]}; a date has "
                "one row, with split and dividend",
            )
        first.setdefault(day, line)


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


def _row(
    table: _Table, places: Mapping[str, int], at: int, *, yahoo: bool
) -> tuple[str, float, float]:
    """Return a row, or count it as one that cannot be taken."""
    cells = {name: table.rows[at][place].strip() for name, place in places.items()}
    try:
        day = _day(cells["date"])
        split, dividend = _split(cells.get("split", "")), _dividend(cells.get("dividend", ""))
    except ValueError as error:
        table.bad.add(table.lines[at], str(error))
        return "", 1.0, 0.0
    if yahoo and split == 0.0:
        split = 1.0
    return day, split, dividend


def _day(text: str) -> str:
    match = _DATE.fullmatch(text)
    try:
        day = str(np.datetime64("-".join(match.groups()) if match else ""))
    except ValueError:
        day = "NaT"
    if day == "NaT":
        raise ValueError(f"the date must be YYYY-MM-DD, was {text!r}")
    return day


def _split(text: str) -> float:
    """Return the ratio in a cell, 1 if it is empty. ValueError, with words, if it is no number."""
    new, colon, old = text.replace("/", ":").partition(":")
    try:
        return float(new) / float(old if colon else 1) if text else 1.0
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"split must be a number, was {text!r}") from None


def _dividend(text: str) -> float:
    """Return the cash in a cell, 0 if it is empty. ValueError, with words, if it is no number."""
    try:
        return float(text) if text else 0.0
    except ValueError:
        raise ValueError(f"dividend must be a number, was {text!r}") from None


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

"""Tables of splits and cash dividends: plain ones, Yahoo's, and bars with such columns.

A table has a header with these columns: a date (the ex-date), a split (new shares per old share; 7,
7:1, 7/1 and 7-for-1 are the same), a dividend (per share held before), and perhaps a symbol.
Without a symbol, that of the file's name is taken, as of bars of the same layout. Rows without a
split and a dividend are left out, so a table of bars with such columns (Quandl's WIKI) can be
imported too.

Yahoo's prices and dividends are adjusted for all later splits. If a file also has prices, the bars
of the catalog are assumed to be Yahoo's, and only the dividends are imported. Such prices are
adjusted for the dividends too, unless there is a column `Adj Close`. If a file has no prices, its
dividends are multiplied by the splits after them, which gives the cash per share of the day.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from pipeline.errors import DataError
from pipeline.market.actions import Actions, check_actions
from pipeline.market.importers.actions.cells import Cells
from pipeline.market.importers.fields import normal
from pipeline.market.importers.options import Options
from pipeline.market.importers.symbols import BY_NAME, SymbolRule

_NAMES: Final = {
    "date": ("exdate", "exdividenddate", "date", "datetime", "day", "indexlevel0"),
    "split": ("split", "splits", "splitratio", "ratio", _YAHOO := "stocksplits"),
    "dividend": ("dividend", "dividends", "exdividend", "cash", "amount"),
    "symbol": ("symbol", "ticker", "sym", "instrument"),
}

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
    beside_adjusted: bool = False
    """Whether prices beside the rows are adjusted for the dividends."""
    of_lean: bool = False
    """Whether the file is a factor file, which is of one company."""


def read_table(
    cells: Cells, in_name: str | None, options: Options, *, in_header: str | None = None
) -> list[Found]:
    """Return the rows of each symbol in a table, and count those that are bad with the cells.

    ``in_name`` is the symbol in the name of the file, ``in_header`` the one that its header tells,
    None if there is none. DataError if the columns cannot be read.
    """
    places = _places(cells.names, options.columns or {}, cells.label)
    yahoo = "split" in places and normal(cells.names[places["split"]]) == _YAHOO
    rows = _rows(cells, places, options, yahoo=yahoo)
    chosen = [at for at, row in enumerate(rows) if row[1:] != (1.0, 0.0)]
    if options.symbol is None and "symbol" in places:
        names = cells.column(places["symbol"]).to_pylist()
        for at in chosen:
            if names[at] is None:
                cells.bad.add(cells.lines[at], "no symbol")
    chosen = [at for at in chosen if cells.lines[at] not in cells.bad]
    names = {normal(name) for name in cells.names}
    priced = "close" in names
    adjusted = yahoo and priced and "adjclose" not in names
    found = []
    rule = _rule(cells, places, options, in_name, in_header)
    for name, told_by, some in _grouped(cells, places, np.array(chosen, np.intp), rule):
        _count_faults(cells, name, [(cells.lines[at], rows[at]) for at in some])
        taken = [rows[at] for at in some]
        notes: tuple[str, ...] = ()
        if yahoo:
            taken, notes = _from_yahoo(taken, priced=priced)
        if taken:
            found.append(Found(name, taken, cells.label, told_by, notes, adjusted))
    return found


def _rows(cells: Cells, places: Mapping[str, int], options: Options, *, yahoo: bool) -> Rows:
    """Return all rows, also those without a split and a dividend, and those that are bad."""
    days = cells.dates(places["date"], options.date_order)
    split, dividend = (
        cells.numbers(places[name], name, none) if name in places else [none] * len(days)
        for name, none in (("split", 1.0), ("dividend", 0.0))
    )
    if yahoo:
        split = [ratio or 1.0 for ratio in split]
    return list(zip(days, split, dividend, strict=True))


def _count_faults(
    cells: Cells, symbol: str, rows: Sequence[tuple[int, tuple[str, float, float]]]
) -> None:
    """Count the rows of a symbol, given with their lines, that are impossible or there twice."""
    first: dict[str, int] = {}
    for line, row in rows:
        day, split, dividend = row
        if not (0.0 < split < math.inf and 0.0 <= dividend < math.inf):
            try:
                check_actions(symbol, Actions.of([row]))
            except DataError as error:
                cells.bad.add(line, str(error))
        if day in first:
            cells.bad.add(
                line,
                f"{symbol}: ex-date {day} is there twice, first in {cells.bad.unit} "
                f"{first[day]}; a date has one row, with split and dividend",
            )
        first.setdefault(day, line)


def _rule(
    cells: Cells,
    places: Mapping[str, int],
    options: Options,
    in_name: str | None,
    in_header: str | None,
) -> SymbolRule:
    known = {"symbol": cells.names[places["symbol"]]} if "symbol" in places else {}
    return SymbolRule(options.symbol, known, cells.bad.place, in_header=in_header, in_name=in_name)


def _grouped(
    cells: Cells, places: Mapping[str, int], chosen: np.ndarray, rule: SymbolRule
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield each symbol, what tells it, and its rows among those that are chosen.

    DataError if a row has no symbol, or if the user names rows of several symbols.
    """
    if not len(chosen):
        return
    table = pa.table({"row": chosen})
    if "symbol" in places:
        at = places["symbol"]
        table = pa.table({cells.names[at]: cells.column(at).take(pa.array(chosen))})
    rule.check(cells.label)
    told_by = BY_NAME if rule.origin == BY_NAME else ""
    for name, _, rows in rule.groups(table, None, np.array(cells.lines)[chosen]):
        yield name, told_by, chosen[rows]


def _places(names: Sequence[str], columns: Mapping[str, str], label: str) -> dict[str, int]:
    """Return the position of each field: as `columns` says, else by its usual names.

    `columns` has names of columns, or positions from 1.
    """
    places: dict[str, int] = {}
    for name, column in columns.items():
        if name not in _NAMES:
            raise DataError(f"columns can name {', '.join(_NAMES)}; there is no field {name!r}")
        if column in names:
            places[name] = names.index(column)
        elif column.isdecimal() and 1 <= int(column) <= len(names):
            places[name] = int(column) - 1
        else:
            raise DataError(f"{label}: there is no column {column!r}; columns: {', '.join(names)}")
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
    told = splits and any(dividend for _, _, dividend in found)
    return found, ("dividends are those per share of the day",) if told else ()

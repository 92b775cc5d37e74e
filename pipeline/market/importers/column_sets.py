"""The columns of the rows of each symbol of a delimited file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.codes import PRICE_COLUMNS, interval_ns
from pipeline.errors import ConfigError, DataError
from pipeline.market.catalog.account import Fact
from pipeline.market.importers.fields import (
    FIELDS,
    Fields,
    cut,
    match_fields,
    may_name_others,
    names_other_price,
    normal,
    split_zone,
)
from pipeline.market.importers.header import Header
from pipeline.market.importers.options import Options
from pipeline.market.importers.source import Source
from pipeline.market.importers.times.clock import Clock

if TYPE_CHECKING:
    from pipeline.market.importers.delimited import DelimitedLayout


#: Names of a column with the interval of each row.
_INTERVALS: Final = {"interval", "timeframe", "tf", "barsize"}


class Columns(NamedTuple):
    """The columns of the rows of one symbol, or of all symbols."""

    symbol: str | None
    """The symbol that the header names; None if it names none."""
    fields: Fields


def column_sets(
    layout: DelimitedLayout, header: Header, options: Options, source: Source
) -> list[Columns]:
    """Return the columns of each symbol that a header names, or of all rows."""
    if layout.tickers is None or options.columns:
        known = _known(layout, header, options, source)
        return [Columns(None, match_fields(header.names, options.columns, source.label, known))]
    tickers = layout.tickers(header)
    return [
        Columns(symbol, _own(columns))
        for symbol, columns in tickers.items()
        if options.symbol in (None, symbol) or len(tickers) == 1
    ]


def _own(columns: Mapping[str, str]) -> Fields:
    """Return the fields among the columns of one symbol, the others of which are left."""
    fields = {field: columns[field] for field in FIELDS if field in columns}
    return Fields(fields, own=tuple(columns.values()))


def without_doubtful_symbols(
    columns: Columns, sample: Mapping[str, pa.Array], options: Options
) -> Columns:
    """Return columns without that of the symbols if its name is no sure one and it has others.

    Symbols have no small letters, and are not all of digits. Where the user gives the symbol, such
    a column is not taken either: a series of one future has many contracts.
    """
    name = columns.fields.columns.get("symbol")
    if name is None or "symbol" in (options.columns or {}) or not may_name_others(name):
        return columns
    values = sample[name].unique().to_pylist()
    symbols = all(one and one == one.upper() and not one.strip().isdigit() for one in values)
    if symbols and options.symbol is None:
        return columns
    fields = {field: column for field, column in columns.fields.columns.items() if column != name}
    return columns._replace(fields=replace(columns.fields, columns=fields))


def without_features(
    fields: Fields, table: pa.Table, options: Options, known: Mapping[str, str]
) -> Fields:
    """Return the fields of a table without a column of symbols that has something else.

    A column whose name is no sure one has symbols if the rows of each stand together, or if times
    come again, as they do for several symbols.
    """
    name = fields.columns.get("symbol")
    given = "symbol" in (options.columns or {}) or "symbol" in known
    if name is None or given or not may_name_others(name) or not table.num_rows:
        return fields
    column = table[name].combine_chunks()
    changes = pc.sum(pc.not_equal(column.slice(1), column.slice(0, len(column) - 1))).as_py() or 0
    times = [fields.columns[one] for one in ("ts", "date", "time") if one in fields.columns]
    moments = table.group_by(times).aggregate([]).num_rows
    if changes < max(1, len(column.unique())) or moments < table.num_rows:
        return fields
    columns = {field: one for field, one in fields.columns.items() if one != name}
    return replace(fields, columns=columns)


def with_interval(columns: Columns, sample: Mapping[str, pa.Array], label: str) -> Columns:
    """Return columns with that of the intervals of the rows, if there is one.

    DataError if such a column has several values of which one is no interval.
    """
    named = [name for name in sample if normal(name) in _INTERVALS]
    if not named or "interval" in columns.fields.columns or columns.fields.ticks:
        return columns
    values = sample[named[0]].unique().to_pylist()
    if all(map(_is_interval, values)):
        fields = {**columns.fields.columns, "interval": named[0]}
        return columns._replace(fields=replace(columns.fields, columns=fields))
    if len(values) > 1:
        raise DataError(
            f"{label}: the column {cut(named[0])!r} has {values[0]!r} and {values[1]!r}, so rows "
            "are of several intervals; write these as 1m or 1h, or make a file of each interval"
        )
    return columns


def _is_interval(text: str | None) -> bool:
    try:
        return text is not None and interval_ns(text) > 0
    except ConfigError:
        return False


def zone_of_header(columns: Mapping[str, str]) -> tuple[Fact | None, str]:
    """Return the clock that the name of the column of times has, as `Time (UTC)`.

    Where it is a name like EST, which may be fixed or follow summer time, there is none, and the
    second value says why the user must give it.
    """
    names = [columns[field] for field in ("time", "ts", "date") if field in columns]
    zone = next((zone for _, zone in map(split_zone, names) if zone), "")
    clock = Clock.find(zone) if zone else None
    if clock is None:
        return None, ""
    if clock.name == "UTC" or "/" in clock.name:
        return Fact(clock.name, "file"), ""
    return None, f"the header says {zone}, which may be fixed all year or have summer time"


def _known(
    layout: DelimitedLayout, header: Header, options: Options, source: Source
) -> dict[str, str]:
    """Return the layout's own columns by the names that this header gives them.

    DataError if the header names another field where the layout has one.
    """
    columns = dict(
        layout.columns if layout.columns_of is None else layout.columns_of(header, source)
    )
    if not header.is_header:
        return columns
    for field, column in columns.items():
        name = dict(enumerate(header.names, start=1)).get(int(column) if column.isdigit() else 0)
        if name is not None and names_other_price(field, name) and not options.columns:
            raise DataError(
                f"{source.label}: column {column} is {cut(name)!r}, where the layout {layout.name} "
                f"has the {field}; leave --layout out, or name the columns with --columns"
            )
    spelled = dict(zip(header.normal_names, header.names, strict=True))
    return {
        field: name if name in header.names else spelled.get(normal(name), name)
        for field, name in columns.items()
    }


def number_columns(fields: Fields) -> list[str]:
    """Return the columns that hold numbers."""
    names = ("price", "size", "bid") if fields.ticks else PRICE_COLUMNS
    return [fields.columns[name] for name in names if name in fields.columns]

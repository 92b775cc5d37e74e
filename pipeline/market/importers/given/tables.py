"""The tables that a caller gives, whatever library made them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from typing import Any, Final

import pyarrow as pa

from pipeline.codes import SYMBOL_WORDS, is_symbol
from pipeline.errors import ConfigError, DataError
from pipeline.market.importers.given import pandas_frames
from pipeline.market.importers.given.streams import Streams, blocks_of, table_of_polars
from pipeline.market.importers.given.table import GivenTable

_EXPECTED: Final = (
    "a pandas or Polars data frame, an Arrow table or reader, anything else with "
    "__arrow_c_stream__, a dict of these by symbol, or the path of a file, folder or catalog"
)


def tables_of(data: Any, streams: Streams) -> list[GivenTable]:
    """Return the tables of data of any kind; those that can be read only once wait in ``streams``.

    ConfigError if the data are of no kind that has rows, DataError if they cannot be read or have
    no columns.
    """
    several = isinstance(data, Mapping)
    tables = _of_mapping(data, streams) if several else _of_one(data, streams)
    for table in tables:
        if not next(table.blocks()).num_columns:
            raise DataError(f"{table.label} is empty: it has no columns")
    return tables


def _of_mapping(data: Mapping[Any, Any], streams: Streams) -> list[GivenTable]:
    """Return the tables of a dict by symbol, or the one table of a dict of columns."""
    if not data:
        raise DataError("data is an empty dict, expected a table for each symbol")
    paths = [symbol for symbol, one in data.items() if isinstance(one, str | PathLike)]
    if paths:
        raise ConfigError(
            f"data[{paths[0]!r}] is {data[paths[0]]!r}, a path, expected a table: read it into one,"
            " or give paths in a list, and names of files tell the symbols"
        )
    if not any(_has_rows(one) for one in data.values()):
        return [_of_columns(data)]
    found = []
    for symbol, one in data.items():
        if not (isinstance(symbol, str) and is_symbol(symbol)):
            raise DataError(
                f"data is a dict with the key {symbol!r}, expected a symbol, which has "
                f"{SYMBOL_WORDS}"
            )
        tables = _of_one(one, streams)
        if len(tables) > 1:
            raise DataError(
                f"data[{symbol!r}] is {tables[0].kind} of several symbols, expected one of a "
                "single symbol: give it alone, without the dict"
            )
        found += [replace(table, symbol=symbol) for table in tables]
    return found


def _of_columns(data: Mapping[Any, Any]) -> GivenTable:
    try:
        table = pa.table({str(name): column for name, column in data.items()})
    except (pa.ArrowException, TypeError, ValueError) as error:
        kinds = ", ".join(dict.fromkeys(type(one).__name__ for one in data.values()))
        raise ConfigError(
            f"data is a dict of {kinds}, expected columns of one length, or a table for each "
            f"symbol ({error})"
        ) from None
    return GivenTable("a dict of columns", lambda: blocks_of(table))


def _of_one(data: Any, streams: Streams) -> list[GivenTable]:
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, pandas.Series):
        raise ConfigError(
            "data is a pandas Series, expected a DataFrame with the columns open, high, low and "
            "close"
        )
    if pandas is not None and isinstance(data, pandas.DataFrame):
        return pandas_frames.tables_of(data)
    kind = f"{_article(data)} {_name(data)}"
    if _is_lazy(data):
        return [GivenTable(kind, streams.of_lazy(data))]
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    if isinstance(data, pa.Table):
        return [GivenTable(kind, lambda: blocks_of(data))]
    if _is_polars(data):
        return [GivenTable(kind, lambda: blocks_of(table_of_polars(data)))]
    if hasattr(data, "scanner"):  # a dataset of Arrow
        data = data.scanner()
    if hasattr(data, "to_reader"):
        data = data.to_reader()
    if hasattr(data, "__arrow_c_stream__"):
        return [GivenTable(kind, streams.keep(data, kind))]
    raise ConfigError(f"data is {_article(data)} {type(data).__name__}, expected {_EXPECTED}")


def _has_rows(data: Any) -> bool:
    """Return whether an object is a table, not a column."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, (pandas.DataFrame, pandas.Series)):
        return isinstance(data, pandas.DataFrame)
    columns = (pa.ChunkedArray, pa.Array)
    is_column = isinstance(data, columns) or (
        _module(data) == "polars" and type(data).__name__ == "Series"
    )
    return not is_column and (_is_lazy(data) or hasattr(data, "__arrow_c_stream__"))


def _is_polars(data: Any) -> bool:
    return _module(data) == "polars" and type(data).__name__ == "DataFrame"


def _is_lazy(data: Any) -> bool:
    return _module(data) == "polars" and type(data).__name__ == "LazyFrame"


def _module(data: Any) -> str:
    return type(data).__module__.partition(".")[0]


def _name(data: Any) -> str:
    """Return the name of an object's class with that of its library: ``polars DataFrame``."""
    library = _module(data).removeprefix("_")
    return f"{library} {type(data).__name__}" if library != "builtins" else type(data).__name__


def _article(data: Any) -> str:
    return "an" if _name(data)[0].lower() in "aeiou" else "a"

"""Data frames of pandas: their index, and columns of two levels, as tables of Arrow.

pandas is not imported here: who gives a frame has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import pyarrow as pa

from pipeline.errors import DataError
from pipeline.market.importers.fields import names_prices
from pipeline.market.importers.given.streams import blocks_of

if TYPE_CHECKING:
    import pandas as pd

Blocks: TypeAlias = Callable[[], Iterator[pa.Table]]

#: The name of an index that has none, which is one of the usual names of times.
_INDEX: Final = "index"


class FrameTable(NamedTuple):
    """The rows of a frame, or those of one symbol in it."""

    blocks: Blocks
    """Yields the rows as Arrow tables."""
    symbol: str | None
    """The symbol, if the columns tell it."""
    notes: tuple[str, ...]
    """Remarks on the rows, whole sentences."""


def tables_of(frame: pd.DataFrame) -> list[FrameTable]:
    """Return the table of a frame, or one for each symbol if its columns have two levels.

    DataError if no level of the columns has the names of prices, or a column has values of several
    kinds.
    """
    levels = frame.columns.nlevels
    if levels == 1:
        return [FrameTable(_blocks(frame), None, ())]
    if levels > 2:
        raise DataError(
            f"the pandas DataFrame: its columns have {levels} levels, expected one, or two of "
            "which one has the symbols"
        )
    names = [[str(one) for one in frame.columns.unique(level)] for level in range(levels)]
    of_prices = [level for level in range(levels) if names_prices(names[level])]
    if len(of_prices) != 1:
        raise DataError(
            "the pandas DataFrame: its columns have two levels, of which "
            f"{'both have' if of_prices else 'none has'} the names open, high, low and close: "
            f"{', '.join(names[0][:5])}; and {', '.join(names[1][:5])}"
        )
    by = 1 - of_prices[0]
    return [_of_symbol(frame, symbol, by) for symbol in frame.columns.unique(by)]


def _of_symbol(frame: pd.DataFrame, symbol: Any, level: int) -> FrameTable:
    """Return the rows of one symbol of a frame whose columns have the symbols at a level.

    Such a frame has a row wherever any symbol has a bar. Those in which this one has no value at
    all are left out.
    """
    own = frame.xs(symbol, axis=1, level=level)
    there = own.notna().any(axis=1)
    left = len(own) - int(there.sum())
    note = f"{left:,} rows in which only other symbols have values are left out."
    return FrameTable(_blocks(own[there] if left else own), str(symbol), (note,) if left else ())


def _blocks(frame: pd.DataFrame) -> Blocks:
    table = _arrow_table(frame)
    return lambda: blocks_of(table)


def _arrow_table(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as an Arrow table, its index in front unless that only counts the rows."""
    columns: list[tuple[str, Any]] = []
    index = frame.index
    for level in range(index.nlevels):
        values = index.get_level_values(level)
        if index.nlevels > 1 or values.name is not None or not _counts(values):
            columns.append((_index_name(values), values))
    columns += [(str(name), frame.iloc[:, at]) for at, name in enumerate(frame.columns)]
    arrays = [_array(name, values) for name, values in columns]
    return pa.Table.from_arrays(arrays, [name for name, _ in columns])


def _counts(index: pd.Index[Any]) -> bool:
    """Return whether an index without a name has whole numbers, which are those of rows."""
    return index.dtype.kind in "iu"


def _index_name(index: pd.Index[Any]) -> str:
    if index.name is not None:
        return str(index.name)
    return _INDEX if index.dtype.kind != "O" or _is_date(index) else "symbol"


def _is_date(index: pd.Index[Any]) -> bool:
    """Return whether an index of objects has dates, or text that begins as a date does."""
    first = next((one for one in index if one is not None), None)
    return not isinstance(first, str) or first[:1].isdigit()


def _array(name: str, values: Any) -> pa.Array | pa.ChunkedArray:
    pandas = sys.modules["pandas"]
    if isinstance(values.dtype, pandas.PeriodDtype):
        values = values.to_timestamp() if hasattr(values, "to_timestamp") else values
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        told = " ".join(str(error).split())
        raise DataError(
            f"the pandas DataFrame: the column {name!r} cannot be read: {told}"
        ) from None

"""Data frames of pandas: their index, and columns of two levels, as tables of Arrow.

pandas is not imported here: who gives a frame has imported it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from pipeline.errors import DataError
from pipeline.market.importers.fields import names_any_field, names_prices
from pipeline.market.importers.given.streams import blocks_of
from pipeline.market.importers.given.table import GivenTable

if TYPE_CHECKING:
    import pandas as pd

#: Which kind of object a frame is.
_KIND: Final = "a pandas DataFrame"
#: The name of an index of times that has none.
_INDEX: Final = "index"
#: So many names are told.
_SHOWN: Final = 5
#: How a text begins that is a date, or a whole time.
_DATE: Final = re.compile(r"\d{1,4}[-./ ]\w{1,3}[-./ ]\d{1,4}|\d{8}|\w{3} \d|\d{1,2} \w{3} \d{4}")


def tables_of(frame: pd.DataFrame) -> list[GivenTable]:
    """Return the table of a frame, or one for each symbol if its columns have two levels.

    DataError if no level of the columns has the names of prices, or a column has values of several
    kinds.
    """
    levels = frame.columns.nlevels
    if levels == 1:
        return [_frame_table(frame, None, ())]
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
    symbols = list(frame.columns.unique(by))
    parts = [(symbol, frame.xs(symbol, axis=1, level=by)) for symbol in symbols]
    empty = [str(symbol) for symbol, own in parts if not own.notna().any(axis=None)]
    if len(empty) == len(parts):
        raise DataError("the pandas DataFrame has no values")
    notes = [f"Without any value, and left out: {_few(empty)}."] if empty else []
    found = [_of_symbol(own, str(one)) for one, own in parts if str(one) not in empty]
    return [replace(found[0], notes=(*found[0].notes, *notes)), *found[1:]]


def _of_symbol(own: pd.DataFrame, symbol: str) -> GivenTable:
    """Return the rows of one symbol of a frame that has the symbols beside each other.

    Such a frame has a row wherever any symbol has a bar. Those in which this one has no value at
    all are left out.
    """
    there = own.notna().any(axis=1)
    left = len(own) - int(there.sum())
    note = f"{left:,} rows in which only other symbols have values are left out."
    return _frame_table(own[there] if left else own, symbol, (note,) if left else ())


def _frame_table(frame: pd.DataFrame, symbol: str | None, notes: tuple[str, ...]) -> GivenTable:
    """Return a frame as a table, its index in front unless that only counts the rows."""
    known, columns = _index_columns(frame)
    columns += [(str(name), frame.iloc[:, at]) for at, name in enumerate(frame.columns)]
    left: list[str] = []
    arrays: list[tuple[str, pa.Array | pa.ChunkedArray]] = []
    for name, values in columns:
        try:
            arrays.append((name, _array(values)))
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            if names_any_field([name]):
                told = " ".join(str(error).split())
                raise DataError(
                    f"the pandas DataFrame: the column {name!r} cannot be read: {told}"
                ) from None
            left.append(name)
    table = pa.Table.from_arrays([array for _, array in arrays], [name for name, _ in arrays])
    if left:
        notes += (f"Columns that cannot be read, and are not used: {_few(left)}.",)
    return GivenTable(_KIND, lambda: blocks_of(table), symbol, notes, known)


def _index_columns(frame: pd.DataFrame) -> tuple[dict[str, str], list[tuple[str, Any]]]:
    """Return the fields that an index shows, by their columns, and its levels as columns.

    An index of times has the times of the rows, whatever other columns have, and a level beside
    one has the symbols. DataError for more levels.
    """
    index = frame.index
    levels = [index.get_level_values(level) for level in range(index.nlevels)]
    if len(levels) == 1 and levels[0].name is None and levels[0].dtype.kind in "iu":
        return {}, []  # whole numbers without a name are those of the rows
    if len(levels) > 2:
        raise DataError(
            f"the pandas DataFrame: its index has {len(levels)} levels, expected times, or times "
            "and symbols; make columns of the others with reset_index"
        )
    timed = [level for level in levels if _has_times(level)]
    known: dict[str, str] = {}
    columns: list[tuple[str, Any]] = []
    taken = {str(name) for name in frame.columns}
    for level in levels:
        is_time = _has_times(level)
        usual = _INDEX if is_time else "symbol"
        name = str(level.name if level.name is not None else usual)
        name = f"{name} of the index" if name in taken else name
        taken.add(name)
        columns.append((name, level))
        if is_time and len(timed) == 1:
            known["ts"] = name
        elif not is_time and (timed or level.name is None):
            known["symbol"] = name
    return known, columns


def _has_times(level: pd.Index[Any]) -> bool:
    """Return whether a level has times or dates: as such, as objects, or as text."""
    if level.dtype.kind == "M" or level.dtype.name.startswith("period"):
        return True
    if level.dtype.kind in "iufb" or level.dtype.name == "category":
        return False
    first = next((one for one in level if one is not None), None)
    if isinstance(first, str):
        return _DATE.match(first) is not None
    return hasattr(first, "isoformat")


def _array(values: Any) -> pa.Array | pa.ChunkedArray:
    pandas = sys.modules["pandas"]
    if isinstance(values.dtype, pandas.PeriodDtype):
        values = (values.dt if isinstance(values, pandas.Series) else values).to_timestamp()
    elif isinstance(values.dtype, pandas.SparseDtype):
        values = values.sparse.to_dense()
    return pa.array(values, from_pandas=True)


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more

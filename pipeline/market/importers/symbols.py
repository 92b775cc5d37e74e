"""The rows of each symbol in a column of symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.errors import DataError


def group_rows(
    column: pa.Array, place: Callable[[int], str]
) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
    """Yield each symbol and the rows that it has, in the order of their first rows.

    ``place`` returns the place of a row. DataError if a symbol is empty, or a whole number, whose
    zeros in front are lost: 5 may have been 000005.
    """
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        column = column.cast(pa.string())
    if not _is_text(column.type):
        kind = f"of type {column.type}"
        if pa.types.is_integer(column.type):
            kind = "whole numbers, in which zeros in front are lost"
        raise DataError(
            f"{place(0)}: the symbols are {kind}; write them as text, or give one with --symbol"
        )
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    if encoded.indices.null_count:
        raise DataError(f"{place(encoded.indices.is_null().index(True).as_py())}: no symbol")
    places = encoded.indices.to_numpy()
    order = np.argsort(places, kind="stable")
    found, first = np.unique(places[order], return_index=True)
    parts = np.split(order, first[1:])
    names = encoded.dictionary.to_pylist()
    for number, rows in sorted(zip(found, parts, strict=True), key=lambda pair: pair[1][0]):
        name = str(names[number])
        if not name.strip():
            raise DataError(f"{place(int(rows[0]))}: no symbol")
        yield name, rows


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def group_series(
    table: pa.Table,
    columns: Mapping[str, str],
    named: str | None,
    interval: str | None,
    place: Callable[[int], str],
) -> Iterator[tuple[str, str | None, npt.NDArray[np.intp]]]:
    """Yield each symbol, its interval if that is known, and the rows that they have.

    All rows are of the symbol that is ``named`` and of the ``interval`` that is known, unless their
    own ``columns``, by field, tell them. DataError as `group_rows`.
    """
    if named is not None:
        yield named, interval, np.arange(table.num_rows)
        return
    intervals = columns.get("interval")
    for symbol, rows in group_rows(only_array(table[columns["symbol"]]), place):
        if intervals is None:
            yield symbol, interval, rows
            continue
        of_symbol = only_array(table[intervals]).take(pa.array(rows))
        for own, some in group_rows(of_symbol, place):
            yield symbol, own, rows[some]


def symbol_of_all(
    given: str | None, columns: Mapping[str, str], in_name: str | None, label: str
) -> str | None:
    """Return the symbol of all rows of a source; None if one of its ``columns`` has them.

    It is the one that is ``given``, else that ``in_name`` of the file. DataError if there is none.
    """
    if given is not None or "symbol" in columns:
        return given
    if in_name is None:
        raise DataError(
            f"{label}: neither its columns nor its name tell the symbol (as the name AAPL.csv "
            "would, in capitals); give it with --symbol"
        )
    return in_name


def check_one_symbol(
    table: pa.Table, column: str | None, seen: set[str], place: Callable[[int], str]
) -> None:
    """Refuse to call rows of several symbols by one; ``seen`` has those of the blocks before.

    DataError for the first row of a second symbol. ``column`` is that of the symbols, None if there
    is none.
    """
    if column is None:
        return
    values = only_array(table[column])
    for name in values.unique().to_pylist():
        if name is None:
            continue
        if seen and str(name) not in seen:
            row = values.index(pa.scalar(name, values.type)).as_py()
            raise DataError(
                f"{place(row)}: the symbol is {name!r}, and {min(seen)!r} before; --symbol names "
                "rows of one symbol only: leave it out, or keep one symbol in the file"
            )
        seen.add(str(name))


def only_array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column as one array."""
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column

"""The rows of each symbol in a column of symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
    if pa.types.is_integer(column.type):
        raise DataError(
            f"{place(0)}: the symbols are whole numbers, in which zeros in front are lost; write "
            "them as text, or give one with --symbol"
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


def group_series(
    symbols: pa.Array, intervals: pa.Array, place: Callable[[int], str]
) -> Iterator[tuple[str, str, npt.NDArray[np.intp]]]:
    """Yield each symbol and interval, and the rows that they have. DataError as `group_rows`."""
    for symbol, rows in group_rows(symbols, place):
        for interval, some in group_rows(intervals.take(pa.array(rows)), place):
            yield symbol, interval, rows[some]

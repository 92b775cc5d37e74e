"""The symbols of the rows of a source: those of a column, or one of all rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.codes import SYMBOL_WORDS, interval_ns, is_symbol
from pipeline.errors import ConfigError, DataError


def group_rows(
    column: pa.Array, place: Callable[[int], str]
) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
    """Yield each symbol and the rows that it has, in the order of their first rows.

    Blanks around a symbol are no part of it. ``place`` returns the place of a row. DataError if a
    symbol is empty or impossible, or a whole number, whose zeros in front are lost: 5 may have been
    000005.
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
    for name, rows in _groups(column):
        if name is None or not name:
            raise DataError(f"{place(int(rows[0]))}: no symbol")
        if not is_symbol(name):
            raise DataError(f"{place(int(rows[0]))}: a symbol has {SYMBOL_WORDS}, was {name!r:.99}")
        yield name, rows


def _group_intervals(
    column: pa.Array, rows: npt.NDArray[np.intp], place: Callable[[int], str]
) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
    """Yield each interval among some ``rows``, and those that have it. DataError if one is none."""
    for name, some in _groups(column.take(pa.array(rows))):
        try:
            interval_ns(name or "")
        except ConfigError as error:
            raise DataError(f"{place(int(rows[some[0]]))}: {error}") from None
        yield name or "", rows[some]


def _groups(column: pa.Array) -> Iterator[tuple[str | None, npt.NDArray[np.intp]]]:
    """Yield each text, without blanks around it, and its rows, in the order of their first rows."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    # Texts that differ by blanks alone are one.
    texts = pc.utf8_trim_whitespace(encoded.dictionary.cast(pa.string())).to_pylist()
    names = [*dict.fromkeys(texts), None]
    at = {name: number for number, name in enumerate(names)}
    same = np.array([at[text] for text in (*texts, None)], dtype=np.intp)
    places = same[encoded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)]
    order = np.argsort(places, kind="stable")
    found, first = np.unique(places[order], return_index=True)
    parts = np.split(order, first[1:])
    for number, rows in sorted(zip(found, parts, strict=True), key=lambda pair: pair[1][0]):
        yield names[number], rows


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


BY_NAME: Final = "the name of the file"
"""From where a symbol comes that nothing in a file tells."""
NAMELESS: Final = "nothing"
"""From where the symbol comes of rows that have none."""


class SymbolRule:
    """The rule by which the rows of a source get their symbols."""

    def __init__(
        self,
        given: str | None,
        columns: Mapping[str, str],
        place: Callable[[int], str],
        *,
        in_header: str | None = None,
        in_name: str | None = None,
        given_as: str | None = None,
        nameless: str | None = None,
    ) -> None:
        """Make the rule: the symbol ``given`` by the user is that of all rows.

        Without one it is that by which rows are ``given_as`` from Python, or that of the header,
        else the ``columns``, by field, tell it, else the name of the file, else it is ``nameless``.
        ``place`` returns the place of a row of the source.
        """
        self._given, self._columns, self._place = given, columns, place
        self._given_as, self._in_header = given_as, in_header
        named = given or given_as or in_header
        if named is None and "symbol" not in columns:
            named = in_name or nameless
        self._named = named
        #: The symbols of rows that the user calls otherwise.
        self._renamed: set[str] = set()
        if given is not None:
            self.origin = "--symbol"
        elif given_as is not None:
            self.origin = "the name by which the rows are given"
        elif in_header is not None:
            self.origin = "the header"
        elif "symbol" in columns:
            self.origin = f"the column {columns['symbol']}"
        else:
            self.origin = BY_NAME if in_name or nameless is None else NAMELESS

    @property
    def called(self) -> str:
        """The symbol that the rows so far have in the source if the user calls them otherwise."""
        if self._given is None:
            return ""
        return min(self._renamed, default=self._given_as or self._in_header or "")

    def check(self, label: str, *, is_file: bool = True) -> None:
        """Raise DataError, naming the source by its ``label``, if nothing tells the symbol."""
        if self._named is None and "symbol" not in self._columns:
            name = " nor its name tell the symbol (as the name AAPL.csv would, in capitals)"
            nothing = f"neither its columns{name}" if is_file else "no column tells the symbol"
            raise DataError(f"{label}: {nothing}; give it with --symbol")

    def groups(
        self, table: pa.Table, interval: str | None, numbers: npt.NDArray[np.int64]
    ) -> Iterator[tuple[str, str | None, npt.NDArray[np.intp]]]:
        """Yield each symbol of a block, its interval if that is known, and the rows of both.

        All rows are of the ``interval`` unless a column tells it. ``numbers`` are those by which
        the source counts the rows. DataError as `group_rows`, and for rows of several symbols that
        the user wants to call by one.
        """

        def place(row: int) -> str:
            return self._place(int(numbers[row]))

        if (self._given or self._given_as) is not None and "symbol" in self._columns:
            self._check_one(only_array(table[self._columns["symbol"]]), place)
        intervals = self._columns.get("interval")
        column = None if intervals is None else only_array(table[intervals])
        if column is not None:
            every = list(_group_intervals(column, np.arange(table.num_rows), place))
            if len(every) == 1:  # as in most files: the rows of each symbol need no look
                ((interval, _),), column = every, None
        for symbol, rows in self._by_symbol(table, place):
            if column is None or not len(rows):
                yield symbol, interval, rows
                continue
            for own, some in _group_intervals(column, rows, place):
                yield symbol, own, some

    def _by_symbol(
        self, table: pa.Table, place: Callable[[int], str]
    ) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
        if self._named is not None:
            return iter([(self._named, np.arange(table.num_rows))])
        return group_rows(only_array(table[self._columns["symbol"]]), place)

    def _check_one(self, symbols: pa.Array, place: Callable[[int], str]) -> None:
        seen = self._renamed
        for name in symbols.unique().to_pylist():
            if name is None:
                continue
            if seen and str(name).strip() not in seen:
                plain = symbols.cast(pa.string())  # a dictionary has no places of values
                row = plain.index(pa.scalar(str(name), pa.string())).as_py()
                rows = (
                    "--symbol names rows of one symbol only: leave it out, or keep one symbol in "
                    "the file"
                    if self._given is not None
                    else f"what is given as {self._given_as} has one symbol only: give it alone"
                )
                raise DataError(
                    f"{place(row)}: the symbol is {name!r}, and {min(seen)!r} before; {rows}"
                )
            seen.add(str(name).strip())


def only_array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column as one array."""
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column

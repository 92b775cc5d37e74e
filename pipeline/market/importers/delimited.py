"""Delimited text with any header: the engine that all CSV vendors share.

Each vendor has a `DelimitedLayout`, which recognises its header and knows the facts that the header
does not name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from pipeline.codes import DAY_NS, PRICE_COLUMNS
from pipeline.errors import DataError
from pipeline.market.importers.fields import match_fields, normal
from pipeline.market.importers.piece import Options, Piece
from pipeline.market.importers.source import Source
from pipeline.market.importers.stamps import Int64Array, Stamps, Where, from_text

_DELIMITERS = ",;\t|"
_DURATION = r"\d+ ?(?:s|sec|m|min|h|hour|d|day)"
_PLAIN_NAME = re.compile(rf"((?:[^\W_]|[\^.$=-]){{1,15}})(?:[_ ]{_DURATION})?")


_FIRST_LINES = 8
"""How many lines of a file its layouts see."""


@dataclass(frozen=True, slots=True)
class Header:
    """The line of a text file that names its columns, or else its first row."""

    delimiter: str
    """The character between two cells."""
    cells: tuple[str, ...]
    """The cells, without blanks and quotes around them."""
    is_header: bool
    """Whether the line names columns; if not, it is the first row."""
    lines: tuple[str, ...] = ()
    """The first lines of the file."""
    at: int = 0
    """How many lines stand before it."""

    def row(self, number: int) -> tuple[str, ...]:
        """Return the cells of a line of the file, by its number from 0; none if it is not there."""
        if number >= len(self.lines):
            return ()
        return tuple(cell.strip().strip('"') for cell in self.lines[number].split(self.delimiter))

    @property
    def first_row(self) -> tuple[str, ...]:
        """The cells of the first row below the header."""
        return self.row(self.at + int(self.is_header))

    @property
    def names(self) -> tuple[str, ...]:
        """Unique names of the columns, or their positions from 1 if the line is no header."""
        if not self.is_header:
            return tuple(str(i + 1) for i in range(len(self.cells)))
        seen: dict[str, int] = {}
        unique = []
        for cell in self.cells:
            seen[cell] = seen.get(cell, 0) + 1
            unique.append(cell if seen[cell] == 1 else f"{cell}.{seen[cell]}")
        return tuple(unique)

    @property
    def normal_names(self) -> tuple[str, ...]:
        """Names reduced to letters and digits, for comparison."""
        return tuple(normal(cell) for cell in self.cells)


class RowsClock(NamedTuple):
    """The clock that the rows of a file show."""

    name: str
    """What people call it."""
    zone: ZoneInfo
    """A zone with the same clock changes."""
    ahead: int = 0
    """By how much the clock is ahead of the zone's, ns."""


@dataclass(frozen=True, slots=True)
class DelimitedLayout:
    """A kind of delimited file."""

    name: str
    """Name of the layout, for reports."""
    recognises: Callable[[Header, Source], bool]
    """Returns whether a file has this layout."""
    signs: str = ""
    """By which signs a file of this layout is recognised, one sentence."""
    skip: Callable[[Sequence[str]], int] = lambda lines: 0
    """Returns the number of lines before the header, from the first lines of the file."""
    names: Callable[[Header], tuple[str, ...]] | None = None
    """Returns the names of the columns, where they do not stand in one line."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Fields by the names or positions of their columns; others are found by their usual names."""
    columns_of: Callable[[Header, Source], Mapping[str, str]] | None = None
    """Returns fields as `columns` has them, where they depend on the file."""
    tickers: Callable[[Header], Mapping[str, Mapping[str, str]]] | None = None
    """Returns the fields of each symbol, where each symbol has columns of its own."""
    symbol: Callable[[str], str | None] = lambda name: plain_symbol(name)
    """Returns the symbol in a file name, None if there is none."""
    interval: Callable[[str], str | None] = lambda name: None
    """Returns the interval in a file name, None if there is none."""
    zone: ZoneInfo | None = None
    """Zone of times without a zone, None if the layout does not say it."""
    clock: Callable[[str, Int64Array], RowsClock | None] | None = None
    """Returns the clock that a symbol's clock times show, int64[n] in ns; None if they do not."""
    asks: str = ""
    """Why the zone must be given if neither layout, file nor rows tell it; "" if it may be UTC."""
    stamped: Literal["open", "close"] | None = None
    """Of which end of its bar a time is, None if the layout does not say it."""
    date_order: str | None = None
    """Order of dates like 3/4/2017, "mdy" or "dmy", None if the layout does not say it."""
    adjusted: str | None = None
    """For what prices are adjusted: "no", "splits", "splits and dividends"; None: not known."""
    no_price: tuple[str, ...] = ()
    """What cells say in place of a price. A row whose four prices all say so is no bar."""
    no_volume: tuple[str, ...] = ()
    """What cells say in place of a volume; such a volume is 0."""
    scale: Callable[[str, list[npt.NDArray[np.float64]]], float] | None = None
    """Returns the divisor of the prices, from the symbol and the four price columns."""
    check: Callable[[Piece], None] | None = None
    """Raises DataError if a piece shows an error that this vendor makes."""

    def read(self, source: Source, data: bytes, header: Header, options: Options) -> list[Piece]:
        """Read one file into pieces, one per symbol."""
        where = partial(_line, source.label, data, header.at + int(header.is_header))
        table = _parse(source, data, header)
        return [
            piece
            for symbol, fields in self.taken(source, header, options).items()
            for piece in self._pieces(source, table, fields, where, symbol, options)
        ]

    def taken(
        self, source: Source, header: Header, options: Options
    ) -> Mapping[str | None, Mapping[str, str]]:
        """Return the columns that are taken, by field: for each symbol with columns of its own.

        If the symbols have none, the only key is the symbol of the options, which may be None.
        """
        if self.tickers is None or options.columns:
            given = options.columns or self._known(header, source)
            return {options.symbol: match_fields(header.names, given, source.label)}
        found = self.tickers(header)
        if options.symbol is None:
            return dict(found.items())
        (columns,) = found.values() if len(found) == 1 else (found.get(options.symbol),)
        return {options.symbol: columns} if columns is not None else {}

    def _pieces(
        self,
        source: Source,
        table: pa.Table,
        fields: Mapping[str, str],
        where: Where,
        symbol: str | None,
        options: Options,
    ) -> list[Piece]:
        if self.no_price:
            kept = self._priced(table, fields)
            where = partial(chosen_row, where, kept)
            table = table.take(kept)
        named = symbol or self.symbol(source.name) or ""
        if self.no_volume and "volume" in fields:
            place = table.column_names.index(fields["volume"])
            cells = pc.utf8_trim_whitespace(only_array(table.column(place)))
            cells = pc.if_else(pc.is_in(cells, pa.array(self.no_volume)), "0", cells)
            table = table.set_column(place, fields["volume"], cells)
        stamps, zone = self._times(table, fields, where, options, named)
        values = [
            numbers(table.column(fields[name]), fields[name], where)
            if name in fields
            else np.zeros(table.num_rows)
            for name in PRICE_COLUMNS
        ]
        interval = self.interval(source.name)
        pieces = []
        for name, rows in self._symbols(source, table, fields, symbol):
            columns = [column[rows] for column in values]
            if self.scale is not None and (divisor := self.scale(name, columns[:4])) != 1:
                columns[:4] = [np.round(column) / divisor for column in columns[:4]]
            pieces.append(
                Piece(
                    symbol=name,
                    stamps=stamps.take(rows),
                    values=tuple(columns),
                    where=partial(chosen_row, where, rows),
                    interval=interval,
                    zone=zone,
                    end_stamped=self.stamped == "close",
                    check=self.check,
                )
            )
        return pieces

    def _priced(self, table: pa.Table, fields: Mapping[str, str]) -> npt.NDArray[np.intp]:
        """Return the rows of which at least one price is one."""
        priced = np.zeros(table.num_rows, dtype=bool)
        for name in PRICE_COLUMNS[:4]:
            cells = pc.utf8_trim_whitespace(only_array(table.column(fields[name])))
            said = pc.is_in(cells, pa.array(self.no_price))
            priced |= ~said.to_numpy(zero_copy_only=False)
        return np.flatnonzero(priced)

    def _times(
        self,
        table: pa.Table,
        fields: Mapping[str, str],
        where: Where,
        options: Options,
        symbol: str,
    ) -> tuple[Stamps, ZoneInfo | None]:
        """Return the times, and the zone of those without a zone, None if nobody knows it."""
        stamps = _stamps(table, fields, where, options, self.zone, self.date_order)
        dates = not (stamps.wall % DAY_NS).any()
        if options.zone is not None or self.zone is not None or stamps.utc is not None or dates:
            return stamps, self.zone
        clock = self.clock(symbol, stamps.wall) if self.clock is not None else None
        if clock is not None:
            return Stamps(stamps.wall - clock.ahead, None), clock.zone
        if self.asks:
            raise DataError(
                f"{where(0)}: {self.asks}; give the zone of its times, such as "
                "--tz America/New_York"
            )
        return stamps, None

    def _known(self, header: Header, source: Source) -> dict[str, str]:
        """Return the layout's own columns by the names that this header gives them."""
        columns = dict(self.columns if self.columns_of is None else self.columns_of(header, source))
        if not header.is_header:
            return columns
        spelled = dict(zip(header.normal_names, header.names, strict=True))
        return {
            field: name if name in header.names else spelled.get(normal(name), name)
            for field, name in columns.items()
        }

    def _symbols(
        self, source: Source, table: pa.Table, fields: Mapping[str, str], given: str | None
    ) -> list[tuple[str, npt.NDArray[np.intp]]]:
        if given is not None or "symbol" not in fields:
            symbol = given or self.symbol(source.name)
            if symbol is None:
                raise DataError(
                    f"{source.label}: neither its columns nor its name tell the symbol; "
                    "give it with --symbol"
                )
            return [(symbol, np.arange(table.num_rows))]
        return group_rows(table.column(fields["symbol"]), source.label)


def read_header(data: bytes, label: str) -> Header:
    """Read the first line of a text file. DataError if it is no UTF-8 text."""
    lines = data[: 1 << 20].lstrip(b"\r\n").split(b"\n", _FIRST_LINES)[:_FIRST_LINES]
    try:
        lines[0].decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{label}: is neither UTF-8 text nor a known binary format") from error
    return header_at(tuple(line.decode("utf-8", "replace").strip("\r") for line in lines), 0)


def header_at(lines: tuple[str, ...], at: int) -> Header:
    """Read one of the first lines of a text file as its header."""
    text = lines[at] if at < len(lines) else ""
    delimiter = max(_DELIMITERS, key=text.count)
    cells = tuple(cell.strip().strip('"') for cell in text.split(delimiter))
    is_header = not any(_is_value(cell) for cell in cells)
    return Header(delimiter, cells, is_header, lines, at)


def _is_value(cell: str) -> bool:
    return re.fullmatch(r"[-+]?[\d.][\d.:/ -]*(?:[eE][-+]?\d+)?", cell) is not None


def _parse(source: Source, data: bytes, header: Header) -> pa.Table:
    names = list(header.names)
    try:
        table = csv.read_csv(
            pa.BufferReader(data),
            read_options=csv.ReadOptions(
                use_threads=False,
                column_names=names,
                skip_rows=header.at,
                skip_rows_after_names=int(header.is_header),
                block_size=1 << 24,
            ),
            parse_options=csv.ParseOptions(delimiter=header.delimiter),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise DataError(_not_a_table(source.label, data, str(error))) from None
    if table.num_rows == 0:
        raise DataError(f"{source.label}: there are no rows")
    return table.combine_chunks()


def _not_a_table(label: str, data: bytes, words: str) -> str:
    """Say which line of a text is no row of a table; ``words`` are those of the reader."""
    quotes = 0
    for number, line in enumerate(data.split(b"\n"), start=1):
        if quotes % 2 == 0:
            opened = number
        quotes += line.count(b'"')
    if quotes % 2:
        return f'{label}, line {opened}: a quote (") is opened and never closed'
    found = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", words)
    if found is None:
        return f"{label}: {words.splitlines()[0]}"
    return f"{label}, line {found[1]}: {found[3]} fields, expected {found[2]} as in the first line"


def _line(label: str, data: bytes, before: int, row: int) -> str:
    """Return the line of a row, for messages. Blank lines are no rows, but they have numbers.

    ``before`` is the number of lines before the first row.
    """
    wanted = row + before
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip(b"\r"):
            if wanted == 0:
                return f"{label}, line {number}"
            wanted -= 1
    return label


def chosen_row(where: Where, rows: npt.NDArray[np.intp], row: int) -> str:
    """Return the place in the file of row number ``row`` of the chosen ``rows``."""
    return where(int(rows[row]) if len(rows) else 0)


def only_array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column as one array."""
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column


def numbers(column: pa.ChunkedArray, name: str, where: Where) -> npt.NDArray[np.float64]:
    """Read text as float64. DataError names the first cell that is no number."""
    text = pc.utf8_trim_whitespace(only_array(column))
    try:
        found: npt.NDArray[np.float64] = text.cast(pa.float64()).to_numpy(zero_copy_only=False)
        return found
    except pa.ArrowInvalid:
        for row, cell in enumerate(text.to_pylist()):
            try:
                pa.scalar(cell).cast(pa.float64())
            except pa.ArrowInvalid:
                raise DataError(f"{where(row)}: {name} must be a number, was {cell!r}") from None
        raise


def _stamps(
    table: pa.Table,
    fields: Mapping[str, str],
    where: Where,
    options: Options,
    zone: ZoneInfo | None,
    order: str | None,
) -> Stamps:
    text = only_array(table.column(fields.get("ts") or fields["date"]))
    if "ts" not in fields and "time" in fields:
        time = pc.utf8_trim_whitespace(only_array(table.column(fields["time"])))
        text = pc.binary_join_element_wise(pc.utf8_trim_whitespace(text), time, " ")
    return from_text(text, where, options.date_order or order, options.zone or zone)


def group_rows(column: pa.ChunkedArray, label: str) -> list[tuple[str, npt.NDArray[np.intp]]]:
    """Return the rows of each symbol in a column of symbols, in the order of the file."""
    array = only_array(column)
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    if encoded.indices.null_count:
        row = encoded.indices.is_null().index(True).as_py()
        raise DataError(f"{label}, row {row}: the symbol is empty")
    places = encoded.indices.to_numpy()
    return [
        (str(symbol), rows)
        for place, symbol in enumerate(encoded.dictionary.to_pylist())
        if len(rows := np.flatnonzero(places == place))
    ]


def plain_symbol(name: str) -> str | None:
    """Return "AAPL" for "AAPL.csv" or "AAPL_1min.csv", None for a name of another form.

    A symbol has no small letters of any alphabet.
    """
    match = _PLAIN_NAME.fullmatch(name.rpartition(".")[0] or name)
    return match[1] if match and match[1] == match[1].upper() else None


GENERIC = DelimitedLayout(
    "csv",
    recognises=lambda header, source: header.is_header,
    signs="a header with the usual names, in any order and spelling",
)
"""The layout of any other file with a header, or with columns that the user names."""

"""Reads the rows of one delimited file, block by block, for its layout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from pipeline.errors import DataError
from pipeline.market.catalog.account import UNKNOWN, Fact
from pipeline.market.importers.column_sets import (
    Columns,
    column_sets,
    number_columns,
    with_interval,
    without_doubtful_symbols,
    zone_of_header,
)
from pipeline.market.importers.empty_cells import EMPTY_CELLS
from pipeline.market.importers.fields import Fields, columns_left
from pipeline.market.importers.header import Header, split_cells
from pipeline.market.importers.notation import PLAIN, Notation, find_notation
from pipeline.market.importers.odd_rows import OddRows
from pipeline.market.importers.options import Options
from pipeline.market.importers.reading import Reading, Readings, Said
from pipeline.market.importers.rows import Rows, Spool
from pipeline.market.importers.source import Source
from pipeline.market.importers.symbols import SymbolRule, only_array
from pipeline.market.importers.tally import Tally
from pipeline.market.importers.text import BLOCK, Lines, Text
from pipeline.market.importers.times.of_day import TimesOfDay
from pipeline.market.importers.times.readers import TimeReader, open_times
from pipeline.market.importers.values import Cells, Values, checked_values
from pipeline.market.threads import check_stopped

if TYPE_CHECKING:
    from pipeline.market.importers.delimited import DelimitedLayout

Int64Array = npt.NDArray[np.int64]
_EMPTY: Final = sorted(EMPTY_CELLS)
#: So many lines show how times and numbers are written.
_SAMPLE_LINES: Final = 200
#: Bytes of a block in which each of many symbols has a few rows.
_BLOCK_OF_MANY: Final = 1 << 24


class TableReader:
    """The reading of one file."""

    def __init__(
        self,
        layout: DelimitedLayout,
        source: Source,
        text: Text,
        header: Header,
        options: Options,
        spool: Spool,
    ) -> None:
        self._layout, self._source, self._text = layout, source, text
        self._header, self._options = header, options
        self._tally = Tally(source.label, options=options)
        try:
            self._sets = column_sets(layout, header, options, source)
        except DataError as error:
            encoding = text.encoding.fact()
            if encoding.ground != "guess":
                raise
            raise DataError(
                f"{error}; the text is not UTF-8 and was read as {encoding.words()}"
            ) from None
        sample = self._sample()
        if not len(sample[header.names[0]]):
            raise DataError(f"{source.label}: there are no rows")
        self._sets = [without_doubtful_symbols(one, sample, options) for one in self._sets]
        self._sets = [with_interval(one, sample, source.label) for one in self._sets]
        self._notation = self._find_notation(sample)
        self._of_day = TimesOfDay(source.label, self._tables)
        self._times = self._open_times(self._time_text(sample))
        self._readings = Readings(source, self._tally, spool)
        self._odd = OddRows(header, self._tally, options)
        self._rules = [self._symbol_rule(columns) for columns in self._sets]

    def read(self) -> list[Reading]:
        """Read all rows. DataError if the file has none, or is no table."""
        many = self._options.symbol is None and "symbol" in self._sets[0].fields.columns
        for lines in self._text.blocks(_BLOCK_OF_MANY if many else BLOCK):
            check_stopped()
            if not (rows := self._below_header(lines)).is_blank:
                self._take(rows)
        if not self._tally.rows:
            raise DataError(f"{self._source.label}: there are no rows")
        self._odd.settle()
        words = self._times.words(lambda row: f"row {row + 1:,}")
        timed = self._times.timed or "time" in self._sets[0].fields.columns
        return self._readings.all(words, timed=timed)

    def _symbol_rule(self, columns: Columns) -> SymbolRule:
        """Return how the rows of some columns get their symbols. DataError if nothing tells it."""
        rule = SymbolRule(
            self._options.symbol,
            columns.fields.columns,
            self._tally.place,
            in_header=columns.symbol,
            in_name=self._layout.symbol(self._source.name),
            nameless=self._options.nameless,
        )
        rule.check(self._source.label)
        return rule

    # -- the form of the file -------------------------------------------------------------------

    def _sample(self) -> dict[str, pa.Array]:
        """Return the cells of the first rows, by column."""
        lines = [line for line in self._text.first_lines[self._header.above :] if line.strip()]
        names = self._header.names
        rows = [split_cells(line, self._header.delimiter) for line in lines[:_SAMPLE_LINES]]
        whole = [row for row in rows if len(row) == len(names)]
        return {
            name: pa.array([row[at] for row in whole], pa.string()) for at, name in enumerate(names)
        }

    def _find_notation(self, sample: dict[str, pa.Array]) -> Notation:
        """Return how the file writes numbers. DataError if its first rows do not show it."""
        fields = [one.fields.columns for one in self._sets]
        of_volume = {one.get("volume", one.get("size")) for one in fields}
        names = dict.fromkeys(name for one in self._sets for name in number_columns(one.fields))

        def found(cells: dict[str, pa.Array]) -> Notation:
            return find_notation(
                [cells[name] for name in names if name not in of_volume],
                [cells[name] for name in names if name in of_volume],
                delimiter=self._header.delimiter,
                decimal=self._options.decimal,
            )

        try:
            notation = found(sample)
            if notation == PLAIN and self._header.delimiter != ",":
                marked = self._marked_cells(list(names), sample)
                notation = notation if marked is None else found(marked)
        except DataError as error:
            raise DataError(f"{self._tally.place(self._header.above + 1)}: {error}") from None
        return notation

    def _marked_cells(
        self, names: list[str], sample: dict[str, pa.Array]
    ) -> dict[str, pa.Array] | None:
        """Return the first block's cells with a point or comma, and the sample; None without any.

        Where commas do not stand between cells, whole numbers at the top do not show what a point
        further down is.
        """
        for table in self._tables():
            marked = {
                name: column.filter(pc.match_substring_regex(column, "[.,]"))
                for name in names
                for column in [only_array(table[name])]
            }
            if any(len(column) for column in marked.values()):
                return {
                    name: pa.concat_arrays([column.slice(0, _SAMPLE_LINES), sample[name]])
                    for name, column in marked.items()
                }
        return None

    def _open_times(self, sample: pa.Array) -> TimeReader:
        """Return the reader of the times, with all rows as evidence where some do not tell."""
        try:
            reader = open_times(
                sample, date_order=self._options.date_order or self._layout.date_order
            )
        except DataError as error:
            raise DataError(f"{self._tally.place(self._header.above + 1)}: {error}") from None
        if reader.verdict == "unknown":
            for table in self._tables():
                reader.gather(self._time_text(table))
                if reader.verdict != "unknown":
                    break
        return reader

    def _time_text(self, table: dict[str, pa.Array] | pa.Table) -> pa.Array:
        """Return the times of rows as text, of one column or of two."""
        columns = self._sets[0].fields.columns
        if "ts" in columns:
            return only_array(table[columns["ts"]])
        date = pc.utf8_trim_whitespace(only_array(table[columns["date"]]))
        if "time" not in columns:
            return date
        return pc.binary_join_element_wise(date, self._of_day.padded(table, columns["time"]), " ")

    def _tables(self) -> Iterator[pa.Table]:
        """Yield the cells of all rows as text, in blocks."""
        for lines in self._text.blocks():
            if not (rows := self._below_header(lines)).is_blank:
                yield self._cells(rows, [], numbers=pa.string())

    # -- the rows of a block --------------------------------------------------------------------

    def _below_header(self, lines: Lines) -> Lines:
        """Return the lines of a block that are rows."""
        above = self._header.above - (lines.first - 1)
        if above <= 0:
            return lines
        start = 0
        for _ in range(above):
            start = lines.data.find(b"\n", start) + 1
            if not start:
                return Lines(b"", lines.first, 0)
        return Lines(lines.data[start:], lines.first + above, lines.ends - above)

    def _take(self, lines: Lines) -> None:
        """Take in the rows of a block."""
        odd: list[csv.InvalidRow] = []
        table, typed = self._parse(lines, odd)
        numbers = self._odd.line_numbers(lines, table.num_rows, odd)
        self._tally.rows += table.num_rows + len(odd)
        try:
            times = self._times.read(self._time_text(table))
        except DataError as error:
            raise DataError(f"{self._source.label}: {error}") from None
        bad_time = times.unread
        if bad_time.any():
            self._odd.tell_times(table, self._time_text(table), bad_time, numbers, self._times)
        for columns, rule in zip(self._sets, self._rules, strict=True):
            values = self._values(table, columns.fields, typed, numbers, bad_time)
            good = ~(bad_time | values.bad)
            whole = bool(good.all())
            rows = Rows(times.wall, times.utc, values.columns, numbers)
            interval = self._layout.interval(self._source.name)
            for symbol, own, some in rule.groups(table, interval, numbers):
                said = partial(self._said, columns.fields, rule)
                reading = self._readings.of(symbol, own, said, ticks=columns.fields.ticks)
                chosen = some if whole else some[good[some]]
                taken = rows if len(chosen) == len(rows) else rows.take(chosen)
                reading.add_scaled(taken, self._layout.scale, self._options)

    def _parse(self, lines: Lines, odd: list[csv.InvalidRow]) -> tuple[pa.Table, bool]:
        """Return the cells that are taken, and whether numbers among them are float64 already."""
        if self._notation.decimal == "point":
            try:
                return self._cells(lines, odd, numbers=pa.float64()), True
            except pa.ArrowInvalid:
                odd.clear()
        try:
            return self._cells(lines, odd, numbers=pa.string()), False
        except pa.ArrowInvalid as error:
            raise DataError(f"{self._source.label}: {str(error).splitlines()[0]}") from None

    def _cells(self, lines: Lines, odd: list[csv.InvalidRow], *, numbers: pa.DataType) -> pa.Table:
        def keep(row: csv.InvalidRow) -> str:
            odd.append(row)
            return "skip"

        names = list(self._header.names)
        text, numeric = self._taken()
        types = dict.fromkeys(text, pa.string()) | dict.fromkeys(numeric, numbers)
        if b'"' in lines.data and lines.data.count(b'"') % 2:
            raise DataError(self._open_quote(lines))
        return csv.read_csv(
            pa.BufferReader(lines.data),
            read_options=csv.ReadOptions(
                use_threads=False, column_names=names, block_size=len(lines.data) + 1
            ),
            parse_options=csv.ParseOptions(
                delimiter=self._header.delimiter, invalid_row_handler=keep
            ),
            convert_options=csv.ConvertOptions(
                check_utf8=False,  # it is: all text is checked as it is read
                column_types=types,
                include_columns=list(types),
                null_values=_EMPTY,
                strings_can_be_null=False,
                quoted_strings_can_be_null=True,
            ),
        )

    def _taken(self) -> tuple[list[str], list[str]]:
        """Return the columns that are taken: those of text, and those of numbers."""
        text: list[str] = []
        numeric: list[str] = []
        for one in self._sets:
            numbers = number_columns(one.fields)
            for name in one.fields.columns.values():
                (numeric if name in numbers else text).append(name)
        return list(dict.fromkeys(text)), list(dict.fromkeys(numeric))

    def _open_quote(self, lines: Lines) -> str:
        quotes, opened = 0, lines.first
        for number, line in enumerate(lines.data.split(b"\n"), start=lines.first):
            if quotes % 2 == 0:
                opened = number
            quotes += line.count(b'"')
        return f'{self._tally.place(opened)}: a quote (") is opened and never closed'

    def _values(
        self,
        table: pa.Table,
        fields: Fields,
        typed: bool,
        numbers: Int64Array,
        skipped: npt.NDArray[np.bool_],
    ) -> Values:
        """Return prices and volume of rows; count the rows, but those ``skipped``, without them."""
        columns = {
            name: Cells.of_numbers(only_array(table[name]))
            if typed
            else Cells.of_text(only_array(table[name]), self._notation)
            for name in number_columns(fields)
        }
        volume = fields.columns.get("volume")
        if volume is not None and self._layout.no_volume is not None:
            none = columns[volume].values == self._layout.no_volume
            columns[volume] = replace(columns[volume], empty=columns[volume].empty | none)
        return checked_values(
            fields,
            columns,
            numbers,
            skipped,
            self._tally,
            # In a table of several symbols, each has rows for the days of the others.
            without=self._layout.tickers is not None,
            own=self._layout.own,
            left_out=self._options.bad_rows == "drop",
        )

    def _said(self, fields: Fields, rule: SymbolRule, interval: str | None) -> Said:
        """Return what the file and its layout say of the rows, which have a symbol by the rule."""
        layout, header = self._layout, self._header
        clock = " and ".join(self._times.zones) or None
        ticker = "" if fields.own is None else f" {fields.own[0].rpartition(' ')[2]}"
        taken = [
            (field, _shown(header, name).removesuffix(ticker))
            for field, name in fields.columns.items()
        ]
        left = columns_left(fields.own or header.names, [one.fields for one in self._sets])
        notes = header.notes + ([layout.doubt] if layout.doubt else [])
        notes += [
            f"The column of the {field} is a guess: --columns {field}=NAME says otherwise."
            for field in fields.guessed
        ]
        encoding = self._text.encoding.fact()
        if encoding.ground == "guess":
            notes.append(f"The text was read as {encoding.words()}.")
        notes += self._notation.notes()
        notes += self._options.unused(text=True, ordered=self._times.ordered)
        ground = None if clock is None else Fact(clock, "file")
        asks = layout.asks
        if ground is None and layout.zone is not None:
            ground = Fact(str(layout.zone), "layout", "--tz")
        elif ground is None:
            ground, in_header = zone_of_header(fields.columns)
            asks = asks or in_header
        return Said(
            layout=layout.name,
            symbol=rule.origin,
            called=rule.called,
            interval=None if interval is None else Fact(interval, "file"),
            clock=ground,
            server=layout.server,
            asks=asks,
            own=layout.own,
            stamped=layout.stamped,
            adjusted=layout.adjusted or UNKNOWN,
            taken=tuple(taken),
            left=tuple(_shown(header, name).removesuffix(ticker) for name in left),
            notes=tuple(notes),
        )


def _shown(header: Header, name: str) -> str:
    return name if header.is_header else f"column {name}"

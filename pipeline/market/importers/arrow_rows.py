"""The rows of Arrow tables that follow each other: their times, values and symbols are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.codes import DAY_NS
from pipeline.errors import DataError
from pipeline.market.catalog.account import Fact
from pipeline.market.catalog.export import COLUMNS
from pipeline.market.importers import tally as kinds
from pipeline.market.importers.column_sets import number_columns, without_features
from pipeline.market.importers.delimited import plain_symbol
from pipeline.market.importers.fields import Fields, columns_left, match_fields
from pipeline.market.importers.given.streams import foreign_type
from pipeline.market.importers.notation import PLAIN
from pipeline.market.importers.options import Options
from pipeline.market.importers.reading import Reading, Readings, Said
from pipeline.market.importers.rows import Rows, Spool
from pipeline.market.importers.source import Source
from pipeline.market.importers.symbols import SymbolRule, only_array
from pipeline.market.importers.tally import Tally
from pipeline.market.importers.times.columns import add_time_of_day
from pipeline.market.importers.times.of_day import TimesOfDay
from pipeline.market.importers.times.readers import is_text, open_times
from pipeline.market.importers.times.result import EMPTY, Times
from pipeline.market.importers.times.template import plain_text
from pipeline.market.importers.values import Cells, checked_values

Tables = Callable[[], Iterator[pa.Table]]
"""Reads a source from its beginning, in blocks."""


class ArrowRows:
    """The readings of the tables of one source, by the columns of the first one."""

    def __init__(
        self,
        source: Source,
        table: pa.Table,
        options: Options,
        spool: Spool,
        *,
        tables: Tables,
        amend: Callable[[Said], Said] = lambda said: said,
    ) -> None:
        """Look at the first ``table``, whose rows are not taken in yet. DataError if it has none.

        ``tables`` reads all of them anew, ``amend`` adds to what is said of the rows.
        """
        self._source, self._options = source, options
        self._amend = amend
        self._tally = Tally(source.label, "row", options)
        names = table.column_names
        self._own = tuple(names) == COLUMNS
        known = {"interval": "interval"} if self._own else _known(source, options)
        matched = match_fields(names, options.columns, source.label, known)
        self._fields = without_features(matched, table, options, known)
        for name in self._fields.columns.values():
            if (count := names.count(name)) > 1:
                raise DataError(
                    f"{source.label} has {count} columns {name!r}, expected one: rename the others"
                )
            if (kind := foreign_type(table.schema.field(name))) is not None:
                raise DataError(
                    f"{source.label}: the column {name!r} is of the type {kind}, which Arrow does "
                    f"not have; cast it, as by with_columns(pl.col({name!r}).cast(pl.Int64))"
                )
        self._lost_zeros = TimesOfDay(source.label, tables)
        self._left = tuple(columns_left(names, [self._fields]))
        times = self._time_column(table)
        try:
            self._times = open_times(times, date_order=options.date_order)
        except DataError as error:
            raise DataError(f"{source.label}: {error}") from None
        if self._times.verdict == "unknown":
            for block in tables():
                self._times.gather(self._time_column(block))
        self._readings = Readings(source, self._tally, spool)
        self._rule = _symbol_rule(source, options, self._fields, self._tally)
        self._rule.check(source.label, is_file=source.given is None)

    @property
    def readings(self) -> list[Reading]:
        """The readings of all rows that were taken."""
        timed = self._times.timed or "time" in self._fields.columns
        return self._readings.all(self._times.words(), timed=timed)

    def _time_column(self, table: pa.Table) -> pa.Array:
        """Return the times; or their dates, where times of day stand beside them as such.

        DataError, with the place, if the dates have times of day too, or if those beside them do
        not show what they mean.
        """
        columns = self._fields.columns
        dates = only_array(table[columns.get("ts") or columns["date"]])
        if "time" not in columns or self._of_day(table) is not None:
            return dates
        of_day = self._lost_zeros.padded(table, columns["time"])
        return pc.binary_join_element_wise(self._plain_dates(dates), of_day, " ")

    def _of_day(self, table: pa.Table) -> pa.Array | None:
        """Return the times of day beside the dates; None if there are none, or only as text."""
        name = self._fields.columns.get("time")
        column = None if name is None else only_array(table[name])
        return column if column is not None and pa.types.is_time(column.type) else None

    def _read_times(self, table: pa.Table, column: pa.Array) -> Times:
        """Read the times of a block, of the ``column`` of times or dates. DataError as there."""
        try:
            times = self._times.read(column)
        except DataError as error:
            raise DataError(f"{self._source.label}: {error}") from None
        of_day = self._of_day(table)
        if of_day is None:
            return times
        if times.utc is not None or (times.wall % DAY_NS).any():
            raise self._twice_timed()
        return add_time_of_day(times, of_day)

    def _plain_dates(self, column: pa.Array) -> pa.Array:
        """Return dates as text, those of timestamps too."""
        if pa.types.is_timestamp(column.type):
            dates = column.cast(pa.date32(), safe=False)
            if not dates.cast(column.type).equals(column):
                raise self._twice_timed()
            column = dates
        return plain_text(column)

    def _twice_timed(self) -> DataError:
        date, time = (self._fields.columns[name] for name in ("date", "time"))
        return DataError(
            f"{self._source.label}: the columns {date!r} and {time!r} both have times of day; "
            f"say which is right, such as --columns ts={date}"
        )

    def take(self, table: pa.Table, first: int) -> None:
        """Take in a block of rows, of which the first one has the number ``first`` in the file."""
        rows = table.num_rows
        numbers = np.arange(first, first + rows)
        self._tally.rows += rows
        column = self._time_column(table)
        times = self._read_times(table, column)
        drops = self._options.bad_rows == "drop"
        (empty,) = np.nonzero(times.fault == EMPTY)
        self._tally.add(kinds.NO_TIME, numbers[empty], lambda _: "time is empty", left_out=drops)
        (at,) = np.nonzero(times.unread & (times.fault != EMPTY))
        self._tally.add(
            kinds.TIME,
            numbers[at],
            lambda index: self._times.explain(_text_of(column, int(at[index]))),
            left_out=drops,
        )
        cells = {
            name: _cells(table[name], name, self._tally) for name in number_columns(self._fields)
        }
        values = checked_values(
            self._fields,
            cells,
            numbers,
            times.unread,
            self._tally,
            left_out=drops,
            own=self._own,
        )
        good = ~(times.unread | values.bad)
        taken = Rows(times.wall, times.utc, values.columns, numbers)
        for symbol, interval, some in self._rule.groups(table, None, numbers):
            reading = self._readings.of(symbol, interval, self._said, ticks=self._fields.ticks)
            reading.add_scaled(taken.take(some[good[some]]), None, self._options)

    def _said(self, interval: str | None) -> Said:
        columns = self._fields.columns
        clock = " and ".join(self._times.zones)
        first = columns.get("open") or columns.get("price") or columns["bid"]
        given = self._source.given
        given_notes = () if given is None else given.notes
        said = Said(
            layout="ringtape" if self._own else "arrow",
            symbol=self._rule.origin,
            called=self._rule.called,
            interval=None if interval is None else Fact(interval, "file"),
            stamped="open" if self._own else None,
            own=self._own,
            clock=Fact(clock, "file") if clock else None,
            taken=tuple(columns.items()),
            left=self._left,
            quote="bid" in first.lower(),
            notes=self._options.unused(text=False, ordered=self._times.ordered) + given_notes,
        )
        return self._amend(said)


def _known(source: Source, options: Options) -> dict[str, str]:
    """Return the columns of fields that are known, but for those that the user names."""
    known = {} if source.given is None else dict(source.given.known)
    if {"ts", "date"} & set(options.columns or {}):
        known.pop("ts", None)
    return known


def _symbol_rule(source: Source, options: Options, fields: Fields, tally: Tally) -> SymbolRule:
    return SymbolRule(
        options.symbol,
        fields.columns,
        tally.place,
        in_name=plain_symbol(source.name),
        given_as=None if source.given is None else source.given.symbol,
        nameless=options.nameless,
    )


def _text_of(column: pa.Array, row: int) -> str | None:
    try:
        value = column[row].as_py()
    except (OverflowError, ValueError):  # Python's dates end earlier than Arrow's
        value = f"{column.type} {column[row].value}"
    return None if value is None else str(value)


def _cells(column: pa.ChunkedArray, name: str, tally: Tally) -> Cells:
    array = only_array(column)
    if is_text(array.type):
        return Cells.of_text(plain_text(array), PLAIN)
    try:
        return Cells.of_numbers(array)
    except pa.ArrowException:
        raise DataError(f"{tally.place(0)}: {name} must be a number, was {array.type}") from None

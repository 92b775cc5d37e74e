"""Parquet, Feather and Arrow IPC files of one symbol, or of many with a column of symbols."""

from __future__ import annotations

from functools import partial
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import DataError
from pipeline.market.importers.delimited import (
    chosen_row,
    group_rows,
    numbers,
    only_array,
    plain_symbol,
)
from pipeline.market.importers.fields import match_fields
from pipeline.market.importers.piece import Options, Piece
from pipeline.market.importers.source import Source
from pipeline.market.importers.stamps import Stamps, Where, from_epochs, from_text, from_utc

_MAGIC = (b"PAR1", b"ARROW1", b"FEA1")


def is_arrow(data: bytes) -> bool:
    """Return whether the first bytes are those of such a file."""
    return data.startswith(_MAGIC)


def read(source: Source, data: bytes, options: Options) -> list[Piece]:
    """Read one file into pieces, one per symbol.

    Times may be timestamps of any unit, dates, text or epochs. A timestamp without a zone is read
    in the zone of the options. If there are no other prices, columns of bids are taken, with
    volume 0.
    """
    table = _table(source, data)
    where = partial(_row, source.label)
    fields = match_fields(table.column_names, options.columns, source.label)
    for name in fields.values():
        if (count := table.column_names.count(name)) > 1:
            raise DataError(
                f"{source.label} has {count} columns {name!r}, expected one: rename the others"
            )
    stamps = _stamps(table.column(fields.get("ts") or fields["date"]), where, options)
    values = [
        _floats(table.column(fields[name]), fields[name], where)
        if name in fields
        else np.zeros(table.num_rows)
        for name in PRICE_COLUMNS
    ]
    if options.symbol is None and "symbol" in fields:
        groups = group_rows(table.column(fields["symbol"]), source.label)
    else:
        symbol = options.symbol or plain_symbol(source.name)
        if symbol is None:
            raise DataError(
                f"{source.label}: neither its columns nor its name tell the symbol; "
                "give it with --symbol"
            )
        groups = [(symbol, np.arange(table.num_rows))]
    return [
        Piece(
            symbol=symbol,
            stamps=stamps.take(rows),
            values=tuple(column[rows] for column in values),
            where=partial(chosen_row, where, rows),
            quote="bid" in fields["open"].lower(),
        )
        for symbol, rows in groups
    ]


def _row(label: str, row: int) -> str:
    return f"{label}, row {row}"


def _table(source: Source, data: bytes) -> pa.Table:
    """Decode a whole file in this thread, so that no thread of Arrow's outlives a refusal."""
    if data.startswith(b"FEA1"):
        raise DataError(f"{source.label}: Feather version 1 is not supported; write version 2")
    try:
        table = _decoded(pa.BufferReader(data), parquet=data.startswith(b"PAR1"))
        # Arrow takes as they stand: places in the file, and the names of columns and time zones.
        table.validate(full=True)
        for field in table.schema:
            _ = field.name, getattr(field.type, "tz", None)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        told = " ".join(str(error).split())  # Arrow's messages may have several lines
        raise DataError(f"{source.label} is damaged: {told}; get the file again") from error
    return table


def _decoded(buffer: pa.BufferReader, *, parquet: bool) -> pa.Table:
    if parquet:
        with pq.ParquetFile(buffer, pre_buffer=False) as file:
            return file.read(use_threads=False)
    options = pa.ipc.IpcReadOptions(use_threads=False)
    with pa.ipc.open_file(buffer, options=options) as file:
        return file.read_all()


def _stamps(column: pa.ChunkedArray, where: Where, options: Options) -> Stamps:
    array = only_array(column)
    if array.null_count:
        row = array.is_null().index(True).as_py()
        raise DataError(f"{where(row)}: the time is empty")
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return from_text(array.cast(pa.string()), where, options.date_order, options.zone)
    if pa.types.is_integer(array.type):
        return from_epochs(array.cast(pa.int64()).to_numpy(), where, options.zone)
    if not (pa.types.is_timestamp(array.type) or pa.types.is_date(array.type)):
        raise DataError(
            f"{where(0)}: the time must be a timestamp, date, text or epoch, was {array.type}"
        )
    zone = array.type.tz if pa.types.is_timestamp(array.type) else None
    try:
        ns = array.cast(pa.timestamp("ns", zone)).cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid as error:
        raise DataError(f"{where(0)}: {error}") from None
    return Stamps(ns, None) if zone is None else from_utc(ns, _clock(zone))


def _clock(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None  # a fixed offset such as +09:00: the clock of the file is not needed


def _floats(column: pa.ChunkedArray, name: str, where: Where) -> npt.NDArray[np.float64]:
    array = only_array(column)
    if array.null_count:
        row = array.is_null().index(True).as_py()
        raise DataError(f"{where(row)}: {name} is empty")
    if pa.types.is_string(array.type):
        return numbers(array, name, where)
    try:
        found: npt.NDArray[np.float64] = array.cast(pa.float64()).to_numpy(zero_copy_only=False)
        return found
    except pa.ArrowException:
        raise DataError(f"{where(0)}: {name} must be a number, was {array.type}") from None

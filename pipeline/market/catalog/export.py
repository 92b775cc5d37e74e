"""Writes series of a catalog to files that an import takes back as they are, without an option.

Each file has one series. Its columns are symbol, interval, ts, open, high, low, close and volume:
so neither its name nor an option has to say what it holds. Times are instants in UTC, and numbers
have as many digits as tell them from all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from pipeline.codes import SECOND_NS
from pipeline.errors import DataError
from pipeline.market.catalog.bar_columns import SCHEMA, BarColumns
from pipeline.market.catalog.bar_file import BarReader
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.manifest import Entry, file_name
from pipeline.native.whole_file import whole_file

FORMS: Final = ("csv", "parquet")
"""The kinds of files, each the ending of their names."""

COLUMNS: Final = ("symbol", "interval", *SCHEMA.names)
"""The columns of a file, in their order."""

_KINDS: Final = {"csv": pa.string(), "parquet": pa.dictionary(pa.int32(), pa.string())}


class Exported(NamedTuple):
    """A file that was written."""

    symbol: str
    """The symbol."""
    interval: str
    """The interval."""
    rows: int
    """Bars in the file."""
    file: Path
    """Its path."""


def export_series(catalog: Catalog, entry: Entry, folder: Path, form: str) -> Exported:
    """Write one series to a file in ``folder``, which is made if it is not there.

    ``form`` is one of `FORMS`. A file of the same name is replaced when the new one is complete.
    The memory is that of a row group. Raises DataError if the series cannot be read or the file
    cannot be written.
    """
    name = file_name(entry.symbol).removesuffix(".parquet")
    file = folder / f"{name}_{entry.interval}.{form}"
    write = _write_csv if form == "csv" else _write_parquet
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _complete(file) as sink, catalog.reader(entry.symbol, entry.interval) as reader:
            rows = write(_tables(reader, form), sink)
    except OSError as error:
        raise DataError(f"cannot write {file}: {error.strerror or error}") from error
    return Exported(entry.symbol, entry.interval, rows, file)


@contextmanager
def _complete(file: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its name only when the block has ended without error."""
    with whole_file(file) as unfinished, unfinished.open("wb") as sink:
        yield sink


def _tables(reader: BarReader, form: str) -> Iterator[pa.Table]:
    names = [pa.scalar(text, pa.string()) for text in (reader.symbol, reader.interval)]
    while (block := reader.next_block()) is not None:
        table = BarColumns(*block).to_table()
        told = [pa.repeat(text, table.num_rows).cast(_KINDS[form]) for text in names]
        yield pa.table([*told, *table.columns], COLUMNS)


def _write_parquet(tables: Iterator[pa.Table], sink: BinaryIO) -> int:
    rows = 0
    fields = [pa.field(name, _KINDS["parquet"]) for name in COLUMNS[:2]]
    with pq.ParquetWriter(sink, pa.schema([*fields, *SCHEMA])) as writer:
        for table in tables:
            writer.write_table(table.cast(writer.schema))
            rows += table.num_rows
    return rows


def _write_csv(tables: Iterator[pa.Table], sink: BinaryIO) -> int:
    rows = 0
    sink.write(f"{','.join(COLUMNS)}\n".encode())
    for table in tables:
        csv.write_csv(_whole_seconds(table), sink, _csv_options(table))
        rows += table.num_rows
    return rows


def _csv_options(table: pa.Table) -> Any:
    """Put quotes around texts only where a symbol needs them."""
    symbol = table.column("symbol")[0].as_py()
    plain = not set(symbol) & set('",\r\n')
    return csv.WriteOptions(include_header=False, quoting_style="none" if plain else "needed")


def _whole_seconds(table: pa.Table) -> pa.Table:
    """Leave fractions of a second out where there are none."""
    ts = table.column("ts")
    if np.any(ts.cast(pa.int64()).to_numpy() % SECOND_NS):
        return table
    return table.set_column(COLUMNS.index("ts"), "ts", ts.cast(pa.timestamp("s", "UTC")))

"""A Parquet file with one symbol's bars at one interval: its encoding, its hash, its reader.

The encoding was chosen by measuring how fast one core decodes 2-decimal prices from the page cache
(10 million rows, 6 columns, 65,536 rows a group; best of 12 interleaved rounds; bytes per row):

    dictionary prices, delta ts, uncompressed    0.101 s  10.2   <- used
    dictionary prices, delta ts, lz4             0.108 s   8.2
    dictionary prices, delta ts, snappy          0.144 s   8.2
    dictionary prices, delta ts, zstd            0.186 s   7.6
    plain, uncompressed                          0.102 s  48.0
    byte stream split, delta ts, lz4             0.130 s  25.5
    plain, lz4                                   0.182 s  23.6
    plain, zstd                                  0.562 s  14.4

Prices of six decimals take 0.22 s and 44.3 bytes in the encoding that is used, because dictionaries
do not suit them. Columns are declared non-null: with definition levels the first line takes 0.143
s. Row groups of 16,384 rows take a fifth longer. Row groups of 262,144 rows save a twentieth and
need four times the memory. Memory maps, pre-buffering and ``iter_batches`` make no difference
beyond the noise.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import DataError
from pipeline.native.regular_file import check_regular

FORMAT_VERSION = 1
ROW_GROUP_ROWS = 65_536
MIN_TS = -(2**63)
MAX_TS = 2**63 - 1

Int64Array = npt.NDArray[np.int64]
Float64Array = npt.NDArray[np.float64]
Block = tuple[Int64Array, tuple[Float64Array, ...]]

SCHEMA = pa.schema(
    [pa.field("ts", pa.timestamp("ns", "UTC"), nullable=False)]
    + [pa.field(name, pa.float64(), nullable=False) for name in PRICE_COLUMNS]
)
_METADATA_KEY = b"ringtape"


@dataclass(frozen=True, slots=True)
class BarColumns:
    """The columns of one series in memory."""

    ts: Int64Array
    """int64[n], the opens, ns UTC."""
    values: tuple[Float64Array, ...]
    """Five float64[n], the ``PRICE_COLUMNS``."""

    @classmethod
    def from_table(cls, table: pa.Table | pa.RecordBatch) -> BarColumns:
        """Take `ts` and the price columns of `table`, in any numeric type, and no other column.

        Raises DataError if a column is missing, has a null or is not of numbers.
        """
        missing = [name for name in ("ts", *PRICE_COLUMNS) if name not in table.schema.names]
        if missing:
            raise DataError(
                f"bars need the columns ts, {', '.join(PRICE_COLUMNS)}; missing: "
                f"{', '.join(missing)}; found: {', '.join(table.schema.names)}"
            )
        ts = _column(table, "ts", pa.int64())
        # Adding 0.0 turns -0.0 into 0.0, so that equal values have equal bytes.
        values = tuple(_column(table, name, pa.float64()) + 0.0 for name in PRICE_COLUMNS)
        return cls(ts, values)

    def to_table(self) -> pa.Table:
        """Return an Arrow table over the same memory, with the schema of a catalog file."""
        ts = pa.array(self.ts).view(SCHEMA.field("ts").type)
        return pa.table([ts, *(pa.array(v) for v in self.values)], schema=SCHEMA)

    def content_hash(self) -> str:
        """Return the sha256 of the little-endian bytes of ts, open, high, low, close, volume."""
        digest = hashlib.sha256(np.ascontiguousarray(self.ts, dtype="<i8").data)
        for column in self.values:
            digest.update(np.ascontiguousarray(column, dtype="<f8").data)
        return digest.hexdigest()


def _column(table: pa.Table | pa.RecordBatch, name: str, kind: pa.DataType) -> npt.NDArray[Any]:
    column = table.column(name)
    if isinstance(column, pa.ChunkedArray):
        column = _only_chunk(column)
    if column.null_count:
        first = column.is_null().index(True).as_py()
        raise DataError(f"column {name} has {column.null_count} empty values, first in row {first}")
    try:
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("ns", column.type.tz)).view(pa.int64())
        column = column.cast(kind)
    except pa.ArrowException as error:
        raise DataError(f"column {name} of type {column.type} is not {kind}: {error}") from None
    return _view(column, np.int64 if kind == pa.int64() else np.float64)


def _only_chunk(column: pa.ChunkedArray) -> pa.Array:
    """Return the column as one array. A column of one row group is not copied."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _view(array: pa.Array, kind: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return the 8-byte values of an Arrow array without nulls as NumPy, without a copy.

    ``to_numpy`` would import pandas, which takes a third of a second in every process that reads.
    """
    if len(array) == 0:
        return np.empty(0, dtype=kind)
    values = np.frombuffer(array.buffers()[1], dtype=kind)
    values.flags.writeable = False
    return values[array.offset : array.offset + len(array)]


def merge_bars(old: BarColumns, new: BarColumns, *, replace: bool) -> tuple[BarColumns, int, int]:
    """Unite two sorted series by timestamp into (merged, rows added, rows replaced).

    With `replace`, a new row takes the place of an old one of the same timestamp. Otherwise the two
    must be equal, and DataError has the number of conflicts and shows the first.
    """
    place = np.searchsorted(old.ts, new.ts)
    inside = np.minimum(place, len(old.ts) - 1)
    known = old.ts[inside] == new.ts
    differs = np.zeros(len(new.ts), dtype=np.bool_)
    for before, after in zip(old.values, new.values, strict=True):
        differs |= before[inside] != after
    differs &= known
    conflicts = int(np.count_nonzero(differs))
    if conflicts and not replace:
        row = int(np.argmax(differs))
        raise DataError(
            f"{conflicts:,} of {len(new.ts):,} bars conflict with bars already there, first at "
            f"{_iso(new.ts[row])}: there {_row(old, int(inside[row]))}; new {_row(new, row)}; "
            "--replace takes the new ones"
        )
    values = old.values
    if conflicts:
        values = tuple(column.copy() for column in old.values)
        for column, after in zip(values, new.values, strict=True):
            column[inside[differs]] = after[differs]
    added = ~known
    count = int(np.count_nonzero(added))
    if count == 0:
        return BarColumns(old.ts, values), 0, conflicts
    ts = np.concatenate((old.ts, new.ts[added]))
    merged = tuple(
        np.concatenate((column, after[added]))
        for column, after in zip(values, new.values, strict=True)
    )
    if new.ts[added][0] < old.ts[-1]:
        order = np.argsort(ts, kind="stable")
        ts, merged = ts[order], tuple(column[order] for column in merged)
    return BarColumns(ts, merged), count, conflicts


def _iso(ts: np.int64) -> str:
    return str(np.datetime64(int(ts), "ns")).removesuffix(".000000000") + "Z"


def _row(bars: BarColumns, row: int) -> str:
    pairs = zip(PRICE_COLUMNS, bars.values, strict=True)
    return " ".join(f"{name}={float(column[row])!r}" for name, column in pairs)


def write_bars(
    bars: BarColumns, sink: BinaryIO, *, symbol: str, interval: str, sha256: str
) -> None:
    """Encode `bars` into `sink`. Equal bars give equal bytes."""
    about = {"version": FORMAT_VERSION, "symbol": symbol, "interval": interval, "sha256": sha256}
    metadata = {_METADATA_KEY: json.dumps(about, sort_keys=True).encode()}
    pq.write_table(
        bars.to_table().replace_schema_metadata(metadata),
        sink,
        row_group_size=ROW_GROUP_ROWS,
        compression="none",
        use_dictionary=list(PRICE_COLUMNS),
        column_encoding={"ts": "DELTA_BINARY_PACKED"},
        write_page_checksum=True,
    )


def open_bars(path: Path, *, symbol: str, interval: str, sha256: str, rows: int) -> pq.ParquetFile:
    """Open a bar file and check that it is the file of its manifest entry.

    Raises DataError, naming the file, if it is missing or cannot be read, or if it has another
    schema, number of rows, symbol, interval or hash.
    """
    try:
        check_regular(path)
        file = pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True)
    except FileNotFoundError:
        raise DataError(
            f"{path} is in the manifest but not on disk; import it again with --replace"
        ) from None
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise damaged(path, error) from error
    try:
        found = _mismatch(file, symbol=symbol, interval=interval, sha256=sha256, rows=rows)
    except ValueError as error:  # of a text, or of JSON
        file.close()
        raise damaged(path, f"its footer has {error}") from error
    if found is not None:
        file.close()
        raise DataError(
            f"{path} was changed outside the catalog: {found}; import it again with --replace"
        )
    return file


def damaged(path: Path, fault: object) -> DataError:
    """Return the error that says that a bar file is damaged, and how."""
    return DataError(f"{path} is damaged: {fault}; import it again with --replace")


def _mismatch(
    file: pq.ParquetFile, *, symbol: str, interval: str, sha256: str, rows: int
) -> str | None:
    if file.metadata.num_rows != rows:
        return f"it has {file.metadata.num_rows:,} rows, the manifest says {rows:,}"
    if not file.schema_arrow.equals(SCHEMA, check_metadata=False):
        names = ", ".join(f"{field.name}: {field.type}" for field in file.schema_arrow)
        return f"its columns are [{names}]"
    metadata = file.schema_arrow.metadata or {}
    expected = {"version": FORMAT_VERSION, "symbol": symbol, "interval": interval, "sha256": sha256}
    about = json.loads(metadata.get(_METADATA_KEY, b"{}"))
    for key, value in expected.items():
        if about.get(key) != value:
            return f"its {key} is {about.get(key)!r}, the manifest says {value!r}"
    return None


def read_bars(path: Path, file: pq.ParquetFile) -> BarColumns:
    """Decode a whole bar file, and check what its footer says of the row groups.

    Raises DataError, naming ``path``, if it cannot be decoded or if the two are not of one file.
    """
    try:
        bars = BarColumns.from_table(file.read(columns=SCHEMA.names, use_threads=False))
    except (OSError, pa.ArrowException, UnicodeDecodeError, DataError) as error:
        raise damaged(path, error) from error
    first = 0
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        ts = bars.ts[first : first + group.num_rows]
        times = group.column(0)
        # Arrow ends the process if it is asked for the statistics of a column of another type.
        known = times.statistics if times.physical_type == "INT64" else None
        if known is None or len(ts) == 0 or (known.min_raw, known.max_raw) != (ts[0], ts[-1]):
            raise damaged(path, f"the footer has wrong times of row group {number}")
        first += len(ts)
    return bars


class BarReader:
    """Decodes one bar file row group by row group, in time order, within [start_ns, end_ns).

    Its memory is that of one row group, and of the blocks that the caller keeps. Row groups outside
    the range are found by their statistics and are not decoded. `rows` is an upper bound of the
    rows of all blocks together, because the first and last row group may be trimmed. Only one
    thread may use a reader. Close it, or use it in a `with` statement.
    """

    def __init__(
        self,
        file: pq.ParquetFile,
        *,
        symbol: str,
        interval: str,
        start_ns: int = MIN_TS,
        end_ns: int = MAX_TS,
        columns: tuple[str, ...] = PRICE_COLUMNS,
    ) -> None:
        unknown = [name for name in columns if name not in PRICE_COLUMNS]
        if unknown:
            raise ValueError(f"columns must be among {PRICE_COLUMNS}, was {unknown[0]!r}")
        self.symbol = symbol
        self.interval = interval
        self._file = file
        self._start = start_ns
        self._end = end_ns
        self._names = ["ts", *columns]
        self._groups = self._groups_in_range()
        self._next = 0
        self.rows = sum(file.metadata.row_group(group).num_rows for group in self._groups)

    def _groups_in_range(self) -> list[int]:
        metadata = self._file.metadata
        chosen = []
        for group in range(metadata.num_row_groups):
            statistics = metadata.row_group(group).column(0).statistics
            if statistics.max_raw >= self._start and statistics.min_raw < self._end:
                chosen.append(group)
        return chosen

    def next_block(self) -> Block | None:
        """Return the next rows in range, or None at the end.

        A block is (ts int64[n] in ns UTC, one float64[n] for each column), n > 0. The arrays are
        read-only views of Arrow memory, which stays valid as long as the arrays exist. Raises
        DataError if the file cannot be decoded.
        """
        while self._next < len(self._groups):
            group = self._groups[self._next]
            self._next += 1
            try:
                table = self._file.read_row_group(group, columns=self._names, use_threads=False)
            except (OSError, pa.ArrowException) as error:
                raise DataError(
                    f"{self.symbol} {self.interval}: row group {group} is damaged: {error}; "
                    "import it again with --replace"
                ) from error
            ts = _view(_only_chunk(table.column("ts")), np.int64)
            values = tuple(
                _view(_only_chunk(table.column(name)), np.float64) for name in self._names[1:]
            )
            if ts[0] < self._start or ts[-1] >= self._end:
                low, high = np.searchsorted(ts, (self._start, self._end))
                if low == high:
                    continue
                ts, values = ts[low:high], tuple(column[low:high] for column in values)
            return ts, values
        return None

    def close(self) -> None:
        """Close the file. Blocks stay valid. It may be called twice."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

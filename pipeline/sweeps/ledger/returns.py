"""The returns of lanes, beside a ledger: Parquet files, one for each batch that was recorded.

A file has a row per lane: the lane's key, and two lists of one length, the session dates and the
simple returns (null where a return is not defined). A complete file is named after its writer,
``<host>-<pid>-<random>.parquet``. Until it is complete, its name ends in ``.part``.
"""

import contextlib
import os
import re
import secrets
import socket
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import LedgerError
from pipeline.market.catalog.commit import sync_folder

FOLDER = "returns"
#: Lanes of a row group, all of which are read for one of them.
GROUP_LANES = 256
_NAME = re.compile(r"(?P<host>.+)-(?P<pid>[0-9]+)-[0-9a-f]{16}\.parquet(\.part)?")
_ORPHAN_SECONDS = 3600.0

Dates = npt.NDArray[np.int64]
Returns = npt.NDArray[np.float64]


def write_returns(folder: Path, keys: Sequence[str], dates: Dates, returns: Returns) -> str:
    """Write a file and return its name. The file is safe on disk when the function returns.

    ``dates`` is int64[n] in ns, ``returns`` is float64[len(keys), n]. RunError if the file cannot
    be written; then no part of it is left.
    """
    from pipeline.results.tables import writing

    name = f"{_host()}-{os.getpid()}-{secrets.token_hex(8)}.parquet"
    unfinished = folder / f"{name}.part"
    try:
        with writing(folder / name, returns.nbytes):
            folder.mkdir(exist_ok=True)
            _write(unfinished, keys, dates, returns)
            unfinished.replace(folder / name)
            sync_folder(folder)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    return name


def read_returns(path: Path, keys: Sequence[str], rows: Sequence[int]) -> tuple[Dates, Returns]:
    """Return the dates (int64[n], ns) and returns (float64[len(rows), n]) of some rows of a file.

    ``keys`` are those that the rows must have. FileNotFoundError if the file does not exist,
    LedgerError if it is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: dict[int, Returns] = {}
    dates: Dates = np.empty(0, np.int64)
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for group in sorted({row // GROUP_LANES for row in rows}):
                table = file.read_row_group(group)
                dates = _lists(table["dates"].combine_chunks(), pa.int64())[0]
                values = _lists(table["returns"].combine_chunks(), pa.float64())
                there = table["key"].to_pylist()
                for key, row in zip(keys, rows, strict=True):
                    at = row - group * GROUP_LANES
                    if 0 <= at < GROUP_LANES:
                        if there[at] != key:
                            raise LedgerError(f"{path} is damaged: row {row} is of another lane")
                        found[row] = values[at]
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException, UnicodeDecodeError, IndexError) as error:
        raise LedgerError(f"{path} is damaged: {error}") from error
    return dates, np.array([found[row] for row in rows]).reshape(len(rows), len(dates))


def remove_orphans(folder: Path, named: Collection[str]) -> None:
    """Remove files that no row of the ledger names and that no writer will name any more.

    These are files of dead processes of this machine, and files of another machine that are older
    than an hour. The caller holds the write lock, so no process is naming a file at the moment.
    """
    for path in folder.glob("*"):
        parts = _NAME.fullmatch(path.name)
        if parts is not None and path.name not in named:
            with contextlib.suppress(OSError):  # another process may have removed it
                if _is_given_up(path, parts["host"], int(parts["pid"])):
                    path.unlink()


def _is_given_up(path: Path, host: str, pid: int) -> bool:
    import psutil

    if host == _host():
        return not psutil.pid_exists(pid)
    return time.time() - path.stat().st_mtime > _ORPHAN_SECONDS


def _write(path: Path, keys: Sequence[str], dates: Dates, returns: Returns) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [
            pa.field("key", pa.string(), nullable=False),
            pa.field("dates", pa.list_(pa.timestamp("ns"))),
            pa.field("returns", pa.list_(pa.float64())),
        ]
    )
    days = pa.array(dates, pa.timestamp("ns"))
    with path.open("wb") as sink:
        with pq.ParquetWriter(sink, schema, compression="zstd", write_page_checksum=True) as writer:
            for first in range(0, len(keys), GROUP_LANES):
                part = returns[first : first + GROUP_LANES]
                starts = pa.array(np.arange(len(part) + 1, dtype=np.int32) * len(dates))
                repeated = days.take(pa.array(np.tile(np.arange(len(dates)), len(part))))
                values = pa.array(part.reshape(-1), pa.float64(), from_pandas=True)
                columns = [
                    pa.array(keys[first : first + GROUP_LANES], pa.string()),
                    pa.ListArray.from_arrays(starts, repeated),
                    pa.ListArray.from_arrays(starts, values),
                ]
                writer.write_table(pa.Table.from_arrays(columns, schema=schema))
        sink.flush()
        os.fsync(sink.fileno())


def _lists(column: Any, kind: Any) -> npt.NDArray[Any]:
    """Return a column of lists of one length as an array of two dimensions, with NaN for null."""
    values = column.flatten()
    flat = values.view(kind) if values.type != kind else values
    return flat.to_numpy(zero_copy_only=False).reshape(len(column), -1)


def _host() -> str:
    return re.sub(r"[^\w.]+", "_", socket.gethostname()) or "host"

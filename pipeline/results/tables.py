"""Writing the result tables as Parquet.

A table arrives in pieces, as arrays of 8-byte values of one lane, and is written in row groups of
exactly `GROUP_ROWS` rows (the last one may be shorter). So the bytes of a file depend on its rows,
and not on how the rows were cut into pieces.
"""

import contextlib
import errno
import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import RunError
from pipeline.results.table_kinds import Column, Columns, TableKind

GROUP_ROWS = 65_536
_AHEAD = 2  # row groups by which the caller may be ahead of the encoder


@contextlib.contextmanager
def writing(path: Path, needed: int | None = None) -> Iterator[None]:
    """Turn an OSError that is raised while `path` is written into a RunError that names the file.

    For a full disk the message has the number of free bytes, and of those `needed`, if given.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno == errno.ENOSPC:
            free = shutil.disk_usage(next(p for p in path.parents if p.exists())).free
            wanted = "" if needed is None else f"{needed:,} bytes needed, "
            reason = f"the disk is full ({wanted}{free:,} bytes free)"
        raise RunError(f"cannot write {path}: {reason}") from error


class TableWriter:
    """Writes one table to `folder/<name>.parquet`, which appears when `close` succeeds.

    Until then the file is called `<name>.parquet.part`. `abort` and any failure remove it.
    A thread of the writer encodes full row groups while the caller fills the next one. The caller
    is the slowest stage of a run, and its compiled loop releases the interpreter's lock.
    """

    def __init__(self, folder: Path, kind: TableKind, symbols: Sequence[str]) -> None:
        self.path = folder / f"{kind.name}.parquet"
        self._part = folder / f"{kind.name}.parquet.part"
        self._kind = kind
        self._symbols = list(symbols)
        self._names: tuple[str, ...] = kind.received.names or ()
        self._buffer = self._make_buffer()
        self._spare = [self._make_buffer() for _ in range(_AHEAD)]
        self._used = 0
        self._encoder = ThreadPoolExecutor(1, f"encode {kind.name}")
        self._encoding: deque[Future[None]] = deque()
        with writing(self.path):
            self._sink = pa.OSFile(str(self._part), "wb")
        self._open = True
        self._parquet: Any = None
        with self._aborted_on_error(), writing(self.path):
            # A call encodes a whole row group: the default of 1,024 values costs a tenth more.
            self._parquet = pq.ParquetWriter(
                self._sink,
                kind.schema,
                write_batch_size=GROUP_ROWS,
                write_page_checksum=True,
                **kind.parquet,
            )

    def _make_buffer(self) -> Columns:
        buffer: Columns = {
            name: np.empty(GROUP_ROWS, self._kind.received[name]) for name in self._names
        }
        buffer["lane"] = np.empty(GROUP_ROWS, np.int32)
        return buffer

    def append(self, lane: int, columns: Sequence[Column]) -> None:
        """Append rows of one lane: one array for each field of `kind.received`, which is copied.

        Raises RunError if the file cannot be written, or could not before. The writer is then
        aborted.
        """
        if not self._open:
            raise RunError(f"cannot write {self.path}: it has been closed")
        rows, start = len(columns[0]), 0
        while start < rows:
            taken = min(rows - start, GROUP_ROWS - self._used)
            end = self._used + taken
            for name, column in zip(self._names, columns, strict=True):
                self._buffer[name][self._used : end] = column[start : start + taken]
            self._buffer["lane"][self._used : end] = lane
            self._used = end
            start += taken
            if end == GROUP_ROWS:
                self._write_group()

    def flush(self) -> None:
        """Hand the last rows to the encoder without waiting for it. No rows may follow.

        It may be called twice.
        """
        if self._used:
            self._write_group()

    def close(self) -> None:
        """Write the last rows and give the file its name. It may be called twice.

        Raises RunError as `append` does.
        """
        if not self._open:
            return
        self.flush()
        while self._encoding:
            self._finish_group()
        self._encoder.shutdown()
        with self._aborted_on_error(), writing(self.path):
            self._parquet.close()
            self._sink.close()
            self._part.replace(self.path)
        self._open = False

    def abort(self) -> None:
        """Remove the unfinished file. After `close` it does nothing."""
        if self._open:
            self._open = False
            self._encoder.shutdown()
            # If the rows could not be written, the footer cannot either. The file goes anyway.
            if self._parquet is not None:
                with contextlib.suppress(OSError):
                    self._parquet.close()
            with contextlib.suppress(OSError):
                self._sink.close()
            self._part.unlink(missing_ok=True)

    def _write_group(self) -> None:
        """Hand the buffer to the encoder. If that is too far behind, wait for it first."""
        if len(self._encoding) == _AHEAD:
            self._finish_group()
        rows = {name: column[: self._used] for name, column in self._buffer.items()}
        self._encoding.append(self._encoder.submit(self._encode, rows))
        self._spare.append(self._buffer)
        self._buffer = self._spare.pop(0)
        self._used = 0

    def _finish_group(self) -> None:
        with self._aborted_on_error():
            self._encoding.popleft().result()

    def _encode(self, rows: Columns) -> None:
        table = pa.Table.from_arrays(
            self._kind.arrays(rows, self._symbols), schema=self._kind.schema
        )
        with writing(self.path, table.nbytes):
            self._parquet.write_table(table, row_group_size=GROUP_ROWS)

    @contextlib.contextmanager
    def _aborted_on_error(self) -> Iterator[None]:
        try:
            yield
        except RunError:
            self.abort()
            raise

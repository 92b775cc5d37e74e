"""Streams of Arrow: read in blocks, and kept in a temporary file if they can be read only once."""

from __future__ import annotations

import io
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import pyarrow as pa
from typing_extensions import override

from pipeline.errors import DataError, RunError
from pipeline.market.threads import check_stopped

BLOCK_ROWS: Final = 1 << 19
"""Rows of a block, at most."""


def blocks_of(table: pa.Table) -> Iterator[pa.Table]:
    """Yield a table in blocks, which are views of its columns. Its metadata is left out."""
    plain = _plain(table.replace_schema_metadata(None))
    for first in range(0, max(1, plain.num_rows), BLOCK_ROWS):
        yield plain.slice(first, BLOCK_ROWS)


def _plain(table: pa.Table) -> pa.Table:
    """Return a table with text of the usual type in place of views, which few functions take."""
    for at, field in enumerate(table.schema):
        if field.type == pa.string_view():
            table = table.set_column(at, field.name, table[at].cast(pa.large_string()))
        elif pa.types.is_dictionary(field.type) and field.type.value_type == pa.string_view():
            chunks = [
                pa.DictionaryArray.from_arrays(
                    chunk.indices, chunk.dictionary.cast(pa.large_string())
                )
                for chunk in table[at].chunks
            ]
            kind = pa.dictionary(field.type.index_type, pa.large_string())
            table = table.set_column(at, field.name, pa.chunked_array(chunks, kind))
    return table


class Streams:
    """The streams of one import that can be read only once: a context that removes their files.

    ``tell`` is called with the number of rows that were read of a stream so far.
    """

    def __init__(self, tell: Callable[[int], None] = lambda rows: None) -> None:
        self._stack = ExitStack()
        self._tell = tell

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def keep(self, stream: Any, kind: str) -> Callable[[], Iterator[pa.Table]]:
        """Read a stream to its end, block by block, into a file; return how that is read.

        ``kind`` names the stream in messages. DataError if it cannot be read, RunError if the disk
        has no room for it.
        """
        file = self._stack.enter_context(_file())
        try:
            with pa.RecordBatchReader.from_stream(stream) as reader:
                _write(reader, file, self._tell)
        except OSError as error:
            raise RunError(f"{kind} cannot be kept in {tempfile.gettempdir()}: {error}") from error
        except Exception as error:
            told = " ".join(str(error).split())
            raise DataError(f"{kind} cannot be read: {told}") from error
        shared = _Shared(file)
        return lambda: _read(shared)

    def of_lazy(self, frame: Any) -> Callable[[], Iterator[pa.Table]]:
        """Run the query of a Polars LazyFrame, with bounded memory; return how its rows are read.

        DataError if the query fails.
        """
        folder = self._stack.enter_context(
            tempfile.TemporaryDirectory(prefix="ringtape-data-", ignore_cleanup_errors=True)
        )
        path = Path(folder) / "rows.arrow"
        try:
            frame.sink_ipc(path, compression="uncompressed")
        except Exception as error:
            told = " ".join(str(error).split())
            raise DataError(f"the polars LazyFrame cannot be computed: {told}") from error
        return lambda: _read_path(path)


def _file() -> IO[bytes]:
    return tempfile.TemporaryFile(prefix="ringtape-data-")


def _write(reader: pa.RecordBatchReader, file: IO[bytes], tell: Callable[[int], None]) -> None:
    rows = 0
    schema = _plain(pa.Table.from_batches([], reader.schema.remove_metadata())).schema
    with pa.ipc.new_stream(file, schema) as writer:
        for batch in reader:
            check_stopped()
            tell(rows := rows + batch.num_rows)
            for block in blocks_of(pa.Table.from_batches([batch])):
                writer.write_table(block)


def _read(shared: _Shared) -> Iterator[pa.Table]:
    with pa.ipc.open_stream(_View(shared)) as reader:
        empty = True
        for batch in reader:
            yield pa.Table.from_batches([batch])
            empty = False
        if empty:
            yield reader.schema.empty_table()


def _read_path(path: Path) -> Iterator[pa.Table]:
    with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
        for number in range(reader.num_record_batches):
            yield from blocks_of(pa.Table.from_batches([reader.get_batch(number)]))
        if not reader.num_record_batches:
            yield from blocks_of(reader.schema.empty_table())


class _Shared:
    """A file that several readers read, each from its own place."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lock = threading.Lock()

    def read(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes from a place on; all that follow if it is negative."""
        with self._lock:
            self._file.seek(offset)
            return self._file.read(size)


class _View(io.RawIOBase):
    """Reads a shared file from its beginning."""

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self._at = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def read(self, size: int = -1) -> bytes:
        block = self._shared.read(self._at, size)
        self._at += len(block)
        return block

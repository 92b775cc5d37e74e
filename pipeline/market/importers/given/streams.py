"""Streams of Arrow: read in blocks, and kept in a temporary file if they can be read only once."""

from __future__ import annotations

import errno
import io
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import pyarrow as pa
from typing_extensions import override

from pipeline.errors import DataError, RingtapeError, RunError
from pipeline.market.threads import check_stopped

BLOCK_ROWS: Final = 1 << 19
"""Rows of a block, at most."""
_NO_ROOM: Final = re.compile(
    rf"os error ({errno.ENOSPC}|{errno.EDQUOT}|{errno.EFBIG}|{errno.EROFS})\b"
)
"""How Polars says that the disk takes no more."""
_FOREIGN: Final = b"ringtape.type"
"""What a field has in its metadata whose type Arrow does not have: the name of that type."""


def blocks_of(table: pa.Table) -> Iterator[pa.Table]:
    """Yield a table in blocks, which are views of its columns. Its metadata is left out."""
    plain = without_views(table.replace_schema_metadata(None))
    for first in range(0, max(1, plain.num_rows), BLOCK_ROWS):
        yield plain.slice(first, BLOCK_ROWS)


def without_views(table: pa.Table) -> pa.Table:
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


def table_of_polars(frame: Any) -> pa.Table:
    """Return a data frame of Polars as a table.

    Columns of types that Arrow does not have, such as Int128, are without values in it, and
    `foreign_type` tells of which type they are.
    """
    plain, foreign = _without_foreign(frame, frame.schema)
    return _marked(pa.table(plain), foreign)


def foreign_type(field: pa.Field) -> str | None:
    """Return the type that a column has where it comes from; None if Arrow has that type too."""
    found = (field.metadata or {}).get(_FOREIGN)
    return None if found is None else found.decode()


def _without_foreign(frame: Any, schema: Mapping[str, Any]) -> tuple[Any, dict[str, str]]:
    """Return a frame of Polars with nulls in columns that Arrow cannot take, and their types."""
    polars = sys.modules["polars"]

    def takes(columns: Mapping[str, Any]) -> bool:
        try:
            pa.table(polars.DataFrame(schema=columns))
        except pa.ArrowException:
            return False
        return True

    if takes(schema):
        return frame, {}
    foreign = {name: str(kind) for name, kind in schema.items() if not takes({name: kind})}
    nulls = [polars.lit(None, dtype=polars.Null).alias(name) for name in foreign]
    return frame.with_columns(nulls), foreign


def _marked(table: pa.Table, foreign: Mapping[str, str]) -> pa.Table:
    for name, kind in foreign.items():
        at = table.column_names.index(name)
        field = pa.field(name, table[at].type, metadata={_FOREIGN: kind})
        table = table.set_column(at, field, table[at])
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
        try:
            file = self._stack.enter_context(_file())
        except OSError as error:
            raise _no_room(kind, error) from error
        try:
            with pa.RecordBatchReader.from_stream(stream) as reader:
                _write(reader, _Sink(file, kind), self._tell)
        except RingtapeError:
            raise
        except Exception as error:
            told = " ".join(str(error).split())
            raise DataError(f"{kind} cannot be read: {told}") from error
        shared = _Shared(file)
        return lambda: _read(shared)

    def of_lazy(self, frame: Any) -> Callable[[], Iterator[pa.Table]]:
        """Run the query of a Polars LazyFrame, with bounded memory; return how its rows are read.

        DataError if the query fails, RunError if the disk has no room for the rows.
        """
        kind = "the polars LazyFrame"
        try:
            folder = self._stack.enter_context(
                tempfile.TemporaryDirectory(prefix="ringtape-data-", ignore_cleanup_errors=True)
            )
        except OSError as error:
            raise _no_room(kind, error) from error
        path = Path(folder) / "rows.arrow"
        try:
            plain, foreign = _without_foreign(frame, frame.collect_schema())
            plain.sink_ipc(path, compression="uncompressed")
        except Exception as error:
            told = " ".join(str(error).split())
            if _NO_ROOM.search(told):
                raise _no_room(kind, error) from error
            raise DataError(f"{kind} cannot be computed: {told}") from error
        return lambda: (_marked(block, foreign) for block in _read_path(path))


@contextmanager
def _file() -> Iterator[IO[bytes]]:
    file = tempfile.TemporaryFile(prefix="ringtape-data-")  # noqa: SIM115 - closed below
    try:
        yield file
    finally:
        with suppress(OSError):  # of the last bytes, which had no room: nobody needs them now
            file.close()


def _no_room(kind: str, error: Exception) -> RunError:
    """Return the error that says why something cannot wait on the disk."""
    told = getattr(error, "strerror", None) or " ".join(str(error).split())
    try:
        folder = f"the temporary directory {tempfile.gettempdir()}"
    except OSError:
        folder = "a temporary directory"
    return RunError(f"{kind} cannot be kept in {folder}: {told}; set TMPDIR to another directory")


class _Sink(io.RawIOBase):
    """Writes to a file. RunError, naming the ``kind`` of what is kept, if there is no room."""

    def __init__(self, file: IO[bytes], kind: str) -> None:
        self._file, self._kind = file, kind

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, data: Any) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            raise _no_room(self._kind, error) from error

    @override
    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError as error:
            raise _no_room(self._kind, error) from error


def _write(reader: pa.RecordBatchReader, file: _Sink, tell: Callable[[int], None]) -> None:
    rows = 0
    schema = without_views(pa.Table.from_batches([], reader.schema.remove_metadata())).schema
    with pa.ipc.new_stream(file, schema) as writer:
        for batch in reader:
            check_stopped()
            tell(rows := rows + batch.num_rows)
            for block in blocks_of(pa.Table.from_batches([batch])):
                writer.write_table(block)
    file.flush()


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

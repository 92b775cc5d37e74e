"""Parquet, Feather and Arrow IPC, files or streams, of one symbol or with a column of symbols."""

from __future__ import annotations

import io
import mmap
from collections.abc import Iterator
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import DataError
from pipeline.market.importers.arrow_rows import ArrowRows
from pipeline.market.importers.given.streams import without_views
from pipeline.market.importers.options import Options
from pipeline.market.importers.reading import Reading
from pipeline.market.importers.rows import Spool
from pipeline.market.importers.source import Source
from pipeline.market.threads import check_stopped

_MAGIC: Final = (b"PAR1", b"ARROW1", b"FEA1", _STREAM := b"\xff\xff\xff\xff")
#: The last bytes of a stream.
_END: Final = _STREAM + bytes(4)


def is_arrow(begin: bytes) -> bool:
    """Return whether the first bytes are those of such a file."""
    return begin.startswith(_MAGIC)


def read(source: Source, options: Options, spool: Spool) -> list[Reading]:
    """Read one file: a reading for each symbol. DataError if it cannot be read.

    Times may be timestamps of any unit, dates, text or epochs. A timestamp without a zone is on the
    clock of the options. If there are no other prices, columns of bids are taken, with volume 0.
    """
    reader: ArrowRows | None = None
    first = 0
    for table in _tables(source):
        check_stopped()
        if reader is None:
            reader = ArrowRows(source, table, options, spool, tables=lambda: _tables(source))
        reader.take(table, first)
        first += table.num_rows
    if reader is None or not first:
        raise DataError(f"{source.label}: there are no rows")
    return reader.readings


def _tables(source: Source) -> Iterator[pa.Table]:
    """Yield a file in blocks, decoded in this thread, so that no thread of Arrow's is left."""
    if source.given is not None:
        yield from source.given.tables()
        return
    begin = source.begin(8)
    if begin.startswith(b"FEA1"):
        raise DataError(f"{source.label}: Feather version 1 is not supported; write version 2")
    try:
        for table in _decoded(source, begin):
            # Arrow takes as they stand: places in the file, the names of columns and zones.
            table.validate(full=True)
            for field in table.schema:
                _ = field.name, getattr(field.type, "tz", None)
            yield without_views(table)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        told = " ".join(str(error).split())  # Arrow's messages may have several lines
        raise DataError(f"{source.label} is damaged: {told}; get the file again") from error


def _decoded(source: Source, begin: bytes) -> Iterator[pa.Table]:
    if begin.startswith(b"PAR1"):
        with source.seekable() as stream, pq.ParquetFile(stream, pre_buffer=False) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group, use_threads=False)
        return
    options = pa.ipc.IpcReadOptions(use_threads=False)
    with source.seekable() as stream:
        if begin.startswith(_STREAM):
            with pa.ipc.open_stream(stream, options=options) as batches:
                for batch in batches:
                    yield pa.Table.from_batches([batch])
            stream.seek(-len(_END), io.SEEK_END)
            if stream.read() != _END:
                raise pa.ArrowInvalid("the stream has no end")
            return
        # Only the footer tells of all files where their batches and their schema are.
        with pa.ipc.open_file(_in_memory(stream), options=options) as file:
            for number in range(file.num_record_batches):
                yield pa.Table.from_batches([file.get_batch(number)])


def _in_memory(stream: BinaryIO) -> pa.BufferReader:
    """Return the content of a file on the disk as a map of it, or of one in memory.

    From anything else, Arrow would read in threads of its own, which outlive a refusal.
    """
    if isinstance(stream, io.BytesIO):
        return pa.BufferReader(stream.getvalue())
    return pa.BufferReader(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))

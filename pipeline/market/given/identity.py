"""The identity of data: a hash of their rows, or of their files, and of how they are imported."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Final

import pyarrow as pa
from typing_extensions import Buffer, override

from pipeline.market.importers.options import Options
from pipeline.market.importers.registry.plugins import Plugins
from pipeline.market.importers.source import Source
from pipeline.market.threads import check_stopped

#: To be raised when an import makes other bars of the same rows than before.
_EDITION: Final = 1
_BLOCK_BYTES: Final = 1 << 22


def identity_of(
    sources: Sequence[Source],
    options: Options,
    plugins: Plugins,
    tell: Callable[[int], None] = lambda rows: None,
) -> str:
    """Return 32 hex digits over the content of sources and the options of their import.

    It is also one over the versions of the packages whose importers may read a file. Equal rows of
    another library or with other types of columns may have another identity; what is made of them
    is equal all the same. ``tell`` is called with the rows of a table that were read so far.
    DataError if a source cannot be read.
    """
    found = hashlib.sha256(json.dumps([_EDITION, asdict(options)], default=str).encode())
    for source in sources:
        if source.given is None:
            # The folders above a file may tell what it is, as those of LEAN do.
            found.update(json.dumps([str(source.path), source.name]).encode())
            readers = plugins.that_may_read(source.name, options.layout)
            found.update(json.dumps([asdict(one) for one in readers]).encode())
            for block in source.blocks(_BLOCK_BYTES):
                check_stopped()
                found.update(block)
        else:
            said = source.given.symbol, source.given.notes, dict(source.given.known)
            found.update(json.dumps(said).encode())
            _hash_tables(source, found, tell)
    return found.hexdigest()[:32]


def _hash_tables(source: Source, found: hashlib._Hash, tell: Callable[[int], None]) -> None:
    """Hash the rows of given tables as a stream of Arrow has them, whatever lies around them."""
    assert source.given is not None
    writer: pa.RecordBatchStreamWriter | None = None
    rows = 0
    for table in source.given.tables():
        check_stopped()
        if writer is None:
            writer = pa.ipc.new_stream(_Hashing(found), table.schema)
        writer.write_table(table)
        tell(rows := rows + table.num_rows)
    if writer is not None:
        writer.close()


class _Hashing(io.RawIOBase):
    """A file of which only the hash is kept."""

    def __init__(self, found: hashlib._Hash) -> None:
        self._found = found

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, block: Buffer, /) -> int:
        self._found.update(block)
        return memoryview(block).nbytes

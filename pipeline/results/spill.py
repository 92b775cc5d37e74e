"""The raw file to which an engine with several lanes appends its rows during the run.

The lanes of an engine advance together, but in the result files each lane's rows are contiguous.
So rows are first appended as they come, in chunks of one table and one lane, to one file per
engine, and `SpillReader.chunks` gives them back ordered by lane. Appending holds no rows in memory
and needs one open file for any number of lanes. The file of a killed engine can be read up to its
end.

A chunk is a header of four int64 (MAGIC, table number, lane, number of rows), and then the rows of
each column. The last header of a finished file has table number END.
"""

import contextlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.results.table_kinds import TABLES, Column
from pipeline.results.tables import writing

MAGIC = 0x314C4C4950535452  # "RTSPILL1" as little-endian bytes
END = -1
BUFFER_BYTES = 1 << 20
HEADER_BYTES = 4 * 8


class SpillWriter:
    """Appends chunks to a file. `close` marks the file as complete."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with writing(path):
            path.parent.mkdir(exist_ok=True)
            self._file = io.BufferedWriter(io.FileIO(path, "wb"), BUFFER_BYTES)

    def append(self, table: int, lane: int, columns: Sequence[Column]) -> None:
        """Append rows of `TABLES[table]` of one lane, one array for each field of the table.

        Raises RunError if they cannot be written.
        """
        rows = len(columns[0])
        with writing(self.path, HEADER_BYTES + rows * 8 * len(columns)):
            self._file.write(np.array([MAGIC, table, lane, rows], "<i8").data)
            for column in columns:
                self._file.write(np.ascontiguousarray(column).data)

    def close(self) -> None:
        """Finish the file. It may be called twice. Raises RunError if it cannot be written."""
        if not self._file.closed:
            with writing(self.path, BUFFER_BYTES):
                self._file.write(np.array([MAGIC, END, 0, 0], "<i8").data)
                self._file.close()

    def abort(self) -> None:
        """Close the file without marking it as complete. The rows written so far can be read."""
        # Rows in the buffer are lost if they cannot be written. An aborted run already has an error
        # to report.
        with contextlib.suppress(OSError):
            self._file.close()


class SpillReader:
    """Reads the chunks of a spill file by table and lane. It is a context manager.

    `complete` says whether the writer closed the file. If it did not, only the chunks before the
    first torn one count.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("rb", buffering=0)
        chunks, self.complete = self._walk(path.stat().st_size)
        self._chunks = chunks[np.lexsort((chunks[:, 1], chunks[:, 0]))]

    def __enter__(self) -> "SpillReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def lanes(self, table: int) -> list[int]:
        """Return the lanes that have rows in `TABLES[table]`, ascending."""
        return [int(lane) for lane in np.unique(self._of(table)[:, 1])]

    def chunks(self, table: int, lane: int) -> Iterator[list[Column]]:
        """Yield the columns of each chunk of a table and lane, in the order of writing."""
        kind = TABLES[table].received
        kinds = [kind[name] for name in kind.names or ()]
        chunks = self._of(table)
        first, last = np.searchsorted(chunks[:, 1], (lane, lane + 1))
        for _, _, offset, rows in chunks[first:last].tolist():
            self._file.seek(offset)
            words = np.frombuffer(self._read(rows * kind.itemsize), "<i8").reshape(-1, rows)
            yield [column.view(dtype) for column, dtype in zip(words, kinds, strict=True)]

    def _of(self, table: int) -> NDArray[np.int64]:
        """Return the chunks of a table, ordered by lane, those of one lane as written."""
        first, last = np.searchsorted(self._chunks[:, 0], (table, table + 1))
        return self._chunks[first:last]

    def _walk(self, size: int) -> tuple[NDArray[np.int64], bool]:
        """Find every whole chunk; return int64[N, 4], and whether the end of the file is there.

        The four numbers of a chunk are its table, lane, offset in bytes and number of rows.
        """
        found: list[tuple[int, int, int, int]] = []
        offset, complete = 0, False
        while offset + HEADER_BYTES <= size and not complete:
            self._file.seek(offset)
            header = np.frombuffer(self._read(HEADER_BYTES), "<i8").tolist()
            magic, table, lane, rows = header
            offset += HEADER_BYTES
            if magic != MAGIC or not END <= table < len(TABLES):
                break
            complete = table == END
            if not complete:
                found.append((table, lane, offset, rows))
                offset += rows * TABLES[table].received.itemsize
        if found and offset > size:
            found.pop()
        return np.array(found, np.int64).reshape(-1, 4), complete

    def _read(self, size: int) -> bytes:
        """Read exactly `size` bytes. One read of the system may give fewer."""
        pieces = []
        while size:
            piece = self._file.read(size)
            if not piece:
                raise EOFError(f"{self.path} ended {size:,} bytes early")
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

"""Tests of the contract of importers, for their authors.

A package that has an importer takes them into its own tests, which pytest then runs::

    from pathlib import Path

    from pipeline.market.importers.registry.contract import ImporterContract
    from ringtape_acme import IMPORTER


    class TestAcme(ImporterContract):
        importer = IMPORTER
        files = (Path(__file__).parent / "sample.bars",)

The tests are methods without fixtures; `ImporterContract.check` calls all of them without pytest.
"""

from __future__ import annotations

import gc
import tempfile
import tracemalloc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import psutil
import pyarrow as pa

from pipeline.errors import DataError
from pipeline.market.importers.joining import make_parts
from pipeline.market.importers.options import Options
from pipeline.market.importers.registry.batches import Use
from pipeline.market.importers.registry.importer import (
    HEAD_BYTES,
    Importer,
    ReadOptions,
    fault_of,
)
from pipeline.market.importers.rows import Spool
from pipeline.market.importers.source import Source, find_sources

#: Files of others, by name: none of them is an importer's own.
_FOREIGN: Final = {
    "prices.csv": b"ts,open,high,low,close,volume\n2024-03-04T14:30:00Z,1,2,1,2,5\n",
    "AAPL.txt": b"20240304;1;2;1;2;5\n20240305;1;2;1;2;5\n",
    "bars.parquet": b"PAR1\x15\x04\x15\x10\x15\x14",
    "bars.arrow": b"ARROW1\x00\x00\xff\xff\xff\xff",
    "more.zip": b"PK\x03\x04\x14\x00\x00\x00",
    "book.xlsx": b"PK\x03\x04\x14\x00\x06\x00",
    "state.json": b'{"bars": []}\n',
    "page.html": b"<!doctype html>\n<html>",
    "picture.png": b"\x89PNG\r\n\x1a\n",
    "zeros.bin": bytes(64),
    "nothing": b"",
}
#: Sizes of batches that must give the same rows.
_SIZES: Final = (1, 7, 1000)
#: Rows of a large file; another one has four times as many.
_LARGE: Final = 20_000
#: Rows of a batch of these.
_BATCH: Final = 1000
#: Bytes that more rows may take without being kept.
_SLACK: Final = 1 << 20


class ImporterContract:
    """The contract, a test a rule. A subclass names the `importer` and `files` of its own."""

    importer: Importer
    """The importer."""
    files: Sequence[Path] = ()
    """Small files of its own, which lie on the disk as they come, at least one."""
    options: Options = Options()
    """What a user must say so that the files can be imported, such as a symbol; the interval of
    ticks is said for it."""
    cut_is_told: bool = True
    """Whether a file shows that its end is missing. Text that is cut at the end of a line does
    not."""

    def make_large(self, folder: Path, rows: int) -> Path | None:
        """Write a file of so many rows into a folder; None if that cannot be done.

        With it, the memory that `read` takes is measured, of two files that differ in size.
        """
        return None

    def check(self) -> None:
        """Call all tests. AssertionError, which says what was expected, for the first failure."""
        for name in dir(self):
            if name.startswith("test_"):
                getattr(self, name)()

    def test_it_is_an_importer(self) -> None:
        """It has a name, methods, and conventions that are all said."""
        fault = fault_of(self.importer)
        _require(not fault, fault)

    def test_it_knows_its_own_files(self) -> None:
        """Each sample gets a score above 0, by its first bytes alone."""
        for path, head in self._heads():
            score = self._score(path, head)
            _require(
                type(score) is int and 0 < score <= 100,
                f"sniff must give {path.name} a score from 1 to 100, was {score!r}",
            )

    def test_it_claims_no_files_of_others(self) -> None:
        """Files of other kinds get the score 0, and so does an empty one of its own ending."""
        own = {f"empty{path.suffix}": b"" for path, _ in self._heads()}
        for name, head in (_FOREIGN | own).items():
            score = self._score(Path(name), head)
            _require(score == 0, f"sniff must give {name} of others the score 0, was {score!r}")

    def test_it_looks_at_nothing_but_name_and_head(self) -> None:
        """A score is the same again, wherever the file lies, and whether it is there at all."""
        for path, head in self._heads():
            first = self._score(path, head)
            again = self._score(path, head)
            elsewhere = self._score(Path("/nowhere/at/all", path.name), head)
            _require(
                first == again == elsewhere,
                f"sniff must give {path.name} the same score each time, and without the file, was "
                f"{first!r}, {again!r} and {elsewhere!r}",
            )
            with _watched(path, "sniff"):
                self._score(path, head)

    def test_it_knows_short_heads(self) -> None:
        """Whatever the number of first bytes is, a score is given."""
        for path, head in self._heads():
            for size in (0, 1, 3, 10, 100, len(head) // 2):
                score = self._score(path, head[:size])
                _require(
                    type(score) is int and 0 <= score <= 100,
                    f"sniff must give {path.name} a score for its first {size} bytes, was "
                    f"{score!r}",
                )

    def test_it_reads_batches_of_the_contract(self) -> None:
        """Batches have the columns and types of the contract, one schema, and rows."""
        for path in self._files():
            with _watched(path, "read"):
                _require(self._table(path).num_rows > 0, f"{path.name} must have rows")

    def test_rows_are_the_same_in_batches_of_any_size(self) -> None:
        """No batch has more rows than are asked for, and together they are the same."""
        for path in self._files():
            whole = self._table(path)
            for size in _SIZES:
                table = self._table(path, size)
                _require(
                    table.equals(whole),
                    f"{path.name} must have the same rows in batches of {size}, as it has in "
                    f"larger ones: {whole.num_rows} rows, was {table.num_rows}",
                )

    def test_it_reads_lazily_and_closes_the_file(self) -> None:
        """The first batch can be had alone; the file is closed after the last one, or before."""
        for path in self._files():
            with _watched(path, "read, closed behind its first batch,"):
                batches = self.importer.read(path, ReadOptions(batch_rows=1))
                _require(
                    hasattr(batches, "__next__"),
                    f"read must give an iterator, was {type(batches).__name__}",
                )
                next(batches)
                close = getattr(batches, "close", None)
                if close is not None:
                    close()
                del batches

    def test_a_damaged_file_is_told(self) -> None:
        """A file that is cut raises DataError with its name in one line, or has its first rows."""
        for path in self._files():
            data = path.read_bytes()
            told = [self._cut(path, data[:size]) for size in (len(data) // 2, len(data) - 1)]
            _require(
                any(told) or not self.cut_is_told,
                f"read must raise DataError for {path.name} if its end is missing (or set "
                "cut_is_told = False, if such a file cannot show it)",
            )

    def test_its_rows_can_be_imported(self) -> None:
        """The rows pass the checks that all imports make."""
        for path in self._files():
            (source,) = find_sources(path)
            options = self.options
            if options.interval is None and "open" not in self._table(path).column_names:
                options = replace(options, interval="1m")
            with Spool() as spool:
                readings = self._use(source).read(options, spool)
                make_parts(readings, options, spool)

    def test_memory_is_bounded(self) -> None:
        """The memory that `read` takes does not grow with the number of rows."""
        peaks = [self._peak(rows) for rows in (_LARGE, 4 * _LARGE)]
        small, large = (peak or 0 for peak in peaks)
        _require(
            large < 2 * small + _SLACK,
            f"read must take about as much memory for {4 * _LARGE:,} rows as for {_LARGE:,}, was "
            f"{large:,} bytes and {small:,}",
        )

    def _files(self) -> Sequence[Path]:
        _require(len(self.files) > 0, "files must name at least one sample")
        return self.files

    def _heads(self) -> Iterator[tuple[Path, bytes]]:
        """Give each sample with its first bytes."""
        for path in self._files():
            (source,) = find_sources(path)
            yield path, source.begin(HEAD_BYTES)

    def _score(self, path: Path, head: bytes) -> int:
        try:
            return self.importer.sniff(path, head)
        except Exception as error:  # whatever it raises
            what = f"{path.name} with {len(head)} first bytes"
            raise AssertionError(f"sniff must give a score to {what}, raised {error!r}") from error

    def _use(self, source: Source) -> Use:
        return Use(self.importer, source, repr(self.importer.name), "importer")

    def _table(self, path: Path, batch_rows: int | None = None) -> pa.Table:
        (source,) = find_sources(path)
        asked = ReadOptions.of(self.options)
        if batch_rows is not None:
            asked = replace(asked, batch_rows=batch_rows)
        tables = list(self._use(source).tables(asked))
        _require(len(tables) > 0, f"{path.name} must have rows")
        large = max(table.num_rows for table in tables)
        _require(
            large <= asked.batch_rows,
            f"a batch of {path.name} must have at most {asked.batch_rows} rows, had {large}",
        )
        return pa.concat_tables(tables).cast(_plain(tables[0].schema)).combine_chunks()

    def _peak(self, rows: int) -> int | None:
        """Return the most memory that reading a large file takes, bytes; None if there is none."""
        with tempfile.TemporaryDirectory() as folder:
            path = self.make_large(Path(folder), rows)
            if path is None:
                return None
            found = peak = 0
            tracemalloc.start()
            try:
                before = pa.total_allocated_bytes()
                for batch in self.importer.read(path, ReadOptions(batch_rows=_BATCH)):
                    found += batch.num_rows
                    held = tracemalloc.get_traced_memory()[0] + pa.total_allocated_bytes()
                    peak = max(peak, held - before)
            finally:
                tracemalloc.stop()
            _require(found == rows, f"{path.name} must have {rows:,} rows, was {found:,}")
            return peak

    def _cut(self, path: Path, data: bytes) -> bool:
        """Return whether a file that is cut is refused; else its rows must be the first ones."""
        with tempfile.TemporaryDirectory() as folder:
            cut = Path(folder, path.name)
            cut.write_bytes(data)
            try:
                rows = list(self.importer.read(cut, ReadOptions.of(self.options)))
            except DataError as error:
                named = path.name in str(error) and "\n" not in str(error)
                _require(named, f"the error must name {path.name} in one line, was {str(error)!r}")
                return True
            count = sum(batch.num_rows for batch in rows)
        whole = self._table(path)
        _require(
            count <= whole.num_rows,
            f"{path.name} must have no more rows if it is cut, was {count} of {whole.num_rows}",
        )
        return False


def _plain(schema: pa.Schema) -> pa.Schema:
    """Return a schema without dictionaries, which may differ from batch to batch."""
    kinds = {field.name: field.type for field in schema}
    return pa.schema(
        {
            name: kind.value_type if pa.types.is_dictionary(kind) else kind
            for name, kind in kinds.items()
        }
    )


def _require(right: bool, words: str) -> None:
    if not right:
        raise AssertionError(words)


def _opened(path: Path) -> Iterable[str]:
    found = path.resolve()
    return [one.path for one in psutil.Process().open_files() if Path(one.path) == found]


@contextmanager
def _watched(path: Path, part: str) -> Iterator[None]:
    """Require that a file is not open any more at the end."""
    yield
    gc.collect()
    _require(not _opened(path), f"{part} must close {path.name}, which is still open")

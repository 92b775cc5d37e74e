"""The batches of an importer, as readings: from here on its rows are those of any file."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Literal

import pyarrow as pa

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import DataError, RingtapeError, text_of
from pipeline.market.catalog.account import UNKNOWN, Fact, Ground
from pipeline.market.importers.arrow_rows import ArrowRows
from pipeline.market.importers.options import Options
from pipeline.market.importers.reading import Reading, Said
from pipeline.market.importers.registry.importer import INSTANTS, Importer, ReadOptions
from pipeline.market.importers.rows import Spool
from pipeline.market.importers.source import Source
from pipeline.market.threads import check_stopped

_BARS: Final = ("ts", *PRICE_COLUMNS)
_TRADES: Final = ("ts", "price", "size")
_QUOTES: Final = ("ts", "bid", "ask")
_TEXTS: Final = ("symbol", "interval")
_STAMPS: Final[dict[str, Literal["open", "close"]]] = {"open": "open", "close": "close"}
#: Bytes of a packed source that are unpacked at once.
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Use:
    """The use of an importer for one source."""

    importer: Importer
    source: Source
    words: str
    """What messages call the importer, such as ``'acme' of ringtape-acme 0.1``."""
    ground: Ground
    """Who says what the conventions say."""

    def sniff(self, head: bytes) -> int:
        """Return the score that the importer gives to the source. DataError if it gives none."""
        path = self.source.path.parent / self.source.name
        try:
            score = self.importer.sniff(path, head)
        except Exception as error:  # whatever the code of others raises
            raise self._failed("sniff", error) from error
        if isinstance(score, bool) or not isinstance(score, int) or not 0 <= score <= 100:
            raise DataError(
                f"the importer {self.words} must give a score from 0 to 100 to "
                f"{self.source.label}, was {score!r}"
            )
        return score

    def read(self, options: Options, spool: Spool, notes: tuple[str, ...] = ()) -> list[Reading]:
        """Read the source: a reading for each symbol, with ``notes`` on it.

        DataError if it cannot be read, or if a batch is not as the contract has it.
        """
        asked = ReadOptions.of(options)
        notes = (*notes, *asked.unused(self.importer.uses, self.importer.name))
        rows: ArrowRows | None = None
        first = 0
        with contextlib.closing(self.tables(asked)) as tables:
            for table in tables:
                check_stopped()
                if rows is None:
                    names = {name: name for name in table.column_names}
                    rows = ArrowRows(
                        self.source,
                        table,
                        replace(options, columns=names, date_order=None),
                        spool,
                        tables=lambda: self.tables(asked),
                        amend=partial(self._said, schema=table.schema, notes=notes),
                    )
                rows.take(table, first)
                first += table.num_rows
        if rows is None:
            raise DataError(f"{self.source.label}: there are no rows")
        readings = rows.readings
        for reading in readings:
            reading.times = ""  # only the importer knows how the file writes them
        return readings

    def tables(self, asked: ReadOptions) -> Generator[pa.Table, None, None]:
        """Yield the batches as tables of one schema, none of them empty. DataError as `read`."""
        schema: pa.Schema | None = None
        with (
            on_disk(self.source) as path,
            contextlib.closing(self._batches(path, asked)) as batches,
        ):
            for batch in batches:
                if not isinstance(batch, pa.RecordBatch):
                    raise self._wrong(f"yields a {type(batch).__name__}, expected record batches")
                if schema is None:
                    schema = batch.schema
                    self._check(schema)
                if batch.schema != schema:
                    raise self._wrong("yields batches of several schemas, expected one")
                if batch.num_rows:
                    yield pa.Table.from_batches([batch])

    def _batches(self, path: Path, asked: ReadOptions) -> Generator[pa.RecordBatch, None, None]:
        batches: Iterator[pa.RecordBatch] | None = None
        try:
            batches = self.importer.read(path, asked)
            yield from batches
        except RingtapeError as error:
            # A packed source lies elsewhere while it is read.
            raise DataError(str(error).replace(str(path), self.source.label)) from error
        except Exception as error:  # whatever the code of others raises
            raise self._failed("read", error) from error
        finally:
            close = getattr(batches, "close", None)
            if close is not None:
                close()

    def _check(self, schema: pa.Schema) -> None:
        """Raise DataError if columns are missing, unknown, or of a type that is not expected."""
        names = schema.names
        needed = _TRADES if "price" in names else _QUOTES if "bid" in names else _BARS
        missing = [name for name in needed if name not in names]
        if missing:
            raise self._wrong(
                f"yields no column {missing[0]!r}; expected {', '.join(_BARS)}; of trades "
                f"{', '.join(_TRADES)}; of quotes {', '.join(_QUOTES)}"
            )
        for field in schema:
            if field.name not in (*needed, *_TEXTS) or names.count(field.name) > 1:
                raise self._wrong(
                    f"yields a column {field.name!r} too many; expected {', '.join(needed)}, and "
                    f"perhaps {' and '.join(_TEXTS)}"
                )
            expected = _expected(field)
            if expected:
                raise self._wrong(f"yields {field.name} as {field.type}, expected {expected}")
        kind = schema.field("ts").type
        conventions = self.importer.conventions
        if pa.types.is_timestamp(kind) and kind.tz is None and conventions.clock == INSTANTS:
            raise self._wrong(
                "yields times without a zone, and its clock says that it has instants"
            )

    def _said(self, said: Said, schema: pa.Schema, notes: tuple[str, ...]) -> Said:
        """Return what is said of the rows, as the conventions of the importer have it."""
        conventions = self.importer.conventions
        kind = schema.field("ts").type
        clock = None if said.clock is None else Fact(said.clock.value, self.ground)
        if pa.types.is_timestamp(kind) and kind.tz is None and conventions.clock != UNKNOWN:
            clock = Fact(conventions.clock, self.ground, "--tz")
        told = f"as the {self.ground} {self.importer.name} says."
        if conventions.empty_bars is not None and not pa.types.is_date(kind):
            bars = "have bars too" if conventions.empty_bars else "have no bars"
            notes = (*notes, f"Times without trades {bars}, {told}")
        return replace(
            said,
            layout=self.importer.name,
            ground=self.ground,
            clock=clock,
            stamped=_STAMPS.get(conventions.stamped),
            adjusted=conventions.adjusted,
            notes=notes,
        )

    def _wrong(self, what: str) -> DataError:
        return DataError(f"{self.source.label}: the importer {self.words} {what}")

    def _failed(self, part: str, error: Exception) -> DataError:
        told = f"{type(error).__name__}: {text_of(error) or 'no message'}"
        return DataError(f"{self.source.label}: {part} of the importer {self.words} failed: {told}")


def _expected(field: pa.Field) -> str:
    """Return what a column should be; "" if it is that."""
    kind = field.type
    if field.name == "ts":
        right = pa.types.is_timestamp(kind) or pa.types.is_date32(kind)
        return "" if right else "a timestamp or date32"
    if field.name in _TEXTS:
        inner = kind.value_type if pa.types.is_dictionary(kind) else kind
        right = pa.types.is_string(inner) or pa.types.is_large_string(inner)
        return "" if right else "text"
    right = pa.types.is_floating(kind) or pa.types.is_integer(kind)
    return "" if right else "numbers"


@contextlib.contextmanager
def on_disk(source: Source) -> Iterator[Path]:
    """Give the path of a source's content; of a packed one, that of a copy that is removed then."""
    if not source.packed:
        yield source.path
        return
    with tempfile.TemporaryDirectory(prefix="ringtape-import-") as folder:
        path = Path(folder, source.name)
        try:
            with path.open("wb") as copy:
                for block in source.blocks(_BLOCK):
                    check_stopped()
                    copy.write(block)
        except OSError as error:
            raise DataError(
                f"{source.label} cannot be unpacked into the temporary directory "
                f"{tempfile.gettempdir()}: {error.strerror}; set TMPDIR to another directory"
            ) from error
        yield path

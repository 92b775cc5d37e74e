"""The catalog: bars on disk by interval and symbol, with a manifest that says what there is.

    <catalog>/manifest.json               one entry per series: rows, range, sources, content hash
    <catalog>/<interval>/<symbol>.parquet

A write is all or nothing, over any number of series. Everything is checked in memory first. Then
the files are written beside their targets (`*.new`), and the future manifest as
`manifest.json.commit`, whose appearance is the point of no return: a crash before it leaves the
former state, a crash after it is finished by whoever opens the catalog next.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import DataError
from pipeline.market.bar_file import (
    MAX_TS,
    MIN_TS,
    BarColumns,
    BarReader,
    merge_bars,
    open_bars,
    read_bars,
    write_bars,
)
from pipeline.market.bars import PRICE_COLUMNS, check_bars, interval_name, interval_ns
from pipeline.market.catalog_lock import catalog_lock
from pipeline.market.catalog_manifest import (
    Entry,
    Key,
    file_name,
    manifest_bytes,
    not_found,
    parse_manifest,
)

__all__ = ["BarReader", "Catalog", "Entry", "Series", "WriteResult"]

MANIFEST = "manifest.json"
COMMIT = "manifest.json.commit"


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What one write did to one series, in rows; `rows` is the series' total afterwards."""

    added: int
    unchanged: int
    replaced: int
    rows: int


class Series(NamedTuple):
    """Bars to write: an Arrow table with `ts` (ns UTC) and the price columns, sorted by `ts`."""

    symbol: str
    interval: str
    table: pa.Table
    source: str


class _Change(NamedTuple):
    bars: BarColumns
    sources: tuple[str, ...]


class Catalog:
    """A folder of bar files. Opening one costs nothing; its manifest is read when first asked."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._cached: tuple[tuple[int, int, int], dict[Key, Entry]] | None = None

    # -- reading ------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """List every series by interval length, then symbol; DataError if there is no catalog."""
        found = self._manifest()
        return sorted(found.values(), key=lambda e: (interval_ns(e.interval), e.symbol))

    def entry(self, symbol: str, interval: str) -> Entry:
        """Return one series; DataError naming the nearest ones when it is not there."""
        manifest = self._manifest()
        interval = interval_name(interval_ns(interval))
        found = manifest.get((interval, symbol))
        if found is None:
            raise DataError(not_found(self.path, manifest, symbol, interval))
        return found

    def reader(
        self,
        symbol: str,
        interval: str,
        start_ns: int = MIN_TS,
        end_ns: int = MAX_TS,
        columns: tuple[str, ...] = PRICE_COLUMNS,
    ) -> BarReader:
        """Open a series for block-wise reading of the bars with start_ns <= ts < end_ns.

        Raises DataError when the series is not there or its file is not the one the manifest
        describes. A reader that is open while the series is written goes on reading the old bars.
        """
        return BarReader(
            self._open(symbol, interval),
            symbol=symbol,
            interval=interval,
            start_ns=start_ns,
            end_ns=end_ns,
            columns=columns,
        )

    def load(self, symbol: str, interval: str) -> pa.Table:
        """Read a whole series (ts timestamp[ns, UTC], prices float64) and verify its hash."""
        return self._load(self.entry(symbol, interval)).to_table()

    def _open(self, symbol: str, interval: str) -> pq.ParquetFile:
        while True:
            entry = self.entry(symbol, interval)
            try:
                return open_bars(
                    self.path / entry.file,
                    symbol=symbol,
                    interval=entry.interval,
                    sha256=entry.sha256,
                    rows=entry.rows,
                )
            except DataError:
                # A writer may have replaced the file since the manifest was read: look again.
                if self.entry(symbol, interval) == entry:
                    raise

    def _load(self, entry: Entry) -> BarColumns:
        with self._open(entry.symbol, entry.interval) as file:
            try:
                bars = read_bars(file)
            except (OSError, pa.ArrowException) as error:
                raise DataError(
                    f"{self.path / entry.file} is damaged: {error}; import it again with --replace"
                ) from error
        if bars.content_hash() != entry.sha256:
            raise DataError(
                f"{self.path / entry.file} is damaged: its content has the hash "
                f"{bars.content_hash()}, the manifest says {entry.sha256}; import it again with "
                "--replace"
            )
        return bars

    def _manifest(self) -> dict[Key, Entry]:
        path = self.path / MANIFEST
        if (self.path / COMMIT).exists():
            try:
                with catalog_lock(self.path):
                    self._recover()
            except OSError as error:
                raise DataError(
                    f"an interrupted write to {self.path} has to be finished: {error}"
                ) from error
        try:
            state = path.stat()
            key = (state.st_ino, state.st_mtime_ns, state.st_size)
            if self._cached is None or self._cached[0] != key:
                self._cached = (key, parse_manifest(path))
            return self._cached[1]
        except (FileNotFoundError, NotADirectoryError):
            what = "has no manifest.json" if self.path.is_dir() else "does not exist"
            raise DataError(
                f"no catalog at {self.path}: the folder {what}; `ringtape import` makes one"
            ) from None
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from error

    # -- writing ------------------------------------------------------------------------------

    def write(
        self, symbol: str, interval: str, table: pa.Table, source: str, replace: bool = False
    ) -> WriteResult:
        """Merge bars into one series; see `write_all`."""
        return self.write_all([Series(symbol, interval, table, source)], replace=replace)[0]

    def write_all(
        self, series: Sequence[Series], replace: bool = False, overwrite: bool = False
    ) -> list[WriteResult]:
        """Merge bars into any number of series: all of them, or none and a DataError.

        A bar that is there already with equal values is left alone; if that is true of all of
        them, nothing is written. A bar that is there with other values is a conflict and refused,
        unless `replace`. With `overwrite` a series becomes exactly the bars given, others go. Both
        also start a series anew whose file is lost or damaged. Results come in the order of
        `series`, which names each at most once. Writers to one catalog wait for each other.
        """
        checked = {(item.interval, item.symbol): (item, _checked(item)) for item in series}
        if len(checked) < len(series):
            raise ValueError("a series must be given at most once")
        created = _make_folder(self.path)
        try:
            with catalog_lock(self.path):
                self._recover()
                known = dict(self._manifest()) if (self.path / MANIFEST).exists() else {}
                merged = {
                    key: self._merge(known, item, new, replace=replace, overwrite=overwrite)
                    for key, (item, new) in checked.items()
                }
                changed = {key: change for key, (_, change) in merged.items() if change is not None}
                if changed:
                    self._commit(known, changed)
        except OSError as error:
            raise DataError(
                f"cannot write to the catalog {self.path}: {error.strerror or error}; "
                "it is unchanged"
            ) from error
        finally:
            for folder in created:  # only succeeds if nothing was written
                with contextlib.suppress(OSError):
                    folder.rmdir()
        return [result for result, _ in merged.values()]

    def _merge(
        self,
        known: dict[Key, Entry],
        item: Series,
        new: BarColumns,
        *,
        replace: bool,
        overwrite: bool,
    ) -> tuple[WriteResult, _Change | None]:
        """Compute what a series will be, None if it stays; touches no file."""
        entry = known.get((item.interval, item.symbol))
        old = None
        if entry is None:
            _check_case(item.symbol, item.interval, set(known))
        else:
            try:
                old = self._load(entry)
            except DataError:
                if not (replace or overwrite):
                    raise
        if entry is None or old is None:
            rows = len(new.ts)
            return WriteResult(rows, 0, 0, rows), _Change(new, (item.source,))
        try:
            bars, added, replaced = merge_bars(old, new, replace=replace or overwrite)
        except DataError as error:
            raise DataError(f"{item.symbol} {item.interval} from {item.source}: {error}") from None
        sources = {item.source, *entry.sources}
        if overwrite:
            bars, sources = new, {item.source}
        result = WriteResult(added, len(new.ts) - added - replaced, replaced, len(bars.ts))
        same = not added and not replaced and len(bars.ts) == len(old.ts)
        if same and not (overwrite and entry.sources != tuple(sources)):
            return result, None
        return result, _Change(bars, tuple(sorted(sources)))

    def _commit(self, known: dict[Key, Entry], changed: dict[Key, _Change]) -> None:
        """Write the changed series and the manifest beside the old ones, then swap them in."""
        entries = dict(known)
        temporary: list[Path] = []
        created: list[Path] = []
        commit = self.path / COMMIT
        try:
            for (interval, symbol), (bars, sources) in changed.items():
                entry = _describe(symbol, interval, bars, sources)
                entries[interval, symbol] = entry
                created += _make_folder((self.path / entry.file).parent)
                temporary.append(self.path / (entry.file + ".new"))
                with _durable(temporary[-1]) as sink:
                    write_bars(bars, sink, symbol=symbol, interval=interval, sha256=entry.sha256)
            temporary.append(self.path / (COMMIT + ".new"))
            with _durable(temporary[-1]) as sink:
                sink.write(manifest_bytes(entries))
            temporary[-1].replace(commit)
        except BaseException:
            for path in temporary:
                path.unlink(missing_ok=True)
            for folder in created:
                with contextlib.suppress(OSError):
                    folder.rmdir()
            raise
        try:
            self._recover()
        except OSError as error:
            raise DataError(
                f"the write to {self.path} is complete but not yet in place: {error}; "
                "the next use of the catalog finishes it"
            ) from error

    def _recover(self) -> None:
        """Finish a write that reached its point of no return, else remove what it left.

        The caller holds the lock, so no write is under way.
        """
        commit = self.path / COMMIT
        if commit.exists():
            for entry in parse_manifest(commit).values():
                with contextlib.suppress(FileNotFoundError):
                    (self.path / (entry.file + ".new")).replace(self.path / entry.file)
            commit.replace(self.path / MANIFEST)
            _sync_folder(self.path)
        else:
            for leftover in (*self.path.glob("*.new"), *self.path.glob("*/*.parquet.new")):
                leftover.unlink()


def _checked(item: Series) -> BarColumns:
    label = f"{item.symbol} {item.interval} from {item.source}"
    if item.interval != interval_name(interval_ns(item.interval)):
        raise DataError(
            f"{label}: interval must be written {interval_name(interval_ns(item.interval))}"
        )
    file_name(item.symbol)
    try:
        bars = BarColumns.from_table(item.table)
    except DataError as error:
        raise DataError(f"{label}: {error}") from None
    if len(bars.ts) == 0:
        raise DataError(f"{label}: there are no bars")
    try:
        check_bars(item.symbol, item.interval, bars.ts, *bars.values)
    except DataError as error:
        raise DataError(f"{item.source}: {error}") from None
    return bars


def _check_case(symbol: str, interval: str, keys: set[Key]) -> None:
    """Two symbols that differ only in case would be one file on some systems."""
    for other_interval, other in keys:
        if other_interval == interval and other != symbol and other.lower() == symbol.lower():
            raise DataError(
                f"symbol {symbol!r} differs only in case from {other!r}, which is in the catalog "
                f"at {interval}; import it under that name or another"
            )


def _describe(symbol: str, interval: str, bars: BarColumns, sources: tuple[str, ...]) -> Entry:
    return Entry(
        symbol=symbol,
        interval=interval,
        rows=len(bars.ts),
        first_ts=int(bars.ts[0]),
        last_ts=int(bars.ts[-1]),
        sources=sources,
        sha256=bars.content_hash(),
        file=f"{interval}/{file_name(symbol)}",
    )


def _make_folder(path: Path) -> list[Path]:
    """Make a folder and its parents; return those that were made, innermost first."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot make the folder {path}: {error.strerror}") from error
    return missing


@contextlib.contextmanager
def _durable(path: Path) -> Iterator[BinaryIO]:
    """Make a file that is on disk, not only in a cache, when the block ends."""
    with path.open("wb") as sink:
        yield sink
        sink.flush()
        os.fsync(sink.fileno())


def _sync_folder(path: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""The catalog: bars on disk by interval and symbol, with a manifest that lists them.

    <catalog>/manifest.json               one entry per series: rows, range, sources, content hash
    <catalog>/<interval>/<symbol>.parquet bars
    <catalog>/actions/<symbol>.parquet    splits and dividends, where there are any

A write changes any number of series or none at all (`commit`). Bars are read, checked, merged and
written block by block, so that no series need fit into memory.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.codes import PRICE_COLUMNS, interval_name, interval_ns
from pipeline.errors import DataError
from pipeline.market.actions import ACTIONS, NONE, Actions, check_actions, read_actions
from pipeline.market.catalog.bar_columns import SCHEMA, BarBlocks
from pipeline.market.catalog.bar_file import (
    MAX_TS,
    MIN_TS,
    BarReader,
    damaged,
    file_hash,
    open_bars,
)
from pipeline.market.catalog.commit import Edit
from pipeline.market.catalog.manifest import Entry, Key, not_found
from pipeline.market.catalog.merge import (
    How,
    Merged,
    Series,
    SeriesWrite,
    StoredBars,
    WriteResult,
    check_case,
    check_name,
    merge_table,
)
from pipeline.market.catalog.opening import home_of
from pipeline.market.catalog.price_jumps import NO_JUMPS, PriceJumps, unexplained
from pipeline.market.catalog.verified import Verified


class Contents(NamedTuple):
    """Hashes of what some symbols have in a catalog, those of the manifest."""

    #: Of the bars of one interval, by symbol and interval, as "SPY 1m"; of those that are there.
    bars: dict[str, str]
    #: Of the corporate actions, by symbol; None where there are none.
    actions: dict[str, str | None]


class Catalog:
    """A folder of bar files, or the objects below an address (s3://bucket/prefix, gs://...).

    Making this object reads nothing: the manifest is read when needed. Files of an object store
    are brought into a mirror in the user's cache when they are needed.

    ``verifying`` is called with a symbol before its file of bars is read whole because it has
    changed since it was verified, which takes a millisecond for 10,000 bars.
    """

    def __init__(
        self, path: str | os.PathLike[str], verifying: Callable[[str], None] = lambda symbol: None
    ) -> None:
        self._home = home_of(path)
        self._verifying = verifying
        self._verified = Verified(self._home.marks)

    @property
    def place(self) -> str:
        """The path or address of the catalog, as messages name it."""
        return self._home.place

    @property
    def path(self) -> Path:
        """The folder in which its files are read, below the cache if the catalog is elsewhere."""
        return self._home.folder

    # -- reading ------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """Return every series, by length of interval, then symbol. DataError without a catalog."""
        return sorted(self._series().values(), key=lambda e: (interval_ns(e.interval), e.symbol))

    def entry(self, symbol: str, interval: str) -> Entry:
        """Return one series. DataError, with the nearest ones, if it is not there."""
        series = self._series()
        interval = interval_name(interval_ns(interval))
        found = series.get((interval, symbol))
        if found is None:
            raise DataError(not_found(self.place, series, symbol, interval))
        return found

    def require_bars(self, symbol: str) -> None:
        """Raise DataError, naming the nearest symbols, if there are no bars of a symbol."""
        _check_bars_of(self.place, self._series(), symbol)

    def action_entries(self) -> list[Entry]:
        """Return the tables of corporate actions, by symbol. Their times are ex-dates at 00:00Z."""
        found = [entry for key, entry in self.manifest().items() if key[0] == ACTIONS]
        return sorted(found, key=lambda entry: entry.symbol)

    def contents(self, symbols: Sequence[str], interval: str) -> Contents:
        """Return the hashes of the bars of one interval, and of the actions, of some symbols."""
        manifest, name = self.manifest(), interval_name(interval_ns(interval))
        bars = {symbol: manifest.get((name, symbol)) for symbol in symbols}
        actions = {symbol: manifest.get((ACTIONS, symbol)) for symbol in symbols}
        return Contents(
            {f"{symbol} {name}": one.sha256 for symbol, one in bars.items() if one},
            {symbol: one.sha256 if one else None for symbol, one in actions.items()},
        )

    def actions(self, symbol: str) -> Actions:
        """Return a symbol's splits and dividends, which may be none. DataError as `load`."""
        while True:
            entry = self.manifest().get((ACTIONS, symbol))
            if entry is None:
                return NONE
            try:
                self.fetch(entry)
                return read_actions(self.path / entry.file, symbol=symbol, sha256=entry.sha256)
            except DataError:
                # A writer may have replaced the file, as in _open.
                if self.manifest().get((ACTIONS, symbol)) == entry:
                    raise

    def jumps(self, entry: Entry) -> PriceJumps:
        """Return where the price of a series jumps and no split in the catalog explains it."""
        found = entry.jumps
        if found is None or not found.total:
            return NO_JUMPS
        return unexplained(found, self.actions(entry.symbol))

    def reader(
        self,
        symbol: str,
        interval: str,
        start_ns: int = MIN_TS,
        end_ns: int = MAX_TS,
        columns: tuple[str, ...] = PRICE_COLUMNS,
    ) -> BarReader:
        """Open a series to read the bars with start_ns <= ts < end_ns, block by block.

        Raises DataError if the series is not there or its file is not that of the manifest. A
        reader that is open while the series is written goes on reading the old bars.
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
        """Read a whole series (ts timestamp[ns, UTC], prices float64) and check its hash.

        Raises DataError if the series is not there or its file is damaged.
        """
        while True:
            entry = self.entry(symbol, interval)
            try:
                with self._open_file(entry) as file:
                    self._check_hash(entry, file)
                    return file.read(columns=SCHEMA.names, use_threads=False).cast(SCHEMA)
            except DataError:
                # A writer may have replaced the file, as in _open.
                if self.entry(symbol, interval) == entry:
                    raise

    def _open(self, symbol: str, interval: str) -> pq.ParquetFile:
        """Open the file of a series, whose content is or was verified as it is now."""
        while True:
            entry = self.entry(symbol, interval)
            try:
                self.verify(entry)
                return self._open_file(entry)
            except DataError:
                # A writer may have replaced the file since the manifest was read: try again.
                if self.entry(symbol, interval) == entry:
                    raise

    def _open_file(self, entry: Entry) -> pq.ParquetFile:
        self.fetch(entry)
        return open_bars(
            self.path / entry.file,
            symbol=entry.symbol,
            interval=entry.interval,
            sha256=entry.sha256,
            rows=entry.rows,
        )

    def verify(self, entry: Entry, anew: bool = False) -> None:
        """Hash a file that has changed since it was verified, or any file with ``anew``.

        DataError if its content is not that of the manifest.
        """
        self.fetch(entry)
        path = self.path / entry.file
        with contextlib.suppress(OSError):  # which `open_bars` tells
            mark = self._verified.mark(path, entry)
            if anew or mark not in self._verified:
                self._verifying(entry.symbol)
                with self._open_file(entry) as file:
                    self._check_hash(entry, file)
                self._verified.add(mark, len(self.manifest()))

    def _check_hash(self, entry: Entry, file: pq.ParquetFile) -> None:
        """Read an open file, block by block. DataError if it has not the content of the entry."""
        path = self.path / entry.file
        if (found := file_hash(path, file)) != entry.sha256:
            raise damaged(
                path, f"its content has the hash {found}, the manifest says {entry.sha256}"
            )

    def _series(self) -> dict[Key, Entry]:
        """Return the entries of bars."""
        return {key: entry for key, entry in self.manifest().items() if key[0] != ACTIONS}

    def manifest(self) -> dict[Key, Entry]:
        """Return all entries, also those of actions. DataError without a catalog."""
        return self._home.manifest()

    def exists(self) -> bool:
        """Return whether there is a catalog."""
        return self._home.exists()

    def fetch(self, entry: Entry, anew: bool = False) -> None:
        """Bring the file of an entry from an object store, ``anew`` also if it is here.

        DataError if it cannot be had or is damaged. Nothing happens where the catalog is a folder.
        """
        self._home.fetch(entry, anew)

    def fetch_all(self, keys: Sequence[Key]) -> None:
        """Bring the files of those keys that are in the manifest, several at the same time.

        All are of one manifest: if it changes meanwhile, all begins again. DataError as `fetch`.
        """
        self._home.fetch_all(keys)

    def size(self, entry: Entry) -> int | None:
        """Return the size of the file of an entry in bytes; None if it is lost."""
        return self._home.size(entry)

    # -- writing ------------------------------------------------------------------------------

    def write(
        self,
        symbol: str,
        interval: str,
        bars: BarBlocks | pa.Table,
        source: str,
        replace: bool = False,
    ) -> WriteResult:
        """Merge bars into one series, as `write_all` does."""
        return self.write_all([Series(symbol, interval, bars, source)], replace=replace)[0]

    def write_all(
        self,
        series: Sequence[Series],
        replace: bool = False,
        overwrite: bool = False,
        replace_source: bool = False,
    ) -> list[WriteResult]:
        """Merge bars into any number of series; return a result for each, in their order.

        All series are changed, or DataError is raised and none is. Nothing is written for a bar
        that is there with equal values. A bar that is there with other values is a conflict and is
        refused, unless `replace` is set. With `overwrite` a series becomes exactly the given bars,
        and all its other bars are removed.

        A series may come with an `account.Account`, which takes the place of the former one of the
        same source in the manifest. With `replace_source`, bars in the span of the former one that
        are not among the new bars are removed too, if they cannot be of another source: DataError
        names that source otherwise. The last bar of a former account that was still forming may
        have other values without any of these.

        All three also begin a series anew if its file is lost or damaged. Each series may be given
        once. Writers to one catalog wait for each other.

        The bars of a series that is not in the catalog are gone through once, those of another one
        twice. The memory that is needed is that of some blocks of one series.
        """
        items = {(item.interval, item.symbol): item for item in series}
        if len(items) < len(series):
            raise ValueError("a series must be given at most once")
        for item in series:
            check_name(item)
        how = How(replace, replace_source, overwrite)
        writes: list[SeriesWrite] = []

        def merge(known: dict[Key, Entry]) -> Edit:
            edit = Edit()
            writes.clear()
            for item in series:
                writes.append(self._merge(known, item, how))
                writes[-1].add_to(edit)
            return edit

        self.edit(merge)
        return [one.result for one in writes]

    def rehearse(
        self,
        series: Sequence[Series],
        replace: bool = False,
        overwrite: bool = False,
        replace_source: bool = False,
    ) -> list[WriteResult]:
        """Return what `write_all` would, and raise what it would raise. Nothing is written."""
        known = dict(self.manifest()) if self.exists() else {}
        for item in series:
            check_name(item)
        how = How(replace, replace_source, overwrite)
        return [self._merge(known, item, how).expected() for item in series]

    def write_actions(
        self, tables: Mapping[str, Actions], source: str, replace: bool = False
    ) -> dict[str, WriteResult]:
        """Merge splits and dividends into the tables of symbols; return a result for each symbol.

        All tables are changed or none, as in `write_all`. Nothing is written for an action that is
        there. Another action on the same ex-date is refused, unless `replace` is set. Raises
        DataError also for a symbol without bars.
        """
        for symbol, actions in tables.items():
            try:
                check_actions(symbol, actions)
            except DataError as error:
                raise DataError(f"{source}: {error}") from None
        results: dict[str, WriteResult] = {}

        def merge(known: dict[Key, Entry]) -> Edit:
            bars = {key: entry for key, entry in known.items() if key[0] != ACTIONS}
            edit = Edit()
            for symbol, new in tables.items():
                _check_bars_of(self.place, bars, symbol)
                results[symbol], change = self._merge_actions(
                    known.get((ACTIONS, symbol)), symbol, new, source, replace=replace
                )
                edit.changes += [] if change is None else [change]
            return edit

        self.edit(merge)
        return results

    def edit(self, make: Callable[[dict[Key, Entry]], Edit]) -> None:
        """Commit what ``make`` returns for the entries, while nobody else writes.

        DataError if it cannot be written; then nothing is changed.
        """
        self._note_written(self._home.edit(make))

    def _note_written(self, entries: Sequence[Entry]) -> None:
        """Mark the files of bars that were written, so that they are not read to be verified."""
        for entry in entries:
            if entry.interval != ACTIONS:
                mark = self._verified.mark(self.path / entry.file, entry)
                self._verified.add(mark, len(self.manifest()))

    def _merge(self, known: dict[Key, Entry], item: Series, how: How) -> SeriesWrite:
        """Compare new bars with those of the catalog. No file is touched."""
        entry = known.get((item.interval, item.symbol))
        old = None
        if entry is None:
            check_case(item.symbol, item.interval, known)
        else:
            anew = how.replaces
            try:
                self.verify(entry, anew)  # a mark does not show a page that cannot be read
                self._open_file(entry).close()
                old = StoredBars(partial(self._stored, entry))
            except DataError:
                if not anew:
                    raise
        return SeriesWrite(item, entry, old, how)

    def _stored(self, entry: Entry, **span: Any) -> BarReader:
        file = self._open_file(entry)
        return BarReader(file, symbol=entry.symbol, interval=entry.interval, **span)

    def _merge_actions(
        self, entry: Entry | None, symbol: str, new: Actions, source: str, *, replace: bool
    ) -> Merged:
        """Compute the change of a symbol's actions. No file is touched."""
        old = NONE
        if entry is not None:
            try:
                old = self.actions(symbol)
            except DataError:
                if not replace:
                    raise
        return merge_table(symbol, new, entry, old, source, replace=replace)


def _check_bars_of(place: str, bars: dict[Key, Entry], symbol: str) -> None:
    if not any(key[1] == symbol for key in bars):
        raise DataError(not_found(place, bars, symbol, None))

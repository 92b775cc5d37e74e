"""`import_bars`: from sources to the series of a catalog."""

from __future__ import annotations

import itertools
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args

from pipeline.errors import ConfigError, DataError
from pipeline.market.catalog.account import Account
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series
from pipeline.market.catalog.price_jumps import NO_JUMPS, PriceJumps
from pipeline.market.importers.actions.adjusted_bars import check_bars
from pipeline.market.importers.actions.split_check import check_bars_of_splits
from pipeline.market.importers.given.sources import given_tables, sources_of
from pipeline.market.importers.joining import Part, SeriesBars, join, make_parts
from pipeline.market.importers.option_words import told_in_python
from pipeline.market.importers.options import (
    Adjusted,
    BadRows,
    DateOrder,
    Decimal,
    Duplicates,
    OffGrid,
    Options,
)
from pipeline.market.importers.registry.choice import read_source
from pipeline.market.importers.registry.own import own_names
from pipeline.market.importers.registry.plugins import Plugins
from pipeline.market.importers.rows import Spool
from pipeline.market.importers.source import Source, find_sources
from pipeline.market.threads import in_threads

Replace = Literal["bars", "series", "source"]
#: So many sources that cannot be taken are told at once.
_REFUSED: Final = 10
#: So many of them are named for which the same is told.
_ALIKE: Final = 3
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The outcome of an import for one series."""

    symbol: str
    """The symbol."""
    interval: str
    """The interval."""
    added: int
    """Rows that were not there before."""
    unchanged: int
    """Rows that were there with equal values."""
    replaced: int
    """Rows that were there with other values."""
    rows: int
    """Rows of the series after the import."""
    first_ts: int
    """Open of the first bar of the import, ns UTC."""
    last_ts: int
    """Open of the last bar of the import, ns UTC."""
    files: int
    """Number of files that were read."""
    account: Account
    """What was taken for true of the bars, and why."""
    removed: int = 0
    """Rows that are not there any more."""
    jumps: PriceJumps = NO_JUMPS
    """Where the price jumps and no split in the catalog explains it."""
    first_bars: tuple[tuple[int, tuple[float, ...]], ...] = ()
    """The first bars of the import: each with its open in ns UTC, and its prices and volume."""


def import_bars(
    source: Any,
    catalog: Catalog | str | os.PathLike[str],
    *,
    layout: str | None = None,
    symbol: str | None = None,
    interval: str | None = None,
    tz: str | None = None,
    columns: Mapping[str, str] | None = None,
    stamped: Literal["open", "close"] | None = None,
    date_order: DateOrder | None = None,
    encoding: str | None = None,
    decimal: Decimal | None = None,
    skip_rows: int | None = None,
    scale: float | None = None,
    bad_rows: BadRows = "refuse",
    duplicates: Duplicates = "refuse",
    sort: bool = False,
    off_grid: OffGrid = "keep",
    adjusted: Adjusted | None = None,
    replace: Replace | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> list[ImportResult]:
    """Import files, folders, archives or frames into a catalog; return one result per series.

    Args:
        source: a path, or several; or a frame, an Arrow table or reader, anything else with
            ``__arrow_c_stream__``, or a dict of these by symbol.
        catalog: the catalog or its folder, which is made if it is not there.
        layout: name of the layout of all files, such as ``"kraken"``, or of the importer of another
            package; None: as recognised.
        symbol: takes the place of the symbols in the files.
        interval: interval of the bars, such as ``"1m"``; of ticks, the bars to make of them.
        tz: clock of times that name none: an IANA zone, ``EST``, ``America/New_York+7h``.
        columns: the column of each field (ts, date, time, open, high, low, close, volume, symbol;
            of ticks price, size, bid, ask), by name or by position from 1.
        stamped: of which end of its bar a time is, ``"open"`` or ``"close"``.
        date_order: order of dates like 3/4/2017, ``"mdy"`` or ``"dmy"``; of 17/3/4 also ``"ymd"``.
        encoding: encoding of text, such as ``"latin-1"``.
        decimal: the sign before a fraction, ``"point"`` or ``"comma"``.
        skip_rows: lines before the header.
        scale: prices are multiplied by it.
        bad_rows: rows that cannot be bars are refused, left out (``"drop"``), or get a high and low
            that hold open and close, up to 1 % of the price (``"widen"``).
        duplicates: of rows with one time all are refused, the first or last is taken, or one is if
            they are equal (``"same"``).
        sort: the rows of each symbol in a file are sorted by their times, in memory.
        off_grid: rows at other times than bars of the interval are kept, refused, or moved to the
            beginning of their bar (``"floor"``). Rows that overlap are refused in any case.
        adjusted: what prices are adjusted for, ``"no"``, ``"splits"`` or ``"splits and
            dividends"``; None: as the layout says, if it does.
        replace: bars that are there with other values are replaced (``"bars"``), or all bars of
            the series are (``"series"``), or all that the same source gave before (``"source"``).
            None: such bars are refused.
        dry_run: everything is read and checked, and nothing is written.
        progress: is called when a file is begun, with its name, its number from 1, and how many
            files there are; by one thread at a time.

    Raises DataError, or ConfigError for an impossible option, before anything is changed.
    """
    options = Options(
        layout=layout,
        symbol=symbol,
        interval=interval,
        tz=tz,
        columns=columns,
        stamped=stamped,
        date_order=date_order,
        encoding=encoding,
        decimal=decimal,
        skip_rows=skip_rows,
        scale=scale,
        bad_rows=bad_rows,
        duplicates=duplicates,
        sort=sort,
        off_grid=off_grid,
        adjusted=adjusted,
    )
    options.check()
    if replace is not None and replace not in get_args(Replace):
        raise ConfigError(f"replace must be bars, series or source, was {replace!r}")
    there = catalog if isinstance(catalog, Catalog) else Catalog(catalog)
    with sources_to_import(source) as found, Spool() as spool:
        return write(read_series(found, options, spool, progress), there, replace, dry_run=dry_run)


class Found(NamedTuple):
    """The sources of an import."""

    sources: list[Source]
    left: dict[str, Counter[str]]
    """By the path under which they were found, how many files of each kind were not looked at."""
    plugins: Plugins
    """The importers of other packages."""


@contextmanager
def sources_to_import(
    source: Any, tell: Callable[[int], None] = lambda rows: None
) -> Iterator[Found]:
    """Yield the sources of files, or of rows given from Python, which hold until the block ends.

    ``tell`` is called with the rows of a stream that were read so far. ConfigError if ``source`` is
    neither, DataError if there is nothing.
    """
    if isinstance(source, str) and "\n" in source:
        raise ConfigError(
            "data is text of several lines, expected a table, or the path of a file: read it with "
            "pandas.read_csv(io.StringIO(text))"
        )
    if is_path(source) or (isinstance(source, list | tuple) and all(map(is_path, source))):
        yield find_files([source] if is_path(source) else source)
        return
    with told_in_python(), given_tables(source, tell) as tables:
        yield Found(sources_of(tables), {}, Plugins(own_names()))


def is_path(value: Any) -> bool:
    """Return whether a value is a path, as text or otherwise."""
    return isinstance(value, (str, os.PathLike))


def find_files(paths: Sequence[str | os.PathLike[str]]) -> Found:
    """Return the files of bars at some paths. DataError if there is none at one of them."""
    if not paths:
        raise DataError("there is nothing to import: no source was given")
    if "" in paths:
        raise ConfigError("source must be a path, was ''")
    found = Found([], {}, Plugins(own_names()))
    for path in map(Path, paths):
        kinds: Counter[str] = Counter()
        here = list(find_sources(path, kinds, found.plugins.takes))
        if not here:
            raise DataError(f"{path} holds no file of bars{_but(kinds)}")
        found.left[str(path)] = kinds
        found.sources.extend(here)
    return found


def read_series(
    found: Found, options: Options, spool: Spool, progress: Progress | None = None
) -> list[SeriesBars]:
    """Read sources and make checked bars of them: one for each symbol and interval.

    The bars wait in the ``spool``. ``progress`` is as `import_bars` has it. DataError for the first
    sources that cannot be taken.
    """
    parts = _read_all(found, options, spool, progress)
    without = found.left.keys() - {part.reading.source.origin for part in parts}
    if without:
        first = next(origin for origin in found.left if origin in without)
        raise DataError(f"{first} holds no file of bars{_but(found.left[first])}")
    notes = {
        origin: f"Files that were not looked at: {_listed(kinds)}."
        for origin, kinds in found.left.items()
        if kinds
    }
    return join(parts, notes)


def _but(left: Counter[str]) -> str:
    return f", only others: {_listed(left)}" if left else ""


def _listed(left: Counter[str]) -> str:
    """Return the files that were not looked at, by kind: ``12 in factor_files, 2 .md``."""
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(left.items()))


def _read_all(
    found: Found, options: Options, spool: Spool, progress: Progress | None
) -> list[Part]:
    """Read sources and make bars of them. DataError tells the first ones that cannot be taken."""
    sources = found.sources
    counted, lock = itertools.count(1), threading.Lock()
    refusals: dict[int, DataError] = {}

    def read(number: int) -> list[Part]:
        # Whatever the order of the threads, the first ones that cannot be taken are all found.
        if sum(other < number for other in list(refusals)) >= _REFUSED:
            return []
        source = sources[number]
        if progress is not None:
            with lock:
                progress(source.name, next(counted), len(sources))
        try:
            return make_parts(read_source(source, options, spool, found.plugins), options, spool)
        except DataError as error:
            refusals[number] = error
            return []

    parts = in_threads(read, range(len(sources)))
    if refusals:
        first = sorted(refusals)[:_REFUSED]
        raise _joined([(sources[number], refusals[number]) for number in first])
    return [part for some in parts for part in some]


def _joined(refusals: Sequence[tuple[Source, DataError]]) -> DataError:
    """Return the refusals of several sources as one; what several have in common is told once."""
    told: dict[str, list[tuple[Source, DataError]]] = {}
    for source, error in refusals:
        why = str(error).replace(source.label, "").replace(source.name, "")
        told.setdefault(why, []).append((source, error))
    if len(refusals) == 1:
        return refusals[0][1]
    words = []
    for (_, error), *others in told.values():
        labels = [source.label for source, _ in others]
        more = f" and {len(labels) - _ALIKE} more" if len(labels) > _ALIKE else ""
        same = f"; it is the same with {', '.join(labels[:_ALIKE])}{more}" if labels else ""
        words.append(f"{error}{same}")
    begin = "the first" if len(refusals) == _REFUSED else "the"
    return DataError(
        f"{begin} {len(refusals)} files that cannot be imported: {'; and '.join(words)}"
    )


def write(
    series: Sequence[SeriesBars],
    catalog: Catalog,
    replace: Replace | None = None,
    *,
    dry_run: bool = False,
) -> list[ImportResult]:
    """Write series into a catalog, all or none, as `import_bars` does; return what came of each."""
    items = [
        Series(
            one.symbol,
            one.interval,
            one,
            f"{one.account.layout}: {one.account.source}",
            one.account,
        )
        for one in series
    ]
    tables = catalog.action_entries() if catalog.exists() else []
    with_actions = {one.symbol for one in tables}
    for one in series:
        if one.symbol in with_actions:
            actions = catalog.actions(one.symbol)
            check_bars(one.symbol, one.account, actions, catalog.place)
            check_bars_of_splits(one.symbol, one.interval, one, actions, catalog.place)
    put = catalog.rehearse if dry_run else catalog.write_all
    written = put(
        items,
        replace=replace == "bars",
        overwrite=replace == "series",
        replace_source=replace == "source",
    )
    results = []
    entries = {} if dry_run else {(e.symbol, e.interval): e for e in catalog.entries()}
    for one, done in zip(series, written, strict=True):
        entry = entries.get((one.symbol, one.interval))
        results.append(
            ImportResult(
                symbol=one.symbol,
                interval=one.interval,
                added=done.added,
                unchanged=done.unchanged,
                replaced=done.replaced,
                rows=done.rows,
                first_ts=one.account.first_ts,
                last_ts=one.account.last_ts,
                files=one.files,
                account=one.account,
                removed=done.removed,
                jumps=catalog.jumps(entry) if entry is not None else NO_JUMPS,
                first_bars=one.first_bars(),
            )
        )
    return results

"""Merging: how new rows change a series or a table of actions. Nothing here touches a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import pyarrow as pa

from pipeline.codes import interval_name, interval_ns
from pipeline.errors import DataError
from pipeline.market.actions import ACTIONS, Actions, merge_actions, write_actions
from pipeline.market.bar_rules import check_bars
from pipeline.market.catalog.bar_file import BarColumns, merge_bars, write_bars
from pipeline.market.catalog.commit import Change
from pipeline.market.catalog.coverage import coverage
from pipeline.market.catalog.manifest import Entry, Key, file_name
from pipeline.market.catalog.trading_week import trading_week


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The outcome of a write for one series, in rows."""

    added: int
    """Rows that were not there before."""
    unchanged: int
    """Rows that were there with equal values."""
    replaced: int
    """Rows that were there with other values."""
    rows: int
    """Rows of the series after the write."""


class Series(NamedTuple):
    """Bars to write into one series."""

    symbol: str
    """The symbol."""
    interval: str
    """The interval, in its shortest form: "1h", not "60m"."""
    table: pa.Table
    """Columns `ts` (ns UTC) and the five prices, sorted by `ts`."""
    source: str
    """Origin of the bars, for the manifest and for messages."""


Merged = tuple[WriteResult, Change | None]
"""The outcome of a merge, and the change to commit; None if nothing changes."""


def checked_bars(item: Series) -> BarColumns:
    """Return the bars of a series to write. DataError if its name or a bar is impossible."""
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


def check_case(symbol: str, interval: str, keys: Iterable[Key]) -> None:
    """Refuse a symbol that differs only in case from another: some systems give both one file."""
    for other_interval, other in keys:
        if other_interval == interval and other != symbol and other.lower() == symbol.lower():
            raise DataError(
                f"symbol {symbol!r} differs only in case from {other!r}, which is in the catalog "
                f"at {interval}; import it under that name or another"
            )


def merge_series(
    item: Series,
    new: BarColumns,
    entry: Entry | None,
    old: BarColumns | None,
    *,
    replace: bool,
    overwrite: bool,
) -> Merged:
    """Merge new bars into a series.

    ``new`` are the checked bars of ``item``. ``entry`` and ``old`` are the entry and the bars of
    the series, or None if there are none. ``replace`` and ``overwrite`` are as in
    `catalog.Catalog.write_all`. Raises DataError for a conflict.
    """
    if entry is None or old is None:
        rows = len(new.ts)
        return WriteResult(rows, 0, 0, rows), _change(item, new, {item.source})
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
    return result, _change(item, bars, sources)


def merge_table(
    symbol: str, new: Actions, entry: Entry | None, old: Actions, source: str, *, replace: bool
) -> Merged:
    """Merge new actions into the table of a symbol.

    ``entry`` is the entry of the table, or None if there is none; ``old`` are its actions. Raises
    DataError for a conflict, unless `replace` is set.
    """
    try:
        merged, added, replaced = merge_actions(old, new, replace=replace)
    except DataError as error:
        raise DataError(f"{symbol} from {source}: {error}") from None
    result = WriteResult(added, len(new.ts) - added - replaced, replaced, len(merged.ts))
    if not added and not replaced:
        return result, None
    sources = {source, *(entry.sources if entry is not None else ())}
    found = _entry(symbol, ACTIONS, merged, sources)
    return result, Change(found, partial(write_actions, merged, symbol=symbol))


def _change(item: Series, bars: BarColumns, sources: set[str]) -> Change:
    entry = _entry(item.symbol, item.interval, bars, sources)
    write = partial(
        write_bars, bars, symbol=item.symbol, interval=item.interval, sha256=entry.sha256
    )
    return Change(entry, write)


def _entry(symbol: str, interval: str, content: BarColumns | Actions, sources: set[str]) -> Entry:
    week = covered = None
    if not isinstance(content, Actions):
        week = trading_week(content.ts, interval)
        covered = coverage(content.ts, week)
    return Entry(
        symbol=symbol,
        interval=interval,
        rows=len(content.ts),
        first_ts=int(content.ts[0]),
        last_ts=int(content.ts[-1]),
        sources=tuple(sorted(sources)),
        sha256=content.content_hash(),
        file=f"{interval}/{file_name(symbol)}",
        week=week,
        coverage=covered,
    )

"""`fetch_bars`: from a source to the raw folder, and from there into a catalog."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.fetch.courier import Courier
from pipeline.fetch.gathering import Gathering
from pipeline.fetch.patience import Clock, SystemClock
from pipeline.fetch.raw import RawFolder
from pipeline.fetch.request import Request
from pipeline.fetch.sources.table import Source, fetcher_of, find_source
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import ImportResult, import_bars
from pipeline.market.importers.actions import ActionsResult, import_actions
from pipeline.market.importers.importing import Replace

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class FetchResult:
    """The outcome of a fetch."""

    source: Source
    """The source."""
    request: Request
    """What was asked for."""
    raw: Path
    """The folder with the raw replies."""
    fetched: int
    """Replies that came."""
    reused: int
    """Replies that were in the raw folder."""
    series: tuple[ImportResult, ...]
    """What was imported."""
    actions: tuple[ActionsResult, ...]
    """The dividends that were imported."""
    notes: tuple[str, ...]
    """Remarks, whole sentences."""


def fetch_bars(
    source: str,
    symbols: str | Sequence[str],
    *,
    interval: str,
    start: date | str,
    end: date | str | None = None,
    catalog: Catalog | str | os.PathLike[str] = "catalog/fetched",
    raw: str | os.PathLike[str] = "raw",
    address: str | None = None,
    replace: Replace | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> FetchResult:
    """Fetch bars from a source, keep its replies as they came, and import them into a catalog.

    Args:
        source: the source, such as ``"binance-archive"`` or ``"ccxt:kraken"``.
        symbols: a symbol, or several, as the source writes them.
        interval: the interval of the bars, such as ``"1m"``.
        start: the first day.
        end: the day after the last one; None: today, so that all days are over.
        catalog: the catalog or its folder, which is made if it is not there.
        raw: the folder of the raw replies; the source has a folder of its own in it. What is there
            is not fetched again.
        address: takes the place of the scheme and the host of all addresses, as of a mirror.
        replace: bars in the catalog that differ are replaced (``"bars"``), or all that the same
            files gave before (``"source"``), or the series (``"series"``). None: they are refused.
        clock: the time, and how to wait; None: those of this machine.
        progress: is called after each page with the symbol, the number of days that are done, and
            that of all.

    Raises ConfigError for a request that cannot be, DataError for a symbol without bars and for
    bars that cannot be imported, FetchError if the source does not answer. The catalog is changed
    when all symbols are complete; dividends are imported after the bars.
    """
    there = catalog if isinstance(catalog, Catalog) else Catalog(catalog)
    now = clock or SystemClock()
    found, part = find_source(source)
    names = [symbols] if isinstance(symbols, str) else list(symbols)
    request = Request.of(names, interval, start, end, now.now())
    found.check_interval(request.interval)
    folder = Path(raw) / source.replace(":", "-")
    courier = Courier(source, RawFolder(folder), now, address)
    gathered = {symbol: Gathering(source, symbol, request) for symbol in request.symbols}
    for page in fetcher_of(found, part, courier).pages(request):
        gathered[page.symbol].add(page)
        if progress is not None:
            before = request.symbols.index(page.symbol) * request.days
            done = before + (page.through - request.start).days
            progress(page.symbol, done, request.days * len(request.symbols))
    for one in gathered.values():
        one.write(folder)
    series = import_bars(
        [file for one in gathered.values() for file in one.files],
        there,
        adjusted=found.adjusted,
        replace=replace,
    )
    actions, notes = _import_payouts(list(gathered.values()), there, folder, replace is not None)
    notes = [note for one in gathered.values() for note in one.notes] + notes
    return FetchResult(
        source=changed(found, name=source),
        request=request,
        raw=folder,
        fetched=courier.fetched,
        reused=courier.reused,
        series=tuple(series),
        actions=tuple(actions),
        notes=tuple(notes),
    )


def _import_payouts(
    gathered: Sequence[Gathering], catalog: Catalog, folder: Path, replace_rows: bool
) -> tuple[list[ActionsResult], list[str]]:
    """Import the dividends of all symbols; return the results and remarks."""
    rows = [(one.symbol, *payout) for one in gathered for payout in one.payouts]
    if not rows:
        return [], []
    table = pa.table(
        {
            "symbol": [symbol for symbol, _, _ in rows],
            "date": [day for _, day, _ in rows],
            "dividend": [dividend for _, _, dividend in rows],
        }
    )
    file = folder / "dividends.parquet"
    pq.write_table(table, file)
    return import_actions([file], catalog, replace=replace_rows)

"""Makes the page of a run: gathers its content, and takes longer bars where there are too many."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.codes import interval_ns
from pipeline.config.session import SessionConfig
from pipeline.errors import RingtapeError, RunError
from pipeline.native.whole_file import write_whole
from pipeline.results.report.figures import count, many
from pipeline.results.report.html.content import Content, Sessions
from pipeline.results.report.html.document import page_of
from pipeline.results.tables import writing
from pipeline.results.year import Year
from pipeline.runner.reporting.account import read_equity, read_returns, session_dates
from pipeline.runner.reporting.market import Market, guesses, market_of
from pipeline.runner.reporting.prices import fitting_interval, intervals_from, read_prices
from pipeline.runner.reporting.trips import read_resting, read_trips
from pipeline.runner.reporting.words import command_of, notes_first, subtitle
from pipeline.runner.terms import time_manager

if TYPE_CHECKING:
    from pipeline.market.time.time_manager import SessionTable
    from pipeline.results.folder import RunFolder
    from pipeline.runner.lanes import Given
    from pipeline.runner.preparation import Preparation

#: The most bytes of a page.
MOST_BYTES = 12_000_000
#: The most bars that are read for it.
MOST_BARS = 2_500_000
NAME = "report.html"
#: Entries of a summary without which there is no page.
_NEEDED = ("made_from", "sessions_per_year", "riskless_rate", "streams", "sessions")


@dataclass(frozen=True, slots=True)
class Report:
    """A page that was written."""

    path: Path
    """Where it is."""
    size: int
    """Its bytes."""
    interval: str | None
    """The interval of its bars; None if it has none."""
    bars: int
    """Its bars."""


def write_report(
    folder: RunFolder,
    path: Path | None = None,
    lane: int = 0,
    strategy: Given | None = None,
) -> Report:
    """Write the page of a lane of a run to ``path``, by default into the run folder.

    ``strategy`` is that of the run if it was given from Python, in the form that
    `pipeline.runner.lanes.make_lanes` takes.

    Raises RunError if the run is not done or a file cannot be read or written. If the catalog does
    not have the bars of the run any more, or the strategy is another one, the page says so and does
    without.
    """
    content, market = gathered(folder, lane, strategy)
    page, content = fitted(content, market)
    target = folder.path / NAME if path is None else path
    with writing(target, len(page)):
        write_whole(target, page)
    prices = content.prices
    return Report(
        target,
        len(page),
        None if prices is None else prices.interval,
        0 if prices is None else sum(len(one.ts) for one in prices.bars),
    )


def gathered(
    folder: RunFolder, lane: int = 0, strategy: Given | None = None
) -> tuple[Content, Market]:
    """Return what the page of a lane shows but for the prices, and what these are read from.

    Arguments and errors are those of `write_report`.
    """
    content = without_prices(folder, lane)
    settings = SessionConfig.load(folder.config)
    market = market_of(settings, content.summary, strategy)
    told = () if market.preparation is None else guesses(settings)
    return replace(content, missing=market.why, notes=[*content.notes, *told]), market


def without_prices(folder: RunFolder, lane: int = 0) -> Content:
    """Return what the page of a lane shows of the run folder alone. RunError as `write_report`."""
    summary = folder.summary
    lanes = summary.get("lanes") or []
    if not lanes:
        why = folder.partial or "its summary has no lanes"
        raise RunError(f"{folder.path} has no results to report: {why}")
    if not 0 <= lane < len(lanes):
        raise RunError(f"lane must be 0 to {len(lanes) - 1}, was {lane}")
    if lacking := [name for name in _NEEDED if name not in summary]:
        raise RunError(
            f"{folder.path / 'summary.json'} has no {lacking[0]}: a version of Ringtape before "
            "pages of runs wrote it; run it again"
        )
    settings = SessionConfig.load(folder.config)
    symbols = settings.session_data_config.symbols
    table = _sessions(settings, summary)
    dates = session_dates(folder, lane)
    year = Year(float(summary["sessions_per_year"]), float(summary["riskless_rate"]))
    manager = time_manager(settings)
    return Content(
        title=settings.session_name,
        subtitle=subtitle(summary, lane),
        notes=list(notes_first(summary, lane)),
        summary=summary,
        lane=lane,
        symbols=symbols,
        zone=manager.timezone,
        offsets=manager.utc_offsets(table),
        sessions=Sessions(table.date_ns, table.open_ns, table.close_ns),
        prices=None,
        missing="",
        trips=read_trips(folder, lane, symbols),
        resting=read_resting(folder, lane, symbols, int(table.close_ns[-1])),
        equity=read_equity(folder, lane),
        returns=read_returns(folder, lane, dates, year),
        configuration=json.dumps(folder.config, indent=2),
        command=command_of(settings, folder.path),
    )


def _sessions(settings: SessionConfig, summary: Mapping[str, Any]) -> SessionTable:
    return time_manager(settings).session_table(summary["first_session"], summary["last_session"])


def fitted(content: Content, market: Market) -> tuple[bytes, Content]:
    """Return the page with the shortest bars with which it is small enough, and its content."""
    if market.preparation is None:
        return page_of(content), content
    base = market.preparation.settings.session_data_config.streams[0]
    intervals = intervals_from(base)
    bars = market.preparation.extent.bars
    place = fitting_interval(base, bars, MOST_BARS)
    symbols = _by_trades(content, market.preparation)
    least = bars * interval_ns(base) // interval_ns(intervals[place])
    symbols = symbols[: max(1, len(symbols) * MOST_BARS // max(MOST_BARS, least))]
    while True:
        shown = sorted(symbols)
        try:
            prices = read_prices(
                market.preparation, market.lanes, content.lane, intervals[place], shown
            )
        except RingtapeError as error:
            missing = f"The page has no prices: {error}."
            return page_of(replace(content, missing=missing)), content
        missing = " ".join(filter(None, (content.missing, _left_out(content, len(shown)))))
        whole = replace(content, prices=prices, missing=missing)
        page = page_of(whole)
        if len(page) <= MOST_BYTES:
            return page, whole
        if place < len(intervals) - 1:
            place += 1
        elif len(symbols) > 1:
            symbols = symbols[: len(symbols) // 2]
        else:
            return page, whole


def _by_trades(content: Content, preparation: Preparation) -> list[int]:
    """Return the places of the symbols that have bars, the most traded first."""
    trips = np.bincount(content.trips.symbol, minlength=len(content.symbols))
    having = [at for at, span in enumerate(preparation.extent.spans) if span is not None]
    return sorted(having, key=lambda at: -int(trips[at]))


def _left_out(content: Content, shown: int) -> str:
    left = len(content.symbols) - shown
    if not left:
        return ""
    return (
        f"The page has the bars of {many(shown, 'symbol')} of {count(len(content.symbols))}; the "
        "others have none in the run, or fewer round trips and no room."
    )

"""The extent of a run: its sessions, cut to those of the data, and the bars that they leave out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from pipeline.codes import DAY_NS, interval_ns
from pipeline.config.session import SessionConfig
from pipeline.errors import ConfigError, DataError
from pipeline.market.auction import has_pauses, like_auctions, session_reader
from pipeline.market.catalog.catalog import Catalog, Contents
from pipeline.market.catalog.manifest import Entry
from pipeline.market.survey import Survey, edges, survey
from pipeline.market.time.time_manager import SessionTable, TimeManager
from pipeline.results.report.figures import first_of, many
from pipeline.runner.calendar_fit import CalendarFit, clock_doubt, is_of_another, range_of_bars
from pipeline.runner.spans import Span, day, span_of
from pipeline.runner.terms import auctions_in

#: So many days around the range are looked at for sessions to which its first and last bars belong.
_AROUND = 3


@dataclass(frozen=True, slots=True, eq=False)
class Extent:
    """The sessions and bars of a run."""

    #: The sessions, from the first to the last in which a symbol of the run has a bar.
    sessions: SessionTable
    #: Base bars in these sessions, of all symbols.
    bars: int
    #: Base bars of the range that lie outside all sessions, of all symbols.
    outside: int
    #: Sessions between the first and the last without a bar of any symbol: their dates.
    missing: tuple[str, ...]
    #: Sessions that were asked for and lie before the first or after the last.
    cut: int
    #: In which of the sessions each symbol has its first and its last bar; None without any.
    spans: tuple[Span | None, ...]
    #: That sessions were cut, or that the bars do not seem to be what is meant; "" if neither.
    warning: str
    #: What a user should know of it, each one sentence.
    notes: tuple[str, ...]
    #: What the series of the run's symbols and of its benchmark hold.
    contents: Contents


def find_extent(
    settings: SessionConfig,
    manager: TimeManager,
    verifying: Callable[[int, int], None] = lambda number, count: None,
) -> Extent:
    """Look at the times of all base bars of the run.

    ``verifying`` is called before a series is verified that has changed since it last was, with its
    number among the run's series, from 1, and their count.

    Raises ConfigError if there is no session in the range of dates, or if many bars lie apart from
    all sessions. DataError if a symbol is not in the catalog, or if no symbol has a bar in the
    sessions.
    """
    dates, data = settings.backtest_config, settings.session_data_config
    asked = manager.session_table(dates.start_date, dates.end_date)
    if len(asked) == 0:
        raise ConfigError(
            f"backtest_config: there is no {settings.exchange_group} session from "
            f"{dates.start_date} to {dates.end_date}"
        )
    catalog = Catalog(
        settings.catalog,
        lambda symbol: verifying(data.symbols.index(symbol) + 1, len(data.symbols)),
    )
    surveys = _surveys(settings, catalog, manager)
    present = np.stack([found.inside for found in surveys]).sum(axis=0)
    known = np.flatnonzero(present)
    first, stop = (int(known[0]), int(known[-1]) + 1) if len(known) else (0, 0)
    sessions = asked.part(first, stop)
    doubts = CalendarFit(settings, catalog, manager, asked, sessions).findings(surveys)
    if not len(known):
        raise DataError(_no_bars(settings, catalog, asked))
    missing = tuple(day(at) for at in sessions.date_ns[present[first:stop] == 0])
    cut = len(asked) - len(sessions)
    shorter = [_cut_warning(settings, sessions, cut)] if cut else []
    notes = [
        *shorter,
        *_missing_note(missing),
        *_barren_note(data.symbols, surveys),
        *_sunday_notes(settings, surveys),
        *(one.text for one in doubts),
        *_auction_notes(asked, surveys, interval_ns(data.streams[0])),
    ]
    symbols = (*data.symbols, *filter(None, (settings.benchmark,)))
    return Extent(
        sessions=sessions,
        bars=int(present.sum()),
        outside=sum(found.outside for found in surveys),
        missing=missing,
        cut=cut,
        spans=tuple(span_of(found.inside[first:stop]) for found in surveys),
        warning="; ".join((*shorter, *(one.text for one in doubts if one.warns))),
        notes=tuple(notes),
        contents=catalog.contents(symbols, data.streams[0]),
    )


def _surveys(settings: SessionConfig, catalog: Catalog, manager: TimeManager) -> list[Survey]:
    """Survey the base bars of each symbol; their ``inside`` is of the sessions asked for."""
    dates, data = settings.backtest_config, settings.session_data_config
    step = interval_ns(data.streams[0])
    around = manager.table_around(dates.start_date, dates.end_date, _AROUND)
    span = range_of_bars(settings, manager)
    auctions, zone = auctions_in(settings), ZoneInfo(manager.timezone)
    if auctions and not has_pauses(around):
        raise ConfigError(
            "session_data_config.closing_auction is last_bar, but the sessions of exchange_group "
            f"{settings.exchange_group} ({data.trading_hours} hours) follow each other without a "
            "pause, and bars at their closes belong to the next ones; expected leave_out"
        )
    first = _day_ns(settings, "start_date")
    own = (around.date_ns >= first) & (around.date_ns <= _day_ns(settings, "end_date"))
    found = []
    for symbol in data.symbols:
        with session_reader(
            catalog, symbol, data.streams[0], around, (), auctions=auctions
        ) as reader:
            found.append(survey(reader, step, around, span, zone).of(own))
    return found


def _day_ns(settings: SessionConfig, name: str) -> int:
    """Return 00:00Z of a date of the run."""
    day = np.datetime64(getattr(settings.backtest_config, name), "D")
    return int(day.astype(np.int64)) * DAY_NS


def _no_bars(settings: SessionConfig, catalog: Catalog, asked: SessionTable) -> str:
    """Return the refusal of a run in whose sessions there is no bar, with the way on.

    Where bars lie within a day of the sessions, the clock of their import may be wrong.
    """
    dates, data = settings.backtest_config, settings.session_data_config
    begin, end = int(asked.open_ns[0]), int(asked.close_ns[-1])
    entries = [catalog.entry(symbol, data.streams[0]) for symbol in data.symbols]
    near = [_near(catalog, entry, begin, end) for entry in entries]
    first = day(min(entry.first_ts for entry in entries))
    last = day(max(entry.last_ts for entry in entries))
    doubts = (
        clock_doubt(entry)
        for entry, one in zip(entries, near, strict=True)
        if one.inside or begin - one.before <= DAY_NS or one.after - end <= DAY_NS
    )
    doubt = next(filter(None, doubts), "")
    return (
        f"catalog {settings.catalog} has no {data.streams[0]} bars from {dates.start_date} to "
        f"{dates.end_date} in sessions of {settings.exchange_group} of any of: "
        f"{', '.join(data.symbols)}; their bars are from {first} to {last}{_gap(near)}"
        f"{'; ' if doubt else ''}{doubt}"
    )


class _Near(NamedTuple):
    """The bars of a series that are nearest to a range of times."""

    inside: bool
    """Whether there are bars in the range."""
    before: float
    """Open of the last bar before it, ns UTC; minus infinity without one."""
    after: float
    """Open of the first bar behind it, ns UTC; infinity without one."""


def _near(catalog: Catalog, entry: Entry, begin: int, end: int) -> _Near:
    """Return the bars of a series that are nearest to the times [begin, end), ns UTC."""
    inside, before, after = False, -inf, inf
    with catalog.reader(entry.symbol, entry.interval, columns=()) as reader:
        while (block := reader.next_block()) is not None:
            ts, _ = block
            low, high = np.searchsorted(ts, (begin, end))
            inside |= bool(low < high)
            before = int(ts[low - 1]) if low else before
            after = min(after, int(ts[high])) if high < len(ts) else after
    return _Near(inside, before, after)


def _gap(near: Sequence[_Near]) -> str:
    """Name the gap in which a range lies; "" if there is a bar, or if it is beyond the data."""
    before, after = max(one.before for one in near), min(one.after for one in near)
    if any(one.inside for one in near) or before == -inf or after == inf:
        return ""
    return f", and none between {day(int(before))} and {day(int(after))}"


def _cut_warning(settings: SessionConfig, sessions: SessionTable, cut: int) -> str:
    dates = settings.backtest_config
    return (
        f"{dates.start_date} to {dates.end_date} was asked for, the bars are of "
        f"{day(sessions.date_ns[0])} to {day(sessions.date_ns[-1])}: {many(cut, 'session')} "
        "before or after them left out"
    )


def _missing_note(missing: Sequence[str]) -> list[str]:
    if not missing:
        return []
    return [f"{many(len(missing), 'session')} without a bar of any symbol: {first_of(missing)}"]


def _barren_note(symbols: Sequence[str], surveys: Sequence[Survey]) -> list[str]:
    """Name the symbols that have no bar in any session of the run."""
    barren = [one for one, found in zip(symbols, surveys, strict=True) if not found.inside.any()]
    if not barren:
        return []
    few = f"{len(barren):,} of the {many(len(symbols), 'symbol')}"
    return [f"{few} without a bar in the sessions of the run: {first_of(barren)}"]


def _sunday_notes(settings: SessionConfig, surveys: Sequence[Survey]) -> list[str]:
    """Tell of daily bars of days that have no session of their own, such as a broker's Sundays."""
    data = settings.session_data_config
    if interval_ns(data.streams[0]) < DAY_NS:
        return []
    return [
        f"{symbol}: {many(found.beside, 'daily bar')} of days that are the evening of the next "
        "session, such as Sundays, left out; the source ends its days at midnight: import its "
        "intraday bars, and days are made of them that are whole sessions"
        for symbol, found in zip(data.symbols, surveys, strict=True)
        if found.beside
    ]


def _auction_notes(sessions: SessionTable, surveys: Sequence[Survey], interval: int) -> list[str]:
    """Count the bars at closes, of symbols of which these are like those of auctions."""
    bars = 0
    for found in surveys:
        where = edges(found, interval, sessions)
        if not is_of_another(found) and like_auctions(found.at_close, where.late, where.over):
            bars += int(found.at_close.sum())
    if not bars or not has_pauses(sessions):
        return []
    note = (
        f"{many(bars, 'bar')} left out at a session's close, as those of closing auctions are; "
        'session_data_config.closing_auction="last_bar" adds them to the last bars of sessions'
    )
    return [note]

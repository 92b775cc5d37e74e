"""The extent of a run: its sessions, cut to those of the data, and the bars that they leave out."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, interval_ns
from pipeline.config.session import SessionConfig
from pipeline.errors import ConfigError, DataError
from pipeline.market.auction import Reader, has_pauses, session_reader
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.trading_week import ALL_WEEK, EXCHANGE_HOURS
from pipeline.market.fitting import (
    Fit,
    Misfit,
    around_the_clock,
    best_fit,
    better_fit,
    is_clear,
    misfit,
)
from pipeline.market.survey import Survey, survey
from pipeline.market.time.calendars import EXCHANGE_GROUPS
from pipeline.market.time.time_manager import SessionTable, TimeManager
from pipeline.results.report.figures import percent
from pipeline.runner.terms import auctions_in

#: A run is refused if more than this share of a symbol's bars, and more than one of them, lie apart
#: from all sessions. Of real bars with the calendar of their market at most 0.4 % do, of those of
#: another market 20 % and more, or from 0.9 % on where only the holidays differ.
MOST_APART = 0.008
#: So many bars, the first ones, are compared with other calendars.
_COMPARED = 2_000_000
#: So many days around the range are looked at for sessions to which its first and last bars belong.
_AROUND = 3
#: So many dates are named in a note; of more there is a count.
_NAMED = 3
_LEAVE_OUT = 'session_data_config.bars_outside_sessions="leave_out" to go on without those outside'


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
    #: That sessions were cut, in a sentence; "" if none were.
    warning: str
    #: What a user should know of it, each one sentence.
    notes: tuple[str, ...]


def find_extent(settings: SessionConfig, manager: TimeManager) -> Extent:
    """Look at the times of all base bars of the run.

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
    catalog = Catalog(settings.catalog)
    surveys = _surveys(settings, catalog, manager)
    if data.bars_outside_sessions == "refuse":
        for symbol, found in zip(data.symbols, surveys, strict=True):
            _check_calendar(settings, catalog, manager, symbol, found)
    present = np.stack([found.inside for found in surveys]).sum(axis=0)
    known = np.flatnonzero(present)
    if not len(known):
        raise DataError(_no_bars(settings, catalog))
    first, stop = int(known[0]), int(known[-1]) + 1
    sessions = asked.part(first, stop)
    missing = tuple(_date(at) for at in sessions.date_ns[present[first:stop] == 0])
    cut = len(asked) - len(sessions)
    warning = _cut_warning(settings, sessions, cut) if cut else ""
    better = dict(_better_calendars(settings, catalog, manager, asked, surveys))
    notes = [
        *([warning] if warning else []),
        *_missing_note(missing),
        *_sunday_notes(settings, surveys),
        *better.values(),
        *_week_notes(settings, catalog, sessions, better),
        *_auction_notes(sessions, surveys),
    ]
    outside = sum(found.outside for found in surveys)
    return Extent(sessions, int(present.sum()), outside, missing, cut, warning, tuple(notes))


def _surveys(settings: SessionConfig, catalog: Catalog, manager: TimeManager) -> list[Survey]:
    """Survey the base bars of each symbol; their ``inside`` is of the sessions asked for."""
    dates, data = settings.backtest_config, settings.session_data_config
    step = interval_ns(data.streams[0])
    around = manager.table_around(dates.start_date, dates.end_date, _AROUND)
    span = _span(settings, manager)
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


def _span(settings: SessionConfig, manager: TimeManager) -> tuple[int, int]:
    """Return the range [begin, end) of the times of bars that belong to the dates of the run."""
    dates = settings.backtest_config
    if interval_ns(settings.session_data_config.streams[0]) < DAY_NS:
        return manager.instants(dates.start_date, dates.end_date)
    return _day_ns(settings, "start_date"), _day_ns(settings, "end_date") + DAY_NS


def _day_ns(settings: SessionConfig, name: str) -> int:
    """Return 00:00Z of a date of the run."""
    day = np.datetime64(getattr(settings.backtest_config, name), "D")
    return int(day.astype(np.int64)) * DAY_NS


def _check_calendar(
    settings: SessionConfig, catalog: Catalog, manager: TimeManager, symbol: str, found: Survey
) -> None:
    """Raise ConfigError if the sessions are not those of a symbol's bars."""
    rows = int(found.inside.sum()) + found.outside
    interval, group = settings.session_data_config.streams[0], settings.exchange_group
    if not _is_of_another(found):
        week = catalog.entry(symbol, interval).week
        if week == ALL_WEEK and manager.calendar_code != EXCHANGE_GROUPS["CRYPTO"]:
            raise ConfigError(
                f"exchange_group is {group}, but the {interval} bars of {symbol} in catalog "
                f'{settings.catalog} are of all seven days of the week; set exchange_group="CRYPTO"'
                f" to have all of them, or {_LEAVE_OUT}"
            )
        return
    with catalog.reader(symbol, interval, *_span(settings, manager), ()) as reader:
        ts = _times(reader)
    fit = best_fit(ts, interval_ns(interval))
    if fit is None or fit.group in (group, manager.calendar_code):
        way = "none of the usual calendars fits: check symbols and times, or "
    else:
        way = f'set exchange_group="{fit.group}", whose sessions fit them, or '
    raise ConfigError(
        f"exchange_group is {group}, but {found.outside:,} of the {rows:,} {interval} bars of "
        f"{symbol} lie outside its sessions, {found.apart:,} of them at night or on days without "
        f"trading; {way}{_LEAVE_OUT}"
    )


def _is_of_another(found: Survey) -> bool:
    """Return whether bars are of another calendar than the sessions."""
    return found.apart > max(1, MOST_APART * (int(found.inside.sum()) + found.outside))


def _better_calendars(
    settings: SessionConfig,
    catalog: Catalog,
    manager: TimeManager,
    asked: SessionTable,
    surveys: Sequence[Survey],
) -> Iterator[tuple[str, str]]:
    """Give the symbols whose bars fit another calendar clearly better, each with a note on it."""
    data, group = settings.session_data_config, settings.exchange_group
    interval = interval_ns(data.streams[0])
    if data.trading_hours == "extended":
        return
    for symbol, found in zip(data.symbols, surveys, strict=True):
        own = misfit(found, interval, asked)
        if not is_clear(own):
            continue
        with catalog.reader(symbol, data.streams[0], *_span(settings, manager), ()) as reader:
            ts = _times(reader, _COMPARED)
        fit = better_fit(ts, interval, own)
        if fit is not None and fit.group not in (group, manager.calendar_code):
            yield symbol, _better_note(symbol, group, own, fit)


def _better_note(symbol: str, group: str, own: Misfit, fit: Fit) -> str:
    outside, empty = percent(own.outside, 1), percent(own.empty, 1)
    return (
        f"{symbol}: {outside} of its bars are outside the sessions of exchange_group {group}, and "
        f'{empty} of these are without a bar; exchange_group="{fit.group}" fits better, with '
        f"{percent(fit.misfit.outside, 1)} and {percent(fit.misfit.empty, 1)}"
    )


def _times(reader: Reader, most: float = math.inf) -> npt.NDArray[np.int64]:
    """Read the times of the bars that a reader gives, until there are ``most`` or more."""
    blocks, rows = [], 0
    while rows < most and (block := reader.next_block()) is not None:
        blocks.append(block[0])
        rows += len(block[0])
    return np.concatenate(blocks)


def _no_bars(settings: SessionConfig, catalog: Catalog) -> str:
    dates, data = settings.backtest_config, settings.session_data_config
    entries = [catalog.entry(symbol, data.streams[0]) for symbol in data.symbols]
    first = _date(min(entry.first_ts for entry in entries))
    last = _date(max(entry.last_ts for entry in entries))
    return (
        f"catalog {settings.catalog} has no {data.streams[0]} bars from {dates.start_date} to "
        f"{dates.end_date} in sessions of {settings.exchange_group} of any of: "
        f"{', '.join(data.symbols)}; their bars are from {first} to {last}"
    )


def _cut_warning(settings: SessionConfig, sessions: SessionTable, cut: int) -> str:
    dates = settings.backtest_config
    return (
        f"{dates.start_date} to {dates.end_date} was asked for, the bars are of "
        f"{_date(sessions.date_ns[0])} to {_date(sessions.date_ns[-1])}: {_many(cut, 'session')} "
        "before or after them left out"
    )


def _missing_note(missing: Sequence[str]) -> list[str]:
    if not missing:
        return []
    more = f" and {len(missing) - _NAMED:,} more" if len(missing) > _NAMED else ""
    named = ", ".join(missing[:_NAMED])
    return [f"{_many(len(missing), 'session')} without a bar of any symbol: {named}{more}"]


def _sunday_notes(settings: SessionConfig, surveys: Sequence[Survey]) -> list[str]:
    """Tell of daily bars of days that have no session of their own, such as a broker's Sundays."""
    data = settings.session_data_config
    if interval_ns(data.streams[0]) < DAY_NS:
        return []
    return [
        f"{symbol}: {_many(found.beside, 'daily bar')} of days that are the evening of the next "
        "session, such as Sundays, left out; the source ends its days at midnight: import its "
        "intraday bars, and days are made of them that are whole sessions"
        for symbol, found in zip(data.symbols, surveys, strict=True)
        if found.beside
    ]


def _auction_notes(sessions: SessionTable, surveys: Sequence[Survey]) -> list[str]:
    bars = sum(found.at_close for found in surveys if not _is_of_another(found))
    if not bars or not has_pauses(sessions):
        return []
    note = (
        f"{_many(bars, 'bar')} left out at a session's close, as those of closing auctions are; "
        'session_data_config.closing_auction="last_bar" adds them to the last bars of sessions'
    )
    return [note]


def _week_notes(
    settings: SessionConfig, catalog: Catalog, sessions: SessionTable, told: Collection[str]
) -> list[str]:
    """Compare the part of the week that the bars cover with a calendar of more hours or days.

    Symbols of which another note tells, ``told``, are left out.
    """
    data = settings.session_data_config
    if data.trading_hours == "extended":
        return []
    all_hours = around_the_clock(sessions)
    all_week = bool(np.isin((sessions.date_ns // DAY_NS + 3) % 7, (5, 6)).any())
    notes = []
    for symbol in (one for one in data.symbols if one not in told):
        week = catalog.entry(symbol, data.streams[0]).week
        fewer_hours = week == EXCHANGE_HOURS and all_hours
        fewer_days = week not in (None, ALL_WEEK) and all_week
        if fewer_hours or fewer_days:
            notes.append(
                f"{symbol}: the bars of the catalog are of {week}, the sessions of exchange_group "
                f"{settings.exchange_group} of {'all days' if all_week else 'all hours'}"
            )
    return notes


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _date(ns: int) -> str:
    return str(np.datetime64(int(ns), "ns").astype("M8[D]"))

"""Calendar codes, the FX calendar, and schedules of sessions as arrays.

This module is the bridge to ``exchange_calendars``, and ``time_manager`` answers questions with it.
A ``Schedule`` is an exchange calendar reduced to six arrays, without pandas objects. All time
managers of a process share the schedules. Building one calendar takes about 0.1 s for any length,
most of it for holiday rules. So a schedule begins in 2000, or before if need be, and grows on
demand by whole decades: a walk over 30 years before that builds three times, not thirty. A schedule
that was built is kept on disk (`kept_schedules`).

``exchange_calendars`` (and with it pandas) is imported at its first use, not with this module. A
run over sessions that are kept imports neither.
"""

from __future__ import annotations

import datetime as dt
import functools
import textwrap
import warnings
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, SECOND_NS
from pipeline.errors import ConfigError, DataError, nearest
from pipeline.market.time.kept_schedules import KeptSchedule, find_schedule, keep_schedule
from pipeline.market.time.schedule import Schedule
from pipeline.market.time.venues import venue_calendar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EXCHANGE_GROUPS: Final[Mapping[str, str]] = {
    "US_EQUITY": "XNYS",
    "CRYPTO": "24/7",
    "FX": "FX",
    "CME": "CMES",
}
"""The calendar code of each exchange group of a session configuration."""

EPOCH_ORDINAL: Final = dt.date(1970, 1, 1).toordinal()
EARLIEST: Final = dt.date(1900, 1, 1)
LATEST: Final = dt.date(2099, 12, 31)
"""First and last day of a calendar for which ``exchange_calendars`` sets no bound."""
_FROM_YEAR: Final = 2000
"""The year from which a schedule is built, also where only later days are asked for."""


_loaded: dict[tuple[str, bool], Schedule] = {}


def bars_begun(
    until_ns: int,
    open_ns: int,
    close_ns: int,
    break_start_ns: int,
    break_end_ns: int,
    interval_ns: int,
) -> int:
    """Return how many bars of an interval have trading time in a session before ``until_ns``.

    Every number of expected bars comes from this formula. Bars are aligned to the open; the last
    one is cut at the close and counts; a bar wholly inside the break does not count. If
    ``until_ns`` is the close of a bar, it is the number of bars that are complete by then. If it is
    the session's close, it is the number of bars of the session. Without a break,
    ``break_start_ns`` is 0. It is a plain function, which its callers compile.
    """
    end = min(until_ns, close_ns)
    if end <= open_ns:
        return 0
    if interval_ns >= DAY_NS:
        return 1
    begun = (end - open_ns + interval_ns - 1) // interval_ns
    if break_start_ns == 0 or end <= break_start_ns:
        return begun
    morning = (break_start_ns - open_ns + interval_ns - 1) // interval_ns
    if end <= break_end_ns:
        return morning
    return morning + begun - max(morning, (break_end_ns - open_ns) // interval_ns)


def calendar_code(exchange_group: str) -> str:
    """Return the calendar code of an exchange group, or of an ``exchange_calendars`` code or alias.

    Raises ConfigError with the nearest known names.
    """
    if exchange_group in EXCHANGE_GROUPS:
        return EXCHANGE_GROUPS[exchange_group]
    if find_schedule(exchange_group, extended=False) is not None:
        return exchange_group  # it is a code: a calendar is never kept under an alias
    import exchange_calendars as xc

    names = xc.get_calendar_names(include_aliases=True)
    if exchange_group in names:
        return str(xc.resolve_alias(exchange_group))
    hint = _hint(str(exchange_group), [*EXCHANGE_GROUPS, *names])
    raise ConfigError(
        f"exchange_group must be one of {', '.join(EXCHANGE_GROUPS)} or a calendar code of "
        f"exchange_calendars such as XTKS, was {exchange_group!r}{hint}"
    )


def _hint(name: str, known: Iterable[str]) -> str:
    """Return which of the known names a wrong one may have meant, as the end of a message."""
    if (meant := venue_calendar(name)) is not None:
        return f"; did you mean {meant}?"
    near = nearest(name, dict.fromkeys(known), 3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""


@functools.cache
def bounds(code: str) -> tuple[int, int]:
    """Return the first and last day (from 1970-01-01) that the calendar of a code can serve."""
    kept = find_schedule(code, extended=False) or find_schedule(code, extended=True)
    if kept is not None:
        return kept.bounds
    kind = _calendar_type(code)
    low, high = kind.bound_min(), kind.bound_max()
    first = EARLIEST if low is None else max(EARLIEST, low.date())
    last = LATEST if high is None else min(LATEST, high.date())
    return first.toordinal() - EPOCH_ORDINAL, last.toordinal() - EPOCH_ORDINAL


def timezone_name(code: str) -> str:
    """Return the IANA name of the calendar's time zone."""
    loaded = _loaded.get((code, False)) or _loaded.get((code, True))
    return str(_blank(code).tz) if loaded is None else loaded.timezone


def check_extended(code: str) -> None:
    """Raise ConfigError unless each regular session of the calendar lies in one local day."""
    blank = _blank(code)
    midnight = dt.time(0)
    whole_day = blank.close_offset == 1 and all(t == midnight for _, t in blank.close_times)
    if blank.open_offset != 0 or not (blank.close_offset == 0 or whole_day):
        raise ConfigError(
            f"trading_hours must be 'regular' for calendar {code}, was 'extended': its regular "
            f"sessions cross midnight in {blank.tz}, and an extended session is one local day"
        )


def schedule_covering(code: str, first_day: int, last_day: int, extended: bool) -> Schedule:
    """Return the schedule of a calendar over at least ``first_day`` to ``last_day`` inclusive.

    Days must lie within ``bounds(code)``. The schedule is taken from this process or, if it is not
    there, from disk. If it does not cover the days, it is built anew, extended to whole decades
    from 2000, and kept in both places. Raises DataError if ``exchange_calendars`` cannot build the
    years.
    """
    have = _loaded.get((code, extended))
    if have is None and (kept := find_schedule(code, extended)) is not None:
        have = _loaded[(code, extended)] = kept.schedule
    if have is not None:
        if have.first_day <= first_day and last_day <= have.last_day:
            return have
        first_day, last_day = min(first_day, have.first_day), max(last_day, have.last_day)
    schedule = _build_around(code, _date(first_day).year, _date(last_day).year)
    if extended:
        schedule = _extend(schedule)
    _loaded[(code, extended)] = schedule
    keep_schedule(KeptSchedule(schedule, bounds(code)), extended)
    return schedule


def _build_around(code: str, first: int, last: int) -> Schedule:
    """Build the schedule of some years, and of more if ``exchange_calendars`` can build them.

    Some calendars declare no bound although they cannot be built for early years.
    """
    decade, decade_end = first // 10 * 10, last // 10 * 10 + 9
    with suppress(DataError):
        return _build_years(code, min(decade, _FROM_YEAR), decade_end)
    with suppress(DataError):
        return _build_years(code, decade, decade_end)
    return _build_years(code, first, last)


def _build_years(code: str, first: int, last: int) -> Schedule:
    """Build the schedule of some years, as far as they lie within the bounds of the calendar."""
    low, high = map(_date, bounds(code))
    return _build(code, max(dt.date(first, 1, 1), low), min(dt.date(last, 12, 31), high))


def _date(day: int) -> dt.date:
    return dt.date.fromordinal(day + EPOCH_ORDINAL)


@functools.cache
def _calendar_type(code: str) -> Any:
    """Return the calendar class of a code, which has the bounds although no calendar is built."""
    if code == "FX":
        return _fx_calendar_type()
    from exchange_calendars.calendar_utils import global_calendar_dispatcher

    # The public functions of the dispatcher build the calendar and keep the last one alive.
    return global_calendar_dispatcher._calendar_factories[code]


def _blank(code: str) -> Any:
    """Return an instance of a calendar's class that is never initialised.

    Zone, offsets and opening times are facts of the class, but they are written as properties. The
    instance answers them, and no calendar is built.
    """
    kind = _calendar_type(code)
    return kind.__new__(kind)


def _fx_calendar_type() -> Any:
    from exchange_calendars.exchange_calendar import ExchangeCalendar, HolidayCalendar
    from pandas.tseries.holiday import Holiday

    class FXCalendar(ExchangeCalendar):  # type: ignore[misc]
        """Spot foreign exchange: 17:00 to 17:00 New York, Monday to Friday sessions.

        The session of a date opens at 17:00 on the day before, so Monday's session opens on
        Sunday. No session is labelled 1 January or 25 December. In the records of brokers both
        days are closed since 2010 and thin before. No other day is a holiday in their place.
        """

        name = "FX"
        tz = ZoneInfo("America/New_York")
        open_times = ((None, dt.time(17)),)
        close_times = ((None, dt.time(17)),)
        open_offset = -1

        @property
        def regular_holidays(self) -> Any:
            return HolidayCalendar(
                [Holiday("New Year", month=1, day=1), Holiday("Christmas", month=12, day=25)]
            )

    return FXCalendar


def _build(code: str, first: dt.date, last: dt.date) -> Schedule:
    kind = _calendar_type(code)
    try:
        with warnings.catch_warnings():
            # exchange_calendars calls functions that pandas deprecates.
            warnings.simplefilter("ignore", category=DeprecationWarning)
            warnings.simplefilter("ignore", category=FutureWarning)
            warnings.simplefilter("ignore", category=RuntimeWarning)
            calendar = kind(start=first.isoformat(), end=last.isoformat())
            early = calendar.schedule.index.isin(calendar.early_closes)
    except Exception as error:  # the library's calendars raise errors of many types
        reason = textwrap.shorten(f"{type(error).__name__}: {error}", width=160)
        raise DataError(
            f"calendar {code} cannot be built by exchange_calendars for {first} to {last}: {reason}"
        ) from error
    break_start = np.asarray(calendar.break_starts_nanos, dtype=np.int64)
    has_break = break_start != np.iinfo(np.int64).min
    return Schedule(
        code=code,
        timezone=str(calendar.tz),
        weekmask=str(calendar.weekmask),
        first_day=first.toordinal() - EPOCH_ORDINAL,
        last_day=last.toordinal() - EPOCH_ORDINAL,
        day=calendar.schedule.index.to_numpy().astype("datetime64[D]").astype(np.int64),
        open_ns=np.array(calendar.opens_nanos, dtype=np.int64),
        close_ns=np.array(calendar.closes_nanos, dtype=np.int64),
        early_close=np.array(early, dtype=np.bool_),
        break_start_ns=np.where(has_break, break_start, 0),
        break_end_ns=np.where(has_break, calendar.break_ends_nanos, 0).astype(np.int64),
    )


def local_instants(
    days: npt.NDArray[np.int64], seconds: int, timezone: str
) -> npt.NDArray[np.int64]:
    """Return the instants, ns UTC, at which clocks show ``seconds`` after midnight on some days.

    ``days`` int64[N] are counted from 1970-01-01. If a change of the clock leaves the time out, it
    is the end of the gap. If the time occurs twice, it is the first occurrence.
    """
    import pandas as pd

    wall = days.astype("datetime64[D]").astype("datetime64[ns]") + np.timedelta64(seconds, "s")
    first = np.ones(len(days), dtype=np.bool_)
    utc = pd.DatetimeIndex(wall).tz_localize(timezone, ambiguous=first, nonexistent="shift_forward")
    return np.asarray(utc.asi8, dtype=np.int64)


def local_midnight(day: int, zone: ZoneInfo) -> int:
    """Return the instant, ns UTC, at which a day (from 1970-01-01) begins on clocks of a zone.

    It is `local_instants` for a single day, without pandas.
    """
    date = _date(day)
    return round(dt.datetime(date.year, date.month, date.day, tzinfo=zone).timestamp()) * SECOND_NS


def _extend(regular: Schedule) -> Schedule:
    """Stretch each session from local midnight to local midnight, without breaks."""

    def midnights(days: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return local_instants(days, 0, regular.timezone)

    return replace(
        regular,
        open_ns=midnights(regular.day),
        close_ns=midnights(regular.day + 1),
        break_start_ns=np.zeros(len(regular.day), dtype=np.int64),
        break_end_ns=np.zeros(len(regular.day), dtype=np.int64),
    )

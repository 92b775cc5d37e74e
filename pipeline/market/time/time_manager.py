"""TimeManager: the only source of calendar, session and time-zone facts.

It answers every question from a ``Schedule`` (arrays of sessions, see ``calendars``) by binary
search. Single-date questions go through a ``QueryCache``, because a run asks the same few of them
again and again. ``start_session`` empties the cache, so that a long-lived process has no answers
from earlier sessions.

Dates are ``datetime.date`` or ISO strings ("2023-07-03"), and instants are int64 ns UTC. A session
is labelled by its date, which is not always the UTC date on which it opens.
"""

from __future__ import annotations

import datetime as dt
from copy import copy
from dataclasses import dataclass, fields, replace
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, interval_ns
from pipeline.errors import ConfigError, DataError
from pipeline.market.time.calendars import (
    EPOCH_ORDINAL,
    bars_begun,
    bounds,
    calendar_code,
    check_extended,
    local_instants,
    local_midnight,
    schedule_covering,
    timezone_name,
)
from pipeline.market.time.dates import DateLike, parse_date, to_date
from pipeline.market.time.offsets import offsets_between
from pipeline.market.time.query_cache import CacheStatistics, QueryCache
from pipeline.market.time.schedule import Schedule

TradingHours: TypeAlias = Literal["regular", "extended"]


def zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name such as "America/New_York", or raise ConfigError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise ConfigError(
            f"time zone must be an IANA name such as America/New_York or UTC, was {name!r}"
        ) from error


@dataclass(frozen=True, slots=True)
class TradingSession:
    """One open-to-close span, labelled by its date."""

    date: dt.date
    """Date of the session."""
    open_ns: int
    """Open, ns UTC."""
    close_ns: int
    """Close, ns UTC, exclusive."""
    is_early_close: bool
    """Whether the exchange closes before its usual time, also if the hours are extended."""
    breaks: tuple[tuple[int, int], ...]
    """Start and end of each break, ns UTC."""
    timezone: str
    """IANA name of the exchange's time zone."""


@dataclass(frozen=True, slots=True, eq=False)
class SessionTable:
    """Sessions of a range of dates, one element of each array per session, ascending.

    The arrays belong to the caller.
    """

    date_ns: npt.NDArray[np.int64]
    """00:00Z of the session's date, ns UTC, which is the label of daily bars."""
    open_ns: npt.NDArray[np.int64]
    """Opens, ns UTC."""
    close_ns: npt.NDArray[np.int64]
    """Closes, ns UTC, exclusive."""
    early_close: npt.NDArray[np.bool_]
    """Whether the exchange closes before its usual time."""
    break_start_ns: npt.NDArray[np.int64]
    """Starts of breaks, ns UTC, 0 without a break."""
    break_end_ns: npt.NDArray[np.int64]
    """Ends of breaks, ns UTC, 0 without a break."""

    def __len__(self) -> int:
        return len(self.date_ns)

    def bar_range(self, interval: int) -> tuple[int, int]:
        """Return the range [begin, end) in which bars of the sessions can have their ``ts``.

        ``interval`` is the length of the bars in ns.
        """
        begin = min(self.open_ns[0] - interval, self.date_ns[0])
        return int(begin), int(max(self.close_ns[-1], self.date_ns[-1] + DAY_NS))

    def part(self, first: int, stop: int) -> SessionTable:
        """Return the sessions from index ``first`` to the one before ``stop``, as copies."""
        arrays = (getattr(self, field.name) for field in fields(self))
        return SessionTable(*(array[first:stop].copy() for array in arrays))


class TimeManager:
    """Calendar facts of one exchange group.

    ``exchange_group`` is US_EQUITY, CRYPTO, FX, CME or any calendar code or alias of
    ``exchange_calendars``. With ``trading_hours="extended"`` a session lasts from local midnight
    to local midnight of its date, without breaks. Raises ConfigError for an unknown group and
    for extended hours on a calendar whose sessions cross midnight. No calendar is built before the
    first question, and then only for the decades of the question.

    Every method that takes dates raises DataError, naming the parameter, for impossible dates
    and for dates outside ``bounds``. Only one thread at a time may use a manager.
    """

    def __init__(self, exchange_group: str, trading_hours: TradingHours = "regular") -> None:
        if trading_hours not in ("regular", "extended"):
            raise ConfigError(
                f"trading_hours must be 'regular' or 'extended', was {trading_hours!r}"
            )
        self.exchange_group = exchange_group
        self.calendar_code = calendar_code(exchange_group)
        self.trading_hours = trading_hours
        self._extended = trading_hours == "extended"
        if self._extended:
            check_extended(self.calendar_code)
        self._cache = QueryCache()
        #: The sessions of a manager that `over` made; None for any other manager.
        self._own: Schedule | None = None

    def __repr__(self) -> str:
        return f"TimeManager({self.exchange_group!r}, trading_hours={self.trading_hours!r})"

    def over(self, sessions: SessionTable) -> TimeManager:
        """Return a manager that knows only the given sessions of this one, such as those of a run.

        It answers from the table and builds no calendar, so another process can use it at no cost.
        Its ``bounds`` are the dates of the first and the last session. Raises DataError for an
        empty table.
        """
        if len(sessions) == 0:
            raise DataError("a time manager over some sessions needs at least one, was given none")
        day = sessions.date_ns // DAY_NS
        first, last = int(day[0]), int(day[-1])
        manager = copy(self)
        manager._cache = QueryCache()
        manager._own = replace(
            self._covering(first, last),
            first_day=first,
            last_day=last,
            day=day,
            open_ns=sessions.open_ns,
            close_ns=sessions.close_ns,
            early_close=sessions.early_close,
            break_start_ns=sessions.break_start_ns,
            break_end_ns=sessions.break_end_ns,
        )
        return manager

    # ------------------------------------------------------------------ single dates, cached

    def get_trading_session(self, date: DateLike) -> TradingSession:
        """Return the session labelled ``date``. DataError if that date is no trading day."""
        return self._cache.answer(("session", date), lambda: self._session(self._day(date, "date")))

    def is_trading_day(self, date: DateLike) -> bool:
        """Return whether a session is labelled ``date``."""
        return self._cache.answer(("trading", date), lambda: self._has(self._day(date, "date")))

    def is_holiday(self, date: DateLike) -> bool:
        """Return whether ``date`` is a usual trading weekday on which the exchange is closed."""
        return self._cache.answer(("holiday", date), lambda: self._holiday(self._day(date, "date")))

    def get_first_trading_date(self, date: DateLike) -> dt.date:
        """Return the first trading date on or after ``date`` (inclusive)."""
        return self._cache.answer(
            ("first", date), lambda: self._offset(self._day(date, "date") - 1, 1, "date")
        )

    def get_next_trading_date(self, date: DateLike) -> dt.date:
        """Return the first trading date after ``date`` (exclusive)."""
        return self._cache.answer(
            ("step", date, 1), lambda: self._offset(self._day(date, "date"), 1, "date")
        )

    def get_previous_trading_date(self, date: DateLike) -> dt.date:
        """Return the last trading date before ``date`` (exclusive)."""
        return self._cache.answer(
            ("step", date, -1), lambda: self._offset(self._day(date, "date"), -1, "date")
        )

    def step_trading_days(self, date: DateLike, n: int) -> dt.date:
        """Return the ``n``-th trading date after ``date`` (before it for a negative ``n``).

        ``date`` itself never counts and need not be a trading day. If ``n`` is 0, ``date`` is
        returned and must be a trading day.
        """
        return self._cache.answer(
            ("step", date, n), lambda: self._offset(self._day(date, "date"), n, "date")
        )

    def count_trading_days(self, start_date: DateLike, end_date: DateLike) -> int:
        """Return how many trading days lie in ``start_date`` to ``end_date``, both inclusive."""

        def count() -> int:
            _, low, high = self._range(start_date, end_date)
            return high - low

        return self._cache.answer(("count", start_date, end_date), count)

    def expected_bars(self, date: DateLike, interval: str) -> int:
        """Return how many bars of ``interval`` the calendar expects in the session of ``date``.

        Breaks are excluded. The last bar, which is cut at the close, counts. Raises DataError if
        the date is no trading day, and ConfigError for an impossible interval.
        """

        def count() -> int:
            session = self._session(self._day(date, "date"))
            start, end = session.breaks[0] if session.breaks else (0, 0)
            return bars_begun(
                session.close_ns,
                session.open_ns,
                session.close_ns,
                start,
                end,
                interval_ns(interval),
            )

        return self._cache.answer(("bars", date, interval), count)

    # ------------------------------------------------------------------------------- ranges

    def session_table(self, start_date: DateLike, end_date: DateLike) -> SessionTable:
        """Return the sessions labelled ``start_date`` to ``end_date``, both inclusive, as arrays.

        The arrays are copies. A range without a trading day gives an empty table.
        """
        schedule, low, high = self._range(start_date, end_date)
        return SessionTable(
            date_ns=schedule.day[low:high] * DAY_NS,
            open_ns=schedule.open_ns[low:high].copy(),
            close_ns=schedule.close_ns[low:high].copy(),
            early_close=schedule.early_close[low:high].copy(),
            break_start_ns=schedule.break_start_ns[low:high].copy(),
            break_end_ns=schedule.break_end_ns[low:high].copy(),
        )

    def table_around(self, start_date: DateLike, end_date: DateLike, days: int) -> SessionTable:
        """Return the sessions of a range of dates and of ``days`` days before and after it.

        Days that the calendar cannot serve are left out. The arrays are copies.
        """
        low, high = self._reach()
        first, last = self._day(start_date, "start_date"), self._day(end_date, "end_date")
        return self.session_table(to_date(max(low, first - days)), to_date(min(high, last + days)))

    def instants(self, start_date: DateLike, end_date: DateLike) -> tuple[int, int]:
        """Return when the first date begins and the last one ends on clocks of the exchange.

        Both are ns UTC; the second one is exclusive.
        """
        first, last = self._day(start_date, "start_date"), self._day(end_date, "end_date")
        zone = ZoneInfo(self.timezone)
        return local_midnight(first, zone), local_midnight(last + 1, zone)

    def local_times(self, sessions: SessionTable, wall: dt.time) -> npt.NDArray[np.int64]:
        """Return the instant of a clock time of the exchange on each session's date, ns UTC."""
        seconds = wall.hour * 3600 + wall.minute * 60 + wall.second
        return local_instants(sessions.date_ns // DAY_NS, seconds, self.timezone)

    def utc_offsets(self, sessions: SessionTable) -> tuple[tuple[int, int], ...]:
        """Return how far the exchange's clock is ahead of UTC while these sessions last.

        They are pairs of an instant, ns UTC, and of the ns that the clock is ahead from then on.
        The first pair is of the day before the first session.
        """
        if not len(sessions):
            return ((0, 0),)
        first = int(sessions.open_ns[0]) // DAY_NS - 1
        last = int(sessions.close_ns[-1]) // DAY_NS + 1
        days = (int(sessions.date_ns[at]) // DAY_NS for at in (0, -1))
        # A schedule knows its zone. To ask the calendar would take a second, to import it.
        return offsets_between(zone(self._covering(*days).timezone), first, last)

    @property
    def timezone(self) -> str:
        """The IANA name of the exchange's time zone."""
        return timezone_name(self.calendar_code) if self._own is None else self._own.timezone

    @property
    def bounds(self) -> tuple[dt.date, dt.date]:
        """The first and last date about which this manager can answer."""
        low, high = self._reach()
        return to_date(low), to_date(high)

    # ------------------------------------------------------------------------------- caches

    def start_session(self, date: DateLike) -> TradingSession:
        """Begin the session of ``date``: empty the cache and return that session.

        The coordinator calls it once per session. The counts of ``cache_statistics`` go on.
        """
        self._cache.invalidate()
        return self.get_trading_session(date)

    def cache_statistics(self) -> CacheStatistics:
        """Return the hits and misses of the cache so far."""
        return self._cache.statistics()

    # ------------------------------------------------------------------------------- lookup

    def _day(self, value: DateLike, name: str) -> int:
        """Return the day number of a date argument, checked against the calendar's bounds."""
        day = parse_date(value, name).toordinal() - EPOCH_ORDINAL
        low, high = self._reach()
        if not low <= day <= high:
            raise DataError(
                f"{name} must be within {to_date(low)} to {to_date(high)}, "
                f"the dates of {self._scope}, was {value}"
            )
        return day

    def _reach(self) -> tuple[int, int]:
        """Return the first and last day about which this manager can answer."""
        own = self._own
        return bounds(self.calendar_code) if own is None else (own.first_day, own.last_day)

    @property
    def _scope(self) -> str:
        """The calendar, or the part of it, to which the days within reach belong, for messages."""
        part = "" if self._own is None else "this part of "
        return f"{part}calendar {self.calendar_code}"

    def _covering(self, first_day: int, last_day: int) -> Schedule:
        if self._own is not None:
            return self._own
        return schedule_covering(self.calendar_code, first_day, last_day, self._extended)

    def _range(self, start: DateLike, end: DateLike) -> tuple[Schedule, int, int]:
        """Return a schedule, and the range [low, high) of indices of the sessions of two dates."""
        first, last = self._day(start, "start_date"), self._day(end, "end_date")
        if first > last:
            raise DataError(f"start_date must not be after end_date {end}, was {start}")
        schedule = self._covering(first, last)
        low = int(np.searchsorted(schedule.day, first, side="left"))
        high = int(np.searchsorted(schedule.day, last, side="right"))
        return schedule, low, high

    def _find(self, day: int) -> tuple[Schedule, int]:
        """Return a schedule and the index of a day's session in it, -1 if it is no trading day."""
        schedule = self._covering(day, day)
        at = int(schedule.day.searchsorted(day))
        found = at < len(schedule.day) and schedule.day[at] == day
        return schedule, at if found else -1

    def _has(self, day: int) -> bool:
        return self._find(day)[1] >= 0

    def _holiday(self, day: int) -> bool:
        schedule, at = self._find(day)
        return at < 0 and schedule.weekmask[to_date(day).weekday()] == "1"

    def _session(self, day: int) -> TradingSession:
        schedule, at = self._find(day)
        if at < 0:
            raise DataError(
                f"date must be a trading day of calendar {self.calendar_code}, was {to_date(day)}"
            )
        start, end = int(schedule.break_start_ns[at]), int(schedule.break_end_ns[at])
        return TradingSession(
            date=to_date(day),
            open_ns=int(schedule.open_ns[at]),
            close_ns=int(schedule.close_ns[at]),
            is_early_close=bool(schedule.early_close[at]),
            breaks=((start, end),) if start else (),
            timezone=schedule.timezone,
        )

    def _offset(self, day: int, n: int, name: str) -> dt.date:
        """Return the n-th trading date strictly after (n > 0) or before (n < 0) a day."""
        if n == 0:
            return self._session(day).date
        low, high = self._reach()
        reach = 2 * abs(n) + 30
        while True:
            far = min(day + reach, high) if n > 0 else max(day - reach, low)
            schedule = self._covering(min(max(day, low), far), max(day, far))
            if n > 0:
                at = int(np.searchsorted(schedule.day, day, side="right")) + n - 1
            else:
                at = int(np.searchsorted(schedule.day, day, side="left")) + n
            if 0 <= at < len(schedule.day):
                return to_date(int(schedule.day[at]))
            if far in (low, high):
                raise DataError(
                    f"{name} must leave {abs(n)} trading days {'after' if n > 0 else 'before'} it "
                    f"within {to_date(low)} to {to_date(high)}, the dates of {self._scope}, "
                    f"was {to_date(day)}"
                )
            reach *= 2

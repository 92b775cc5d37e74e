"""What is asked of a source: symbols, an interval, and the days from a first one to before a last.

Days are those of UTC, but for daily bars of exchanges, which have the dates of their sessions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pipeline.codes import (
    DAY_NS,
    SECOND_NS,
    SYMBOL_WORDS,
    interval_name,
    interval_ns,
    is_symbol,
)
from pipeline.errors import ConfigError

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Request:
    """The bars that are asked for."""

    symbols: tuple[str, ...]
    """The symbols, as the source writes them."""
    interval: str
    """The interval, in its shortest form."""
    start: date
    """The first day."""
    end: date
    """The day after the last one."""

    @classmethod
    def of(
        cls,
        symbols: Sequence[str],
        interval: str,
        start: date | str,
        end: date | str | None,
        now_ns: int,
    ) -> Request:
        """Return the checked request. Without an ``end`` it ends before the day of ``now_ns``.

        Raises ConfigError for a symbol, interval or day that cannot be.
        """
        if not symbols:
            raise ConfigError("a fetch needs at least one symbol, such as BTCUSDT; none was given")
        for symbol in symbols:
            if not is_symbol(symbol):
                raise ConfigError(f"a symbol has {SYMBOL_WORDS}, was {symbol!r:.99}")
        today = day_of(now_ns)
        first = _day(start, "start")
        last = today if end is None else _day(end, "end")
        if not _EPOCH <= first < last:
            raise ConfigError(
                f"start must be before end and from {_EPOCH} on, was {first}, with {last} as the "
                "end, which is the day after the last one"
            )
        if first > today:
            raise ConfigError(f"start must not be in the future, was {first}; today is {today}")
        name = interval_name(interval_ns(interval))
        return cls(tuple(dict.fromkeys(symbols)), name, first, last)

    @property
    def start_ns(self) -> int:
        """The beginning of the first day in UTC, ns."""
        return begin_ns(self.start)

    @property
    def end_ns(self) -> int:
        """The end of the last day in UTC, ns."""
        return begin_ns(self.end)

    @property
    def step_ns(self) -> int:
        """The length of the interval, ns."""
        return interval_ns(self.interval)

    @property
    def days(self) -> int:
        """The number of days."""
        return (self.end - self.start).days

    def windows(self, days: int) -> list[tuple[date, date]]:
        """Return the days in parts of at most ``days``, each with the day after its last one."""
        cuts = range(0, self.days, days)
        parts = [self.start + timedelta(at) for at in cuts]
        return list(zip(parts, [*parts[1:], self.end], strict=True))


def begin_ns(day: date) -> int:
    """Return the beginning of a day in UTC, ns since 1970."""
    return (day - _EPOCH).days * DAY_NS


def day_of(ns: int) -> date:
    """Return the day of UTC that has the instant ``ns``."""
    return datetime.fromtimestamp(ns // SECOND_NS, UTC).date()


def _day(given: date | str, name: str) -> date:
    if isinstance(given, datetime):
        given = given.date()
    if isinstance(given, date):
        return given
    try:
        return date.fromisoformat(given)
    except (TypeError, ValueError):
        raise ConfigError(f"{name} must be a day such as 2024-01-31, was {given!r}") from None

"""The calendar that fits bars: its sessions have nearly all of them, and no room for others.

Only a refusal or a doubt asks for it, because it builds a dozen calendars.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, HOUR_NS, MINUTE_NS
from pipeline.errors import RingtapeError
from pipeline.market.auction import has_pauses
from pipeline.market.survey import Survey, edges, survey
from pipeline.market.time.calendars import EXCHANGE_GROUPS
from pipeline.market.time.time_manager import SessionTable, TimeManager

CANDIDATES: Final = (
    *EXCHANGE_GROUPS,
    *("XLON", "XETR", "XPAR", "XSWX", "XTSE"),
    *("XTKS", "XHKG", "XSHG", "XKRX", "XASX", "XBOM"),
)
"""The calendars that are tried: the exchange groups, then large exchanges."""

LEAST_SHARE: Final = 0.97
"""A calendar is proposed only if this share of the bars is in its sessions or beside them."""

EQUAL_MERIT: Final = 0.98
"""Calendars have about the same hours from this share of the best merit on. Of these, the one that
leaves fewest bars and sessions without each other is proposed."""

CLEARLY: Final = 0.005, 3
"""A calendar fits clearly better if its misfit is less by this share, worth so many sessions."""

ABOUT: Final = 0.003
"""Shares that differ by no more are the same: it is less than one day of a year. Neither part of
the misfit of a calendar that fits better may be larger by more; holes of the data are in both."""

MOST_EMPTY: Final = 0.25
"""A calendar is named as one that fits better if at most this share of its sessions is empty."""

MOST_BESIDE: Final = 0.2
"""Bars beside sessions, as a share of all, up to which nothing is asked: no auction has so many."""

MOST_FILLED: Final = 0.8
"""Sessions that are filled to more than this share of what another calendar's are, are not clearly
of another market. With the right calendar sessions are fuller than any others, because there is
less trade before the open and after the close; with one of other hours they are filled in part."""

NEARLY_ALL: Final = 0.99
"""A calendar has the bars on another one's holidays if this share of all is in its sessions."""

OPEN_ON_HOLIDAYS: Final = {EXCHANGE_GROUPS["US_EQUITY"]: "CME"}
"""By the code of a calendar, that of the same country which is open on most of its holidays. An
index of the first can have a value there: VIX has one on each holiday of New York on which the
futures are traded, since 2022."""

MOST_SHIFTED: Final = 0.8
"""Bars are shifted if more than this share of the sessions are, between two changes of the clock.
It leaves room for half days and for sessions whose first or last bars were not traded."""

FEWEST_SHIFTED: Final = 3
"""Of fewer shifted sessions than this, each must have half of its bars. In one session of a symbol
that is traded seldom the first and the last bar can be anywhere."""

CLOCK_STEP: Final = 30 * MINUTE_NS
"""Clocks of time zones differ by multiples of this."""

UNTRADED: Final = 15 * MINUTE_NS
"""So much of a shifted session may be without bars at either end, or last longer for an auction."""

_SEVERAL: Final = 3
"""Of so many sessions or more, those in which the data begin and end do not show the hours."""

_LONG_SESSION: Final = 22 * HOUR_NS
_EPOCH = dt.date(1970, 1, 1)
_AROUND = dt.timedelta(days=3)


def around_the_clock(sessions: SessionTable) -> bool:
    """Return whether most sessions leave no time for trading before the open or after the close."""
    lengths = sessions.close_ns - sessions.open_ns
    return bool(len(lengths)) and bool(np.median(lengths) >= _LONG_SESSION)


@dataclass(frozen=True, slots=True)
class Misfit:
    """What sessions and bars have without each other, each as a share, 0 to 1."""

    outside: float
    """Bars that are in no session. Bars beside sessions count only where these are around the
    clock: beside others they are of extended hours."""
    empty: float
    """Sessions without a bar, of those from the first to the last with one."""
    sessions: int
    """How many sessions these are."""

    @property
    def share(self) -> float:
        """Both together."""
        return self.outside + self.empty

    @property
    def filled(self) -> float:
        """How many of the sessions have bars."""
        return self.sessions * (1.0 - self.empty)


def misfit(found: Survey, interval: int, sessions: SessionTable) -> Misfit:
    """Return the misfit of a survey. ``sessions`` are those of its ``inside``, in their order."""
    known = np.flatnonzero(found.inside)
    part = found.inside[known[0] : known[-1] + 1] if len(known) else found.inside[:0]
    outside = found.apart
    if interval < DAY_NS and around_the_clock(sessions):
        outside += found.beside
    bars = int(found.inside.sum()) + found.outside
    empty = int((part == 0).sum())
    return Misfit(outside / max(1, bars), empty / max(1, len(part)), len(part))


def better_fit(ts: npt.NDArray[np.int64], interval: int, than: Misfit) -> Fit | None:
    """Return the calendar that fits bars clearly better, None if none does.

    ``ts`` int64[N > 0] are the opens of the bars, ascending; ``interval`` is their length in ns.
    """
    fits = [fit for group in CANDIDATES if (fit := fit_of(group, ts, interval)) is not None]
    # One that leaves most bars beside a few sessions has no misfit, and does not fit.
    whole = [
        fit
        for fit in fits
        if fit.misfit.filled >= 0.8 * than.filled and fit.misfit.empty <= MOST_EMPTY
    ]
    better = [fit for fit in whole if is_clear(than, fit.misfit)]
    return next(iter(_closest(better, lambda fit: fit.misfit.share)), None)


def is_clear(own: Misfit, other: Misfit | None = None) -> bool:
    """Return whether another misfit is clearly less than one's own; without it, whether any is."""
    least = 0.0 if other is None else other.share
    if other is not None and max(other.outside - own.outside, other.empty - own.empty) > ABOUT:
        return False
    gain, (share, sessions) = own.share - least, CLEARLY
    return gain >= share and gain * own.sessions >= sessions


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a calendar fits bars."""

    group: str
    """Its exchange group, or its code."""
    share: float
    """Share of the bars that are in its sessions or beside them, 0 to 1."""
    filled: float
    """Bars in its sessions, as a share of the bars that these have room for, about 0 to 1."""
    inside: float
    """Share of the bars that are in its sessions, 0 to 1."""
    misfit: Misfit
    """What its sessions and the bars have without each other."""

    @property
    def merit(self) -> float:
        """How well it fits, 0 to 1."""
        return self.share * min(1.0, self.filled)


def best_fits(ts: npt.NDArray[np.int64], interval: int) -> list[Fit]:
    """Return the calendars that fit bars best, first the one to propose; [] if none fits.

    Those after the first fit as well as it does: the bars do not tell them apart.
    ``ts`` int64[N > 0] are the opens of the bars, ascending; ``interval`` is their length in ns.
    """
    fits = [fit for group in CANDIDATES if (fit := fit_of(group, ts, interval)) is not None]
    near = [fit for fit in fits if fit.share >= LEAST_SHARE]
    most = max((fit.merit for fit in near), default=0.0)
    equal = [fit for fit in near if fit.merit >= EQUAL_MERIT * most]
    return _closest(equal, lambda fit: 1.0 - fit.inside + fit.misfit.empty)


def other_hours(
    found: Survey, interval: int, sessions: SessionTable, times: Callable[[], npt.NDArray[np.int64]]
) -> Fit | None:
    """Return the calendar of a market of other hours, whose bars these clearly are; None if not.

    Many of the bars are beside the ``sessions``, which are those of the survey's ``inside``. The
    sessions of the calendar that is returned have clearly more of the bars and are clearly fuller.
    Bars of extended hours fill the sessions of their own market, so no other calendar has both.
    ``times`` reads the opens of the bars, as for `best_fits`; it is called only where it is needed.
    """
    inside = int(found.inside.sum())
    rows = inside + found.outside
    if interval >= DAY_NS or not inside or found.beside <= MOST_BESIDE * rows:
        return None
    known = np.flatnonzero(found.inside)
    room = int(_room(sessions, interval)[known[0] : known[-1] + 1].sum())
    if inside >= MOST_FILLED * room:
        return None
    fit = next(iter(best_fits(times(), interval)), None)
    if fit is None or fit.inside < inside / rows + MOST_BESIDE:
        return None
    return fit if inside / room <= MOST_FILLED * fit.filled else None


def open_on_holidays(code: str, own: Misfit, fits: Sequence[Fit]) -> str | None:
    """Return the calendar on whose days daily bars outside another's sessions are; None if no such.

    ``code`` is that of the other calendar, whose sessions must all have a bar. ``own`` is its
    misfit, and ``fits`` are the `best_fits` of the bars.
    """
    wanted = OPEN_ON_HOLIDAYS.get(code)
    found = [fit.group for fit in fits if fit.group == wanted and fit.inside >= NEARLY_ALL]
    return found[0] if found and own.empty <= ABOUT else None


@dataclass(frozen=True, slots=True)
class Shift:
    """Sessions whose bars begin and end later than they do, by the same time."""

    by: int
    """How much later, ns; below 0 if they are earlier."""
    sessions: int
    """How many sessions these are."""


def shifts_of(
    found: Survey, interval: int, sessions: SessionTable, ahead: Callable[[], npt.NDArray[np.int64]]
) -> list[Shift]:
    """Return by how much the bars of most sessions are shifted, those of the same time as one.

    A clock that was taken wrongly shifts bars by a multiple of half an hour, times that are of the
    other end of bars by one interval. ``sessions`` are those of the survey. ``ahead`` gives how far
    the exchange's clock is ahead of UTC in each, int64[K]: sessions are compared with those that
    have the same, because a clock may be wrong in summer only.
    """
    if interval >= DAY_NS or around_the_clock(sessions) or not has_pauses(sessions):
        return []
    where = edges(found, interval, sessions)
    by = _shift_of_each(where.late * interval, where.over * interval, interval)
    if not by.any():
        return []
    shifted: Counter[int] = Counter()
    is_full = 2 * found.inside >= _room(sessions, interval)
    offsets = ahead()
    for offset in np.unique(offsets[where.known]):
        same = where.known & (offsets == offset)
        each, counts = np.unique(by[same], return_counts=True)
        one, count = int(each[counts.argmax()]), int(counts.max())
        enough = count >= FEWEST_SHIFTED or is_full[same & (by == one)].all()
        if one and enough and count > MOST_SHIFTED * same.sum():
            shifted[one] += count
    return [Shift(one, count) for one, count in sorted(shifted.items())]


def _shift_of_each(
    late: npt.NDArray[np.int64], over: npt.NDArray[np.int64], interval: int
) -> npt.NDArray[np.int64]:
    """Return by how many ns the bars of each session are shifted, 0 if they are not.

    ``late`` and ``over`` int64[K]: how long after the open they begin and after the close they end.
    """
    clock = late // CLOCK_STEP * CLOCK_STEP
    is_clock = (late - clock <= UNTRADED) & (np.abs(over - clock) <= UNTRADED)
    is_end = (np.abs(late) == interval) & (over == late)
    return np.where(is_end, late, np.where(is_clock, clock, 0))


def _closest(fits: Sequence[Fit], lack: Callable[[Fit], float]) -> list[Fit]:
    """Return the fits that lack about as little as the best one, those of fewest sessions first."""
    least = min((lack(fit) for fit in fits), default=0.0)
    close = [fit for fit in fits if lack(fit) <= least + ABOUT]
    return sorted(close, key=lambda fit: (fit.misfit.sessions, lack(fit)))


def fit_of(group: str, ts: npt.NDArray[np.int64], interval: int) -> Fit | None:
    """Return how well a calendar fits; None if it does not reach so far."""
    first, last = (_EPOCH + dt.timedelta(days=int(at) // DAY_NS) for at in (ts[0], ts[-1]))
    try:
        manager = TimeManager(group)
        low, high = manager.bounds
        sessions = manager.session_table(max(low, first - _AROUND), min(high, last + _AROUND))
        zone = ZoneInfo(manager.timezone)
    except RingtapeError:
        return None
    span = int(ts[0]), int(ts[-1]) + 1
    found = survey(_Once(ts), interval, sessions, span, zone)
    (reached,) = np.nonzero((sessions.close_ns > ts[0]) & (sessions.open_ns <= ts[-1]))
    room = _room(sessions, interval)[reached]
    if interval < DAY_NS and len(reached) >= _SEVERAL:
        # The data begin and end somewhere in a session.
        before = (ts[0] - sessions.open_ns[reached[0]]) // interval
        after = (sessions.close_ns[reached[-1]] - ts[-1]) // interval - 1
        room[0] -= min(room[0], max(0, before))
        room[-1] -= min(room[-1], max(0, after))
    inside = int(found.inside.sum())
    return Fit(
        group,
        1.0 - found.apart / len(ts),
        inside / max(1, int(room.sum())),
        inside / len(ts),
        misfit(found, interval, sessions),
    )


def _room(sessions: SessionTable, interval: int) -> npt.NDArray[np.int64]:
    """Return how many bars there is about room for in each session."""
    if interval >= DAY_NS:
        return np.ones(len(sessions), np.int64)
    breaks = sessions.break_end_ns - sessions.break_start_ns
    open_for: npt.NDArray[np.int64] = sessions.close_ns - sessions.open_ns - breaks
    return -(-open_for // interval)


class _Once:
    """Gives times as a reader of bars does, as one block."""

    def __init__(self, ts: npt.NDArray[np.int64]) -> None:
        self._blocks: list[tuple[npt.NDArray[np.int64], tuple[()]]] = [(ts, ())]

    def next_block(self) -> tuple[npt.NDArray[np.int64], tuple[()]] | None:
        """Return the times, and None from then on."""
        return self._blocks.pop() if self._blocks else None

    def close(self) -> None:
        """Nothing is open."""

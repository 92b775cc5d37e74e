"""Whether the calendar of a run is that of its bars: a refusal, or a note with one that fits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, MINUTE_NS, SECOND_NS, interval_ns
from pipeline.config.session import SessionConfig
from pipeline.errors import ConfigError
from pipeline.market.auction import Reader
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.manifest import Entry
from pipeline.market.catalog.trading_week import ALL_WEEK, EXCHANGE_HOURS
from pipeline.market.fitting import (
    CLOCK_STEP,
    FEWEST_SHIFTED,
    MOST_SHIFTED,
    NEARLY_ALL,
    Fit,
    Misfit,
    Shift,
    around_the_clock,
    best_fits,
    better_fit,
    is_clear,
    misfit,
    open_on_holidays,
    other_hours,
    shifts_of,
)
from pipeline.market.survey import Survey
from pipeline.market.time.calendars import EXCHANGE_GROUPS
from pipeline.market.time.time_manager import SessionTable, TimeManager
from pipeline.results.report.figures import first_of, many, percent

#: A run is refused if more than this share of a symbol's bars, and more than one of them, lie apart
#: from all sessions. Of real bars with the calendar of their market at most 0.4 % do, of those of
#: another market 20 % and more, or from 0.9 % on where only the holidays differ.
MOST_APART = 0.008
#: So many bars, the first ones, are compared with other calendars.
_COMPARED = 2_000_000
_LEAVE_OUT = 'session_data_config.bars_outside_sessions="leave_out" to go on without those outside'


def is_of_another(found: Survey) -> bool:
    """Return whether bars lie apart from the sessions as those of another calendar do."""
    return found.apart > max(1, MOST_APART * _rows(found))


#: Grounds of a clock that no file shows, and what the import had of it.
_DOUBTFUL: Final = {"guess": "a guess of", "option": "given to"}
#: A calendar is named beside a doubt on the clock only if its sessions are so full of bars.
_FULL: Final = 0.9


def clock_doubt(entry: Entry, name: str = "") -> str:
    """Return the way on if the import of a series took a wrong clock, which only a file knows.

    It is "" if the files say which instants their times are, and of daily bars. ``name`` is that
    of the clock; without it, it is named by the series.
    """
    doubtful = [one for one in entry.accounts if one.clock.ground in _DOUBTFUL]
    if interval_ns(entry.interval) >= DAY_NS or not doubtful:
        return ""
    told = name or f"the clock of {entry.symbol}"
    if len({one.clock.value for one in entry.accounts}) > 1:
        each = first_of([f"{one.clock.value} of {one.source}" for one in entry.accounts])
        return (
            f"{told} is not the same in all imports ({each}): import those with a wrong one again "
            "with --tz ZONE --replace"
        )
    first = doubtful[0].clock
    return (
        f"{told}, {first.value}, was {_DOUBTFUL[first.ground]} the import: if it is another, "
        "import it again with --tz ZONE --replace"
    )


def range_of_bars(settings: SessionConfig, manager: TimeManager) -> tuple[int, int]:
    """Return the range [begin, end) of the times of bars that belong to the dates of the run."""
    dates = settings.backtest_config
    if interval_ns(settings.session_data_config.streams[0]) < DAY_NS:
        return manager.instants(dates.start_date, dates.end_date)
    first, last = (np.datetime64(one, "ns") for one in (dates.start_date, dates.end_date))
    return int(first.astype(np.int64)), int(last.astype(np.int64)) + DAY_NS


@dataclass(frozen=True, slots=True)
class _Doubt:
    """What is found of a symbol: figures, with the words around them."""

    symbol: str
    #: One more than there are figures. Symbols with the same words are told of in one note.
    words: tuple[str, ...]
    figures: tuple[str, ...]
    #: Whether it is likely that the run is not what is meant.
    warns: bool = False


class Finding(NamedTuple):
    """What is said of some symbols, in one sentence."""

    text: str
    """The sentence."""
    warns: bool
    """Whether it is a warning, because the run is likely not what is meant."""


def _told(same: Sequence[_Doubt]) -> str:
    """Return the note of doubts with the same words; figures that differ are the first symbol's."""
    first = same[0]
    text = first.words[0] + "".join(
        figure + after for figure, after in zip(first.figures, first.words[1:], strict=True)
    )
    differ = any(one.figures != first.figures for one in same)
    figures = f" (figures of {first.symbol})" if differ else ""
    return f"{first_of([one.symbol for one in same])}: {text}{figures}"


@dataclass(frozen=True, slots=True)
class CalendarFit:
    """Holds the sessions of a run against the bars of its symbols."""

    settings: SessionConfig
    catalog: Catalog
    manager: TimeManager
    #: The sessions that were asked for.
    asked: SessionTable
    #: Those from the first to the last in which a symbol has a bar.
    sessions: SessionTable

    def findings(self, surveys: Sequence[Survey]) -> list[Finding]:
        """Say of which symbols another calendar or another clock fits the bars better.

        ``surveys`` are those of the symbols, each of the sessions asked for. Raises ConfigError if
        many bars of a symbol lie apart from all sessions, beside sessions of other hours than
        theirs, or shifted against the sessions, unless they are to be left out.
        """
        found: dict[tuple[str, ...], list[_Doubt]] = {}
        symbols = self.settings.session_data_config.symbols
        for symbol, one in zip(symbols, surveys, strict=True):
            if (doubt := self._doubt(symbol, one)) is not None:
                found.setdefault(doubt.words, []).append(doubt)
        return [Finding(_told(same), same[0].warns) for same in found.values()]

    def _doubt(self, symbol: str, found: Survey) -> _Doubt | None:
        return (
            self._holidays(symbol, found)
            or self._shifted(symbol, found)
            or self._other_hours(symbol, found)
            or self._better(symbol, found)
            or self._week(symbol)
        )

    @property
    def _group(self) -> str:
        return self.settings.exchange_group

    @property
    def _interval(self) -> str:
        return self.settings.session_data_config.streams[0]

    def _misfit(self, found: Survey) -> Misfit:
        return misfit(found, interval_ns(self._interval), self.asked)

    @property
    def _refuses(self) -> bool:
        return self.settings.session_data_config.bars_outside_sessions == "refuse"

    def _is_own(self, group: str) -> bool:
        return group in (self._group, self.manager.calendar_code)

    def _holidays(self, symbol: str, found: Survey) -> _Doubt | None:
        """Tell of bars apart from all sessions that are on holidays of the right calendar.

        Raises ConfigError of any others, where these are to be refused.
        """
        if not self._refuses:
            return None
        if not is_of_another(found):
            self._check_week(symbol)
            return None
        step, code = interval_ns(self._interval), self.manager.calendar_code
        fits = best_fits(self._times(symbol), step)
        then = open_on_holidays(code, self._misfit(found), fits) if step >= DAY_NS else None
        if then is not None:
            return _Doubt(
                symbol,
                (
                    "",
                    " of ",
                    (
                        f" {self._interval} bars are on holidays of exchange_group {self._group} "
                        f'and left out; exchange_group="{then}" has sessions on these days'
                    ),
                ),
                (f"{found.apart:,}", f"{_rows(found):,}"),
            )
        fit = next((one for one in fits[:1] if not self._is_own(one.group)), None)
        where = f", {found.apart:,} of them at night or on days without trading"
        raise ConfigError(self._refusal(symbol, found, where, fit))

    def _refusal(self, symbol: str, found: Survey, where: str, fit: Fit | None) -> str:
        if fit is None:
            way = "none of the usual calendars fits: check symbols and times, or "
        else:
            way = f'set exchange_group="{fit.group}", whose sessions fit them, or '
        if doubt := clock_doubt(self.catalog.entry(symbol, self._interval)):
            # A calendar can only fit the times as they stand.
            fits = fit is not None and fit.filled >= _FULL
            way = f"{doubt}, or {f'if it is right, {way}' if fits else ''}"
        return (
            f"exchange_group is {self._group}, but {found.outside:,} of the {_rows(found):,} "
            f"{self._interval} bars of {symbol} lie outside its sessions{where}; {way}{_LEAVE_OUT}"
        )

    def _shifted(self, symbol: str, found: Survey) -> _Doubt | None:
        """Tell of bars that begin and end late or early by the same time in most sessions.

        Raises ConfigError where it is as with a wrong clock, and bars outside are to be refused.
        """
        step = interval_ns(self._interval)
        shifts = shifts_of(found, step, self.asked, self._ahead)
        if not shifts:
            return None
        known = int((found.first <= found.last).sum())
        shifted = sum(one.sessions for one in shifts)
        words = _shift_words(shifts, shifted > MOST_SHIFTED * known)
        way = self._way_of_shifted(symbol, shifts, step)
        figures = tuple(f"{one.sessions:,} of {known:,}" for one in shifts)
        doubt = _Doubt(symbol, (*words[:-1], f"{words[-1]}; {way}"), figures, self._refuses)
        is_clock = max(abs(one.by) for one in shifts) >= CLOCK_STEP
        if not (self._refuses and is_clock and shifted >= FEWEST_SHIFTED):
            return doubt
        # The hours of another exchange may be the same but for a shift.
        fits = best_fits(self._times(symbol, _COMPARED), step)[:1]
        named = [one.group for one in fits if one.inside >= NEARLY_ALL and one.filled >= _FULL]
        other = "".join(
            f'set exchange_group="{group}", whose sessions fit their times as they are, or '
            for group in named
            if not self._is_own(group)
        )
        raise ConfigError(
            f"exchange_group is {self._group}, but the bars are not in the hours of its sessions. "
            f"{_told([doubt])}, or {other}{_LEAVE_OUT}"
        )

    def _way_of_shifted(self, symbol: str, shifts: Sequence[Shift], step: int) -> str:
        """Return the way on with bars that are shifted."""
        ends = "--end-stamped" if shifts[0].by > 0 else "--open-stamped"
        if all(abs(one.by) < CLOCK_STEP for one in shifts):
            return f"import them again with {ends} --replace"
        doubt = clock_doubt(self.catalog.entry(symbol, self._interval), "their clock")
        way = doubt or "check the clock of their import (--tz ZONE --replace)"
        one_step = len(shifts) == 1 and abs(shifts[0].by) == step
        return f"{way}, or with {ends} if their times are wrong by one bar" if one_step else way

    def _ahead(self) -> npt.NDArray[np.int64]:
        """Return how far the exchange's clock is ahead of UTC at each open, int64[K], ns."""
        changes = np.array(self.manager.utc_offsets(self.asked))
        at = np.searchsorted(changes[:, 0], self.asked.open_ns, side="right") - 1
        ahead: npt.NDArray[np.int64] = changes[at, 1]
        return ahead

    def _other_hours(self, symbol: str, found: Survey) -> _Doubt | None:
        """Tell of bars beside the sessions that are those of a market of other hours.

        Raises ConfigError of them, where they are to be refused.
        """
        step = interval_ns(self._interval)
        fit = other_hours(found, step, self.asked, lambda: self._times(symbol, _COMPARED))
        if fit is None or self._is_own(fit.group):
            return None
        if self._refuses:
            raise ConfigError(self._refusal(symbol, found, "", fit))
        return _Doubt(
            symbol,
            (
                "",
                (
                    f" of the bars are outside the sessions of exchange_group {self._group} and "
                    f'left out; exchange_group="{fit.group}" fits better, with '
                ),
                " outside",
            ),
            (percent(found.outside / _rows(found), 1), percent(1.0 - fit.inside, 1)),
        )

    def _check_week(self, symbol: str) -> None:
        """Raise ConfigError if the whole series is of all days of the week, the sessions not."""
        week = self.catalog.entry(symbol, self._interval).week
        if week == ALL_WEEK and self.manager.calendar_code != EXCHANGE_GROUPS["CRYPTO"]:
            raise ConfigError(
                f"exchange_group is {self._group}, but the {self._interval} bars of {symbol} in "
                f"catalog {self.settings.catalog} are of all seven days of the week; set "
                f'exchange_group="CRYPTO" to have all of them, or {_LEAVE_OUT}'
            )

    def _better(self, symbol: str, found: Survey) -> _Doubt | None:
        """Name a calendar that fits the bars of the run clearly better."""
        own = self._misfit(found)
        if self.settings.session_data_config.trading_hours == "extended" or not is_clear(own):
            return None
        fit = better_fit(self._times(symbol, _COMPARED), interval_ns(self._interval), own)
        if fit is None or self._is_own(fit.group):
            return None
        shares = (own.outside, own.empty, fit.misfit.outside, fit.misfit.empty)
        return _Doubt(
            symbol,
            (
                "",
                f" of the bars are outside the sessions of exchange_group {self._group}, and ",
                f' of these are without a bar; exchange_group="{fit.group}" fits better, with ',
                " and ",
                "",
            ),
            tuple(percent(share, 1) for share in shares),
        )

    def _week(self, symbol: str) -> _Doubt | None:
        """Tell of sessions on more days or at more hours than the whole series has bars."""
        if self.settings.session_data_config.trading_hours == "extended":
            return None
        all_hours = around_the_clock(self.sessions)
        all_week = bool(np.isin((self.sessions.date_ns // DAY_NS + 3) % 7, (5, 6)).any())
        week = self.catalog.entry(symbol, self._interval).week
        fewer_hours = week == EXCHANGE_HOURS and all_hours
        fewer_days = week not in (None, ALL_WEEK) and all_week
        if not (fewer_hours or fewer_days):
            return None
        with self.catalog.reader(symbol, self._interval, columns=()) as reader:
            fits = best_fits(_read_times(reader, _COMPARED), interval_ns(self._interval))
        named = [f'"{fit.group}"' for fit in fits if not self._is_own(fit.group)][:1]
        text = (
            f"the bars of the catalog are of {week}, the sessions of exchange_group "
            f"{self._group} of {'all days' if all_week else 'all hours'}"
            + "".join(f"; exchange_group={one} fits better" for one in named)
        )
        return _Doubt(symbol, (text,), ())

    def _times(self, symbol: str, most: float = math.inf) -> npt.NDArray[np.int64]:
        """Read the times of the symbol's bars of the run, until there are ``most`` or more."""
        span = range_of_bars(self.settings, self.manager)
        with self.catalog.reader(symbol, self._interval, *span, ()) as reader:
            return _read_times(reader, most)


def _shift_words(shifts: Sequence[Shift], is_whole: bool) -> tuple[str, ...]:
    """Return the words around the numbers of sessions with each shift.

    ``is_whole``: whether nearly all sessions are shifted.
    """
    words = ["in "]
    for one in shifts:
        by, side = _lasting(abs(one.by)), "after" if one.by > 0 else "before"
        words[-1] += "" if one is shifts[0] else ", and in "
        words.append(f" sessions bars begin {by} {side} the open and end {by} {side} the close")
    late = shifts[0].by > 0
    if len(shifts) > 1 or not is_whole:
        words[-1] += ", as if their clock changed otherwise than that of the exchange"
    elif abs(shifts[0].by) < CLOCK_STEP:
        ends = ("ends", "opens") if late else ("opens", "ends")
        words[-1] += ", as if times of their {} had been taken for those of their {}".format(*ends)
    else:
        side = "late" if late else "early"
        words[-1] += f", as if their clock were {_lasting(abs(shifts[0].by))} {side}"
    return tuple(words)


def _lasting(span: int) -> str:
    """Return how long a span of ns is, in words: "60 minutes"."""
    whole = span % MINUTE_NS == 0
    return many(span // MINUTE_NS, "minute") if whole else many(span / SECOND_NS, "second")


def _rows(found: Survey) -> int:
    return int(found.inside.sum()) + found.outside


def _read_times(reader: Reader, most: float) -> npt.NDArray[np.int64]:
    blocks, rows = [], 0
    while rows < most and (block := reader.next_block()) is not None:
        blocks.append(block[0])
        rows += len(block[0])
    return np.concatenate(blocks)

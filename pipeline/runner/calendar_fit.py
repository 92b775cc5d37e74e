"""Whether the calendar of a run is that of its bars: a refusal, or a note with one that fits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, interval_ns
from pipeline.config.session import SessionConfig
from pipeline.errors import ConfigError
from pipeline.market.auction import Reader
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.manifest import Entry
from pipeline.market.catalog.trading_week import ALL_WEEK, EXCHANGE_HOURS
from pipeline.market.fitting import (
    Fit,
    Misfit,
    around_the_clock,
    best_fits,
    better_fit,
    is_clear,
    misfit,
    open_on_holidays,
    other_hours,
)
from pipeline.market.survey import Survey
from pipeline.market.time.calendars import EXCHANGE_GROUPS
from pipeline.market.time.time_manager import SessionTable, TimeManager
from pipeline.results.report.figures import first_of, percent

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


def clock_doubt(entry: Entry) -> str:
    """Return the way on if the import of a series took a wrong clock, which only a file knows.

    It is "" if the files say which instants their times are, and of daily bars.
    """
    grounds = {"guess": "a guess of", "option": "given to"}
    for one in entry.accounts:
        if interval_ns(entry.interval) < DAY_NS and one.clock.ground in grounds:
            return (
                f"the clock of {entry.symbol}, {one.clock.value}, was "
                f"{grounds[one.clock.ground]} the import: if it is another, import it again with "
                "--tz ZONE --replace"
            )
    return ""


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

    def notes(self, surveys: Sequence[Survey]) -> list[str]:
        """Say of which symbols another calendar fits the bars better, one sentence per finding.

        ``surveys`` are those of the symbols, each ``inside`` of the sessions asked for. Raises
        ConfigError if many bars of a symbol lie apart from all sessions, or beside sessions of
        other hours than theirs, unless they are to be left out.
        """
        found: dict[tuple[str, ...], list[_Doubt]] = {}
        symbols = self.settings.session_data_config.symbols
        for symbol, one in zip(symbols, surveys, strict=True):
            if (doubt := self._doubt(symbol, one)) is not None:
                found.setdefault(doubt.words, []).append(doubt)
        return [_told(same) for same in found.values()]

    def _doubt(self, symbol: str, found: Survey) -> _Doubt | None:
        return (
            self._holidays(symbol, found)
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
        return (
            f"exchange_group is {self._group}, but {found.outside:,} of the {_rows(found):,} "
            f"{self._interval} bars of {symbol} lie outside its sessions{where}; "
            f"{self._if_clock_is_wrong(symbol)}{way}{_LEAVE_OUT}"
        )

    def _if_clock_is_wrong(self, symbol: str) -> str:
        doubt = clock_doubt(self.catalog.entry(symbol, self._interval))
        return f"{doubt}, or " if doubt else ""

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


def _rows(found: Survey) -> int:
    return int(found.inside.sum()) + found.outside


def _read_times(reader: Reader, most: float) -> npt.NDArray[np.int64]:
    blocks, rows = [], 0
    while rows < most and (block := reader.next_block()) is not None:
        blocks.append(block[0])
        rows += len(block[0])
    return np.concatenate(blocks)

"""The calendar that fits given bars, and the sessions of the first and the last of them."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, interval_ns
from pipeline.errors import RingtapeError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.fitting import Fit, best_fits
from pipeline.market.given.catalog import GivenCatalog, GivenSeries
from pipeline.market.time.time_manager import TimeManager
from pipeline.results.report.figures import first_of, percent

#: So many bars of a symbol, the first ones, are compared with the sessions of calendars.
_COMPARED: Final = 2_000_000
#: Bars beside sessions are told of if they are more than this share of all.
_BESIDE: Final = 0.02
_ALL_HOURS: Final = "CRYPTO"
_AROUND: Final = dt.timedelta(days=4)
_EPOCH: Final = dt.date(1970, 1, 1)


def fitting_calendar(given: GivenCatalog, series: Sequence[GivenSeries]) -> tuple[str, str]:
    """Return the exchange group whose sessions fit the bars, and how it was found."""
    fits = best_fits(_times(given, series), interval_ns(series[0].interval))
    if not fits:
        return _ALL_HOURS, (
            f"{_ALL_HOURS}, open at all hours, because no usual calendar has nearly all of the "
            "bars: exchange_group names another"
        )
    return fits[0].group, _fit_told(fits)


def _fit_told(fits: Sequence[Fit]) -> str:
    share = percent(fits[0].inside, 0 if fits[0].inside == 1 else 1)
    told = f"{fits[0].group}, whose sessions have {share} of the bars"
    others = [one.group for one in fits[1:]]
    if fits[0].share - fits[0].inside > _BESIDE:
        told += ' (the others are before or after them: trading_hours="extended" takes them)'
    return told + (f"; {first_of(others)} would fit as well" if others else "")


def _times(given: GivenCatalog, series: Sequence[GivenSeries]) -> npt.NDArray[np.int64]:
    """Return the opens of the first bars of all symbols, int64[N > 0], ascending, each once."""
    found: list[npt.NDArray[np.int64]] = []
    catalog = Catalog(given.place)
    for one in series:
        rows = 0
        with catalog.reader(one.symbol, one.interval, columns=()) as reader:
            while rows < _COMPARED and (block := reader.next_block()) is not None:
                found.append(np.array(block[0]))
                rows += len(block[0])
        if sum(map(len, found)) > _COMPARED:
            found = [np.unique(np.concatenate(found))]
    return np.unique(np.concatenate(found))


def session_dates(group: str, hours: str, series: Sequence[GivenSeries]) -> tuple[str, str]:
    """Return the dates of the first and the last session with a bar, YYYY-MM-DD."""
    first, last = min(one.first_ts for one in series), max(one.last_ts for one in series)
    days = [_EPOCH + dt.timedelta(days=ts // DAY_NS) for ts in (first, last)]
    if interval_ns(series[0].interval) < DAY_NS:
        try:
            manager = TimeManager(group, "extended" if hours == "extended" else "regular")
            low, high = manager.bounds
            table = manager.session_table(max(low, days[0] - _AROUND), min(high, days[1] + _AROUND))
        except RingtapeError:  # preparing the run says why
            return str(days[0]), str(days[1])
        dates = table.date_ns[(table.close_ns > first) & (table.open_ns <= last)]
        if len(dates):
            days = [_EPOCH + dt.timedelta(days=int(one) // DAY_NS) for one in dates[[0, -1]]]
    return str(days[0]), str(days[1])

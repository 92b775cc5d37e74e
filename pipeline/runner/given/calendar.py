"""The calendar that fits given bars, and the sessions of the first and the last of them."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, interval_ns
from pipeline.config.pair_names import named_pair
from pipeline.errors import RingtapeError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.fitting import LEAST_SHARE, Fit, best_fits, fit_of
from pipeline.market.given.catalog import GivenCatalog, GivenSeries
from pipeline.market.time.time_manager import TimeManager
from pipeline.results.report.figures import first_of, percent

#: So many bars of a symbol, the first ones, are compared with the sessions of calendars.
_COMPARED: Final = 2_000_000
#: Bars beside sessions are told of if they are more than this share of all.
_BESIDE: Final = 0.02
#: Of more symbols, only the bars of all together are looked at.
_LOOKED_AT: Final = 100
#: Bars are those of a calendar if this share of them is in its sessions, or fills so much of them.
_INSIDE: Final = 0.9
_FILLED: Final = 0.8
_ALL_HOURS: Final = "CRYPTO"
_AROUND: Final = dt.timedelta(days=4)
_EPOCH: Final = dt.date(1970, 1, 1)


def fitting_calendar(given: GivenCatalog, series: Sequence[GivenSeries]) -> tuple[str, str]:
    """Return the exchange group whose sessions fit the bars, and how it was found."""
    step = interval_ns(series[0].interval)
    catalog = Catalog(given.place)
    times = [_times(catalog, one) for one in series]
    fits = [fit for fit in best_fits(np.unique(np.concatenate(times)), step) if _is_full(fit)]
    if all(_is_of_currencies(one.symbol) for one in series):
        fits.sort(key=lambda fit: fit.group != "FX")
    few = times if 1 < len(times) <= _LOOKED_AT else []
    own = [fit for fit in fits if all(_fits(fit.group, one, step) for one in few)]
    if not own:
        return _ALL_HOURS, (
            f"{_ALL_HOURS}, open at all hours, because the hours of no usual calendar have the bars"
            f"{' of all symbols' if len(series) > 1 else ''}: exchange_group names another, and tz"
            " another clock"
        )
    return own[0].group, _fit_told(own)


def _fits(group: str, times: npt.NDArray[np.int64], step: int) -> bool:
    """Return whether the sessions of a calendar have the bars of one symbol."""
    fit = fit_of(group, times, step)
    return fit is not None and fit.share >= LEAST_SHARE and _is_full(fit)


def _is_full(fit: Fit) -> bool:
    """Return whether bars are in the hours of a calendar, or fill them and go on beside them."""
    return fit.inside >= _INSIDE or fit.filled >= _FILLED


def _is_of_currencies(symbol: str) -> bool:
    pair = named_pair(symbol, "FX", "FX")
    return pair is not None and pair.base is not None


def _fit_told(fits: Sequence[Fit]) -> str:
    share = percent(fits[0].inside, 0 if fits[0].inside == 1 else 1)
    told = f"{fits[0].group}, whose sessions have {share} of the bars"
    others = [one.group for one in fits[1:]]
    if fits[0].share - fits[0].inside > _BESIDE:
        way = ': trading_hours="extended" takes them' if _has_extended(fits[0].group) else ""
        told += f" (the others are before or after them{way}; if they are not, check tz)"
    return told + (f"; {first_of(others)} would fit as well" if others else "")


def _has_extended(group: str) -> bool:
    try:
        TimeManager(group, "extended")
    except RingtapeError:
        return False
    return True


def _times(catalog: Catalog, one: GivenSeries) -> npt.NDArray[np.int64]:
    """Return the opens of the first bars of a symbol, int64[N > 0], ascending."""
    found: list[npt.NDArray[np.int64]] = []
    rows = 0
    with catalog.reader(one.symbol, one.interval, columns=()) as reader:
        while rows < _COMPARED and (block := reader.next_block()) is not None:
            found.append(np.array(block[0]))
            rows += len(block[0])
    return np.concatenate(found)


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

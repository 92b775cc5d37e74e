"""The settings of a run that follow from the data that are given to it.

Symbols, intervals, dates, calendar and currency are inferred from the data, each unless the caller
sets it. What is inferred is told in the result.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, interval_ns
from pipeline.config.keywords import with_settings
from pipeline.config.pair_names import named_pair
from pipeline.errors import DataError, RingtapeError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.fitting import Fit, best_fits
from pipeline.market.given.catalog import (
    IMPORT_OPTIONS,
    NO_NAME,
    GivenCatalog,
    GivenSeries,
    given_catalog,
)
from pipeline.market.importers.option_words import in_python, told_in_python
from pipeline.market.importers.symbols import NAMELESS
from pipeline.market.time.time_manager import TimeManager
from pipeline.results.report.figures import first_of, percent
from pipeline.runner.lanes import Given, asked_intervals

#: So many bars of a symbol, the first ones, are compared with the sessions of calendars.
_COMPARED: Final = 2_000_000
#: Bars beside sessions are told of if they are more than this share of all.
_BESIDE: Final = 0.02
_ALL_HOURS: Final = "CRYPTO"
_USUAL_CURRENCY: Final = "USD"
_ASSET_CLASSES: Final = {"CRYPTO": "CRYPTO", "FX": "FX", "CME": "FUTURES"}
_AROUND: Final = dt.timedelta(days=4)
_EPOCH: Final = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class CommandData:
    """Paths of data that a command names; refusals name options as the command has them."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inferred:
    """The settings that follow from given data."""

    settings: Mapping[str, Any]
    """The settings, in the form of a configuration."""
    told: Mapping[str, str]
    """How they were found, by setting, in words."""


NOTHING: Final = Inferred({}, {})


@contextmanager
def catalog_of(
    data: Any, options: Mapping[str, Any], symbols: Sequence[str], tell: Callable[[str], None]
) -> Iterator[GivenCatalog]:
    """Yield the catalog of data that a caller gives.

    ``options`` are those of an import. If ``symbols``, those that the caller names, are only one,
    it is that of rows that have none. ``tell`` is called with words on how far the import is.
    ConfigError and DataError as `given_catalog`.
    """
    nameless = symbols[0] if len(symbols) == 1 else NO_NAME
    by_command = isinstance(data, CommandData)
    with ExitStack() as stack:
        with nullcontext() if by_command else told_in_python():
            given = list(data.paths) if by_command else data
            found = stack.enter_context(given_catalog(given, options, nameless, tell))
        yield found


def split_options(keywords: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the keywords that are options of an import, and the others."""
    options = {name: value for name, value in keywords.items() if name in IMPORT_OPTIONS}
    return options, {name: keywords[name] for name in keywords if name not in options}


def infer(given: GivenCatalog, known: Mapping[str, Any], strategy: Given | None) -> Inferred:
    """Return the settings that follow from data, but for those that are ``known``.

    ``known`` is a configuration, perhaps without what is inferred; ``strategy`` is given beside it.
    DataError if the symbols have no interval in common.
    """
    data = _section(known, "session_data_config")
    wanted = [one for one in given.series if one.symbol in data.get("symbols", [one.symbol])]
    series = _of_one_interval(wanted or list(given.series), next(iter(data.get("streams", ())), ""))
    group, calendar = _calendar(given, series, known)
    streams, asked = _streams(series, known, strategy)
    dates = _dates(group, str(data.get("trading_hours", "regular")), series)
    symbols = tuple(one.symbol for one in series)
    asset_class = _ASSET_CLASSES.get(group, "EQUITY")
    found = {
        "catalog": (str(given.path), ""),
        "session_data_config.symbols": (symbols, _symbols_told(series)),
        "session_data_config.streams": (streams, asked),
        "exchange_group": (group, calendar),
        "asset_class": (asset_class, ""),
        "backtest_config.start_date": (dates[0], dates[0]),
        "backtest_config.end_date": (dates[1], dates[1]),
        "session_name": (_session_name(known, strategy, symbols), ""),
    }
    currency = _currency(symbols, asset_class, group, known)
    if currency is not None:
        found["trading_config.currency"] = (currency, f"{currency}, in which all are quoted")
    settings: dict[str, Any] = {}
    told: dict[str, str] = {}
    for path, (value, words) in found.items():
        section, _, name = path.partition(".")
        there = _section(known, section) if name else known
        if (name or section) in there and path != "catalog":
            continue
        settings = with_settings(settings, {section: {name: value}} if name else {section: value})
        if words:
            told[_LABELS.get(path, name or section)] = words
    return Inferred(settings, {**_dates_joined(told), **_accounts_told(series)})


def _dates_joined(told: Mapping[str, str]) -> dict[str, str]:
    """Return what is told with both dates in one line."""
    both = [told[name] for name in ("start_date", "end_date") if name in told]
    found = {name: text for name, text in told.items() if name not in ("start_date", "end_date")}
    if len(both) == 2:
        found["dates"] = f"{both[0]} to {both[1]}"
    elif both:
        found["dates"] = f"{'from' if 'start_date' in told else 'to'} {both[0]}"
    return found


#: What some settings are called in the words of a summary.
_LABELS: Final = {
    "session_data_config.streams": "interval",
    "exchange_group": "calendar",
}


def _section(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = settings.get(name)
    return found if isinstance(found, Mapping) else {}


def _of_one_interval(series: Sequence[GivenSeries], base: str) -> list[GivenSeries]:
    """Return the series at the interval ``base``, or without one at the shortest that all have.

    DataError if there is none.
    """
    at: dict[str, set[str]] = {}
    for one in series:
        at.setdefault(one.interval, set()).add(one.symbol)
    every = {one.symbol for one in series}
    common = sorted((name for name in at if at[name] == every), key=interval_ns)
    if base in at:
        return [one for one in series if one.interval == base]
    if not common:
        each = "; ".join(
            f"{name}: {first_of(sorted(at[name]))}" for name in sorted(at, key=interval_ns)
        )
        raise DataError(
            f"the symbols of the data have no interval in common ({each}); say which to take with "
            "symbols, or the interval with streams"
        )
    return [one for one in series if one.interval == common[0]]


def _symbols_told(series: Sequence[GivenSeries]) -> str:
    symbols = first_of([one.symbol for one in series])
    account = series[0].account
    if account is None or account.symbol_from.startswith("--"):
        return symbols
    if account.symbol_from == NAMELESS:
        return f"{symbols} (the data name none: symbol says it)"
    return f"{symbols} (from {account.symbol_from})"


def _streams(
    series: Sequence[GivenSeries], known: Mapping[str, Any], strategy: Given | None
) -> tuple[tuple[str, ...], str]:
    """Return the intervals of a run, the base first, with those that its strategies ask for."""
    base = series[0].interval
    step = interval_ns(base)
    longer = [
        one
        for one in asked_intervals(known, strategy)
        if interval_ns(one) > step and (one == "1d" or interval_ns(one) % step == 0)
    ]
    if not longer:
        return (base,), base
    added = ", ".join(longer)
    return (base, *longer), f"{base}, and {added}, which the strategy asks for"


def _calendar(
    given: GivenCatalog, series: Sequence[GivenSeries], known: Mapping[str, Any]
) -> tuple[str, str]:
    """Return the exchange group whose sessions fit the bars, and how it was found."""
    group = known.get("exchange_group")
    if isinstance(group, str):
        return group, ""
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
    catalog = Catalog(given.path)
    for one in series:
        rows = 0
        with catalog.reader(one.symbol, one.interval, columns=()) as reader:
            while rows < _COMPARED and (block := reader.next_block()) is not None:
                found.append(np.array(block[0]))
                rows += len(block[0])
        if sum(map(len, found)) > _COMPARED:
            found = [np.unique(np.concatenate(found))]
    return np.unique(np.concatenate(found))


def _dates(group: str, hours: str, series: Sequence[GivenSeries]) -> tuple[str, str]:
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


def _currency(
    symbols: Sequence[str], asset_class: str, group: str, known: Mapping[str, Any]
) -> str | None:
    """Return the currency in which all symbols are quoted, as their names say.

    None if it is not one, or the usual one of an account.
    """
    asset_class = str(known.get("asset_class", asset_class))
    pairs = [named_pair(one, asset_class, group) for one in symbols]
    quotes = {"" if pair is None else pair.quote for pair in pairs}
    (one, *others) = quotes
    return one if one and one != _USUAL_CURRENCY and not others else None


def _session_name(known: Mapping[str, Any], strategy: Given | None, symbols: Sequence[str]) -> str:
    """Return a name for the run: that of its first strategy's class."""
    first = strategy[0] if isinstance(strategy, list | tuple) and strategy else strategy
    if first is None:
        sections = known.get("strategy")
        one = sections[0] if isinstance(sections, list | tuple) and sections else sections
        first = str(one.get("name", "")) if isinstance(one, Mapping) else ""
    if isinstance(first, str):
        name = first.rpartition(":")[2]
    else:
        name = (first if isinstance(first, type) else type(first)).__name__
    bare = re.sub(r"[^A-Za-z0-9._-]+", "", name).lstrip("._-")[:64]
    return bare or Path(symbols[0]).name or "run"


def _accounts_told(series: Sequence[GivenSeries]) -> dict[str, str]:
    """Return what the import took for true and no file says, and what it left out."""
    accounts = [one.account for one in series if one.account is not None]
    found: dict[str, str] = {}
    for label, facts in (
        ("times", [one.clock for one in accounts]),
        ("stamps", [one.stamped for one in accounts]),
    ):
        doubtful = [one for one in facts if one.ground in ("guess", "layout", "rows")]
        if doubtful and (label == "times" or doubtful[0].ground == "guess"):
            found[label] = in_python(doubtful[0].words())
    left: dict[str, int] = {}
    for account in accounts:
        for reason, rows in account.rows_left:
            left[reason] = left.get(reason, 0) + rows
    if left:
        found["left out"] = ", ".join(
            f"{rows:,} {reason if rows > 1 else reason.replace('rows', 'row', 1)}"
            for reason, rows in left.items()
        )
    notes = dict.fromkeys(note for account in accounts for note in account.notes)
    if notes:
        found["data"] = in_python(" ".join(list(notes)[:_NOTES]))
    return found


_NOTES: Final = 5

"""The settings of a run that follow from the data that are given to it.

Symbols, intervals, dates, calendar and currency are inferred from the data, each unless the caller
sets it. What is inferred is told in the result.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.codes import interval_ns
from pipeline.config.keywords import with_settings
from pipeline.config.pair_names import named_pair
from pipeline.errors import DataError
from pipeline.market.given.catalog import GivenCatalog, GivenSeries
from pipeline.results.report.figures import first_of
from pipeline.runner.given.calendar import fitting_calendar, session_dates
from pipeline.runner.given.told import accounts_told, symbols_told
from pipeline.runner.lanes import Given, asked_intervals, strategies_in

_USUAL_CURRENCY: Final = "USD"
_USUAL_CLASS: Final = "EQUITY"
#: The kind of the symbols, by the calendar.
_ASSET_CLASSES: Final = {"CRYPTO": "CRYPTO", "FX": "FX", "CME": "FUTURES"}
#: What some settings are called in the words of a summary.
_LABELS: Final = {"session_data_config.streams": "interval", "exchange_group": "calendar"}


@dataclass(frozen=True, slots=True)
class Inferred:
    """The settings that follow from given data."""

    settings: Mapping[str, Any]
    """The settings, in the form of a configuration."""
    told: Mapping[str, str]
    """How they were found, by setting, in words."""


def infer(
    given: GivenCatalog,
    known: Mapping[str, Any],
    strategy: Given | None,
    *,
    by_command: bool = False,
) -> Inferred:
    """Return the settings that follow from data, but for those that are ``known``.

    ``known`` is a configuration, perhaps without what is inferred; ``strategy`` is given beside it.
    What is told names options as a command has them, or else as arguments of Python. DataError if
    the symbols have no interval in common.
    """
    series = _chosen(given, _section(known, "session_data_config"))
    settings: dict[str, Any] = {"catalog": given.place}
    told: dict[str, str] = {}
    for path, (value, words) in _every(given, series, known, strategy).items():
        section, _, name = path.rpartition(".")
        if name in (_section(known, section) if section else known):
            continue
        one = {section: {name: value}} if section else {name: value}
        settings = with_settings(settings, one)
        if words:
            told[_LABELS.get(path, name)] = words
    taken = accounts_told(series, by_command=by_command)
    return Inferred(settings, {**_dates_joined(told), **taken})


def _every(
    given: GivenCatalog,
    series: Sequence[GivenSeries],
    known: Mapping[str, Any],
    strategy: Given | None,
) -> dict[str, tuple[Any, str]]:
    """Return all settings that follow from series, by path: the value, and how it was found.

    Words are "" where there is nothing to tell.
    """
    group, calendar = str(known.get("exchange_group", "")), ""
    if not group:
        group, calendar = fitting_calendar(given, series)
    hours = str(_section(known, "session_data_config").get("trading_hours", "regular"))
    first, last = session_dates(group, hours, series)
    _check_dates(_section(known, "backtest_config"), first, last)
    symbols = tuple(one.symbol for one in series)
    asset_class = _ASSET_CLASSES.get(group, _USUAL_CLASS)
    kind = "" if asset_class == _USUAL_CLASS else f"{asset_class}, by the calendar"
    found = {
        "session_data_config.symbols": (symbols, symbols_told(series)),
        "session_data_config.streams": _streams(series, known, strategy),
        "exchange_group": (group, calendar),
        "asset_class": (asset_class, kind),
        "backtest_config.start_date": (first, first),
        "backtest_config.end_date": (last, last),
        "session_name": (_session_name(known, strategy, symbols), ""),
    }
    currency = _currency(symbols, asset_class, group, known)
    if currency is not None:
        words = f"{currency}, in which all are quoted"
        found["trading_config.currency"] = (currency, words)
    return found


def _check_dates(known: Mapping[str, Any], first: str, last: str) -> None:
    """Refuse a date from which, or to which, the data have no bar. DataError."""
    start, end = known.get("start_date"), known.get("end_date")
    for name, value, beyond in (
        ("start_date", start, isinstance(start, str) and end is None and start > last),
        ("end_date", end, isinstance(end, str) and start is None and end < first),
    ):
        if beyond:
            raise DataError(f"{name} is {value}, but the bars of the data are of {first} to {last}")


def _chosen(given: GivenCatalog, data: Mapping[str, Any]) -> list[GivenSeries]:
    """Return the series of the symbols and of the base interval that a caller names, if any."""
    symbols, streams = data.get("symbols"), data.get("streams")
    named = symbols if isinstance(symbols, list | tuple) else None
    some = [one for one in given.series if named is None or one.symbol in named]
    base = streams[0] if isinstance(streams, list | tuple) and streams else ""
    return _of_one_interval(some or list(given.series), base)


def _dates_joined(told: Mapping[str, str]) -> dict[str, str]:
    """Return what is told with both dates in one line."""
    both = [told[name] for name in ("start_date", "end_date") if name in told]
    found = {name: text for name, text in told.items() if name not in ("start_date", "end_date")}
    if len(both) == 2:
        found["dates"] = f"{both[0]} to {both[1]}"
    elif both:
        found["dates"] = f"{'from' if 'start_date' in told else 'to'} {both[0]}"
    return found


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
    first = next(iter(strategies_in(known, strategy)), "")
    if isinstance(first, str):
        name = first.rpartition(":")[2]
    else:
        name = (first if isinstance(first, type) else type(first)).__name__
    bare = re.sub(r"[^A-Za-z0-9._-]+", "", name).lstrip("._-")[:64]
    return bare or Path(symbols[0]).name or "run"

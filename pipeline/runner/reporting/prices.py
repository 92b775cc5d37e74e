"""The prices of the page: the bars of the catalog and the strategy's indicators over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.codes import DAY_NS, interval_name, interval_ns
from pipeline.errors import ConfigError
from pipeline.market.actions import splits_by_symbol
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.indicators.declared import power_of
from pipeline.market.longer_bars import check_derivable
from pipeline.results.report.html.content import Bars, Line, Prices
from pipeline.runner.market import feed_of
from pipeline.runner.reporting.series import Indicators, Longer, kept_bars

if TYPE_CHECKING:
    from pipeline.market.indicators.plan import IndicatorPlan, PlannedIndicator
    from pipeline.runner.lanes import Lanes
    from pipeline.runner.preparation import Preparation
    from pipeline.tape.feed import Feed

#: Intervals to which bars are joined where there are too many, in seconds.
_LONGER = (5, 15, 30, 60, 300, 900, 1_800, 3_600, 14_400, 86_400)
_SECOND_NS = 1_000_000_000
#: Kinds whose values are prices of their symbol, so that they are drawn over its bars.
_PRICES = ("sma", "ema", "wma", "bollinger", "highest", "lowest", "vwap")
#: More panes than these would leave no room for the prices.
_MOST_PANES = 3


def intervals_from(base: str) -> list[str]:
    """Return the intervals in which bars can be kept: the base and some that are made of it."""
    found = [base]
    for seconds in _LONGER:
        name = interval_name(seconds * _SECOND_NS)
        try:
            check_derivable(base, name)
        except ConfigError:
            continue
        found.append(name)
    return found


def read_prices(
    preparation: Preparation,
    lanes: Lanes | None,
    lane: int,
    interval: str,
    symbols: Sequence[int],
) -> Prices:
    """Return the bars of some symbols, by their places among the run's, in an interval.

    ``lanes``: those of the run; None if the strategy cannot be had, so that there are no
    indicators. Raises DataError if the catalog cannot be read.
    """
    streams = preparation.settings.session_data_config.streams
    lines = _lines(lanes, lane, streams)
    settings, actions = preparation.settings, preparation.actions
    catalog = Catalog(settings.catalog)
    splits = splits_by_symbol(actions.splits, len(settings.session_data_config.symbols))
    bars = []
    for symbol in symbols:
        with feed_of(preparation, catalog, symbol, splits[symbol]) as feed:
            indicators = _indicators(preparation, lanes, lane)
            bars.append(_bars(preparation, feed, splits[symbol], interval, symbol, indicators))
    order = _order(lanes, lane)
    return Prices(interval, streams[0], [lines[at] for at in order], bars)


def _order(lanes: Lanes | None, lane: int) -> list[int]:
    """Return the places of the bindings by interval, as `Indicators` gives them."""
    bindings = () if lanes is None else lanes.specs[lane].bindings
    return sorted(range(len(bindings)), key=lambda at: bindings[at][1])


def _bars(
    preparation: Preparation,
    feed: Feed,
    splits: Mapping[int, float],
    interval: str,
    symbol: int,
    indicators: list[Indicators],
) -> Bars:
    data, sessions = preparation.settings.session_data_config, preparation.sessions
    target = None if interval == data.streams[0] else Longer(interval, sessions)
    pieces = [
        (rows.ts, rows.values[:5], lines.astype(np.float32))
        for rows, lines in kept_bars(feed, splits, sessions, target, indicators)
    ]
    ts, prices, lines = zip(*pieces, strict=True)
    return Bars(
        data.symbols[symbol],
        np.concatenate(ts),
        np.concatenate(prices, axis=1),
        np.concatenate(lines, axis=1),
    )


def _indicators(preparation: Preparation, lanes: Lanes | None, lane: int) -> list[Indicators]:
    if lanes is None:
        return []
    streams = preparation.settings.session_data_config.streams
    by_interval: dict[int, list[int]] = {}
    for _, index, column in sorted(lanes.specs[lane].bindings, key=lambda one: one[1]):
        by_interval.setdefault(index, []).append(column)
    return [
        Indicators(lanes.plan, streams[index], columns, preparation.sessions, derived=index > 0)
        for index, columns in by_interval.items()
    ]


def _lines(lanes: Lanes | None, lane: int, streams: Sequence[str]) -> list[Line]:
    """Return the lane's indicators in the order of its bindings, each with its pane."""
    if lanes is None:
        return []
    panes: dict[str, int] = {}
    found = []
    for name, index, column in lanes.specs[lane].bindings:
        planned = _planned(lanes.plan, streams[index], column)
        label = lanes.plan.columns(streams[index])[column]
        if index:
            label = f"{label} {streams[index]}"
        pane = 0
        if not _is_price(planned):
            key = f"{planned.indicator.label} {index}"
            pane = panes.setdefault(key, min(len(panes) + 1, _MOST_PANES))
        found.append(Line(name, label, pane))
    return found


def _planned(plan: IndicatorPlan, interval: str, column: int) -> PlannedIndicator:
    return next(one for one in plan.table(interval).indicators if column in one.columns)


def _is_price(planned: PlannedIndicator) -> bool:
    indicator = planned.indicator
    if indicator.function is None and indicator.kind not in _PRICES:
        return False
    return power_of(indicator) == 1


def fitting_interval(base: str, bars: int, most: int) -> int:
    """Return the place among `intervals_from` of the first in which so many bars are few enough."""
    found = intervals_from(base)
    for place, interval in enumerate(found):
        # A session has hardly more than 24 hours.
        if bars * interval_ns(base) <= most * min(interval_ns(interval), DAY_NS):
            return place
    return len(found) - 1

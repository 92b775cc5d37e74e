"""The figures of the round trips: profit by this and that, excursions, holding times, costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS
from pipeline.results.report.figures import duration, many, money, number
from pipeline.results.report.html import drawings, markup
from pipeline.results.report.html.account import spread_of
from pipeline.results.report.html.axes import axis_of, short
from pipeline.results.report.html.clock import Clock
from pipeline.results.report.html.content import Content, Trips

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: 1970-01-01 was a Thursday.
_FIRST_DAY = 3
_HOUR_NS = DAY_NS // 24
#: More symbols than these have no bar of their own.
_SYMBOLS = 60
_COSTS = (
    ("commission", "Commission"),
    ("slippage", "Slippage"),
    ("borrow_fees", "Borrow fees"),
    ("funding", "Funding"),
)


def profit_figures(content: Content, clock: Clock) -> list[str]:
    """Return the figures of profit by symbol, hour, weekday and side."""
    trips = content.trips
    if not len(trips):
        return []
    entry = clock.local(trips.entry)
    found = [_by_symbol(content)]
    base = content.summary.get("streams") or ["1d"]
    if base[0] != "1d":
        hours = (entry % DAY_NS) // _HOUR_NS
        names = [f"{hour:02d}" for hour in range(24)]
        found.append(_profits("Profit by hour of the entry", trips, hours, names))
    days = (entry // DAY_NS + _FIRST_DAY) % 7
    found.append(_profits("Profit by weekday of the entry", trips, days, _DAYS))
    sides = np.where(trips.long, 0, 1)
    found.append(_profits("Profit, long and short", trips, sides, ("Long", "Short")))
    return found


def _by_symbol(content: Content) -> str:
    trips = content.trips
    total = np.bincount(trips.symbol, trips.profit, len(content.symbols))
    order = np.argsort(-total, kind="stable")
    traded = np.bincount(trips.symbol, minlength=len(content.symbols)) > 0
    order = order[traded[order]]
    rank = np.zeros(len(content.symbols), np.int64)
    if len(order) > _SYMBOLS:
        half = _SYMBOLS // 2
        shown = np.concatenate((order[:half], order[-half:]))
        rank[:] = -1
        rank[shown] = np.arange(len(shown))
        own = rank[trips.symbol] >= 0
        part = trips.part(own)
        title = f"Profit by symbol: the best and the worst {half} of {len(order):,}"
        return _profits(title, part, rank[part.symbol], [content.symbols[at] for at in shown])
    rank[order] = np.arange(len(order))
    names = [content.symbols[at] for at in order]
    return _profits("Profit by symbol", trips, rank[trips.symbol], names)


def _profits(title: str, trips: Trips, group: Indices, names: Sequence[str]) -> str:
    """Return a figure of the profit of groups; groups without a trip are left out."""
    count = len(names)
    total = np.bincount(group, trips.profit, count)
    trades = np.bincount(group, minlength=count)
    won = np.bincount(group, trips.profit > 0, count)
    used = np.flatnonzero(trades)
    first, last = int(used[0]), int(used[-1])
    shown = range(first, last + 1) if names[0] in ("00", "Monday") else used.tolist()
    labels = [
        f"{names[at]}: {number(total[at], '+,.2f')} in {many(int(trades[at]), 'round trip')}"
        for at in shown
    ]
    best, worst = int(used[np.argmax(total[used])]), int(used[np.argmin(total[used])])
    told = f"Best {names[best]} with {number(total[best], '+,.2f')}"
    if best != worst:
        told += f", worst {names[worst]} with {number(total[worst], '+,.2f')}"
    values = [float(total[at]) for at in shown]
    axis = axis_of(np.array(values), short, zero=True)
    rows = [
        (
            markup.text(names[at]),
            number(total[at], "+,.2f"),
            f"{int(trades[at]):,}",
            f"{100 * won[at] / trades[at]:.1f} %" if trades[at] else "-",
        )
        for at in shown
    ]
    drawing = drawings.columns(values, labels, axis, told)
    more = markup.as_table(("", "Profit", "Round trips", "Won"), rows)
    return markup.figure(title, drawing, f"{told}.", more)


def excursion_figure(content: Content) -> str:
    """Return the figure of how far prices went against trips and in their favour."""
    trips = content.trips
    if not len(trips):
        return ""
    share = np.where(trips.entry_price != 0, np.abs(trips.entry_price), np.nan)
    adverse, favourable = trips.adverse / share, trips.favourable / share
    known = np.isfinite(adverse) & np.isfinite(favourable)
    if not known.any():
        return ""
    won = (trips.profit > 0) & known
    lost = ~(trips.profit > 0) & known
    across = axis_of(adverse[known], _percent, zero=True)
    axis = axis_of(favourable[known], _percent, zero=True)
    told = (
        f"Each round trip: across, how far the price went against it (median "
        f"{_percent(float(np.median(adverse[known])))} of the entry price); up, how far in its "
        f"favour (median {_percent(float(np.median(favourable[known])))})"
    )
    groups = [
        ("loss", adverse[lost], favourable[lost]),
        ("gain", adverse[won], favourable[won]),
    ]
    drawing = drawings.points(groups, across, axis, told)
    return markup.figure("Adverse and favourable excursion", drawing, f"{told}.")


def holding_figure(content: Content) -> str:
    """Return the distribution of how long trips were held, by the logarithm of the time."""
    trips = content.trips
    held = (trips.exit - trips.entry)[trips.ended] / 1e9
    if len(held) < 2:
        return ""
    base = np.maximum(held, 1.0)
    logs = np.log10(base)
    told = (
        f"{many(len(held), 'round trip')} that ended, by how long they lasted: median "
        f"{duration(float(np.median(held)))}, longest {duration(float(held.max()))}"
    )
    if float(logs.max()) - float(logs.min()) < 0.01:
        return markup.figure("Holding times", "", f"{told}.")
    drawing = spread_of(logs, "round trip", lambda one: duration(float(10**one)), told)
    return markup.figure("Holding times", drawing, f"{told}.")


def cost_figure(content: Content) -> str:
    """Return the figure of what each kind of cost took, as the summary has it."""
    lane: dict[str, Any] = (content.summary.get("lanes") or [{}])[content.lane]
    found = [(name, label, float(lane[name])) for name, label in _COSTS if lane.get(name)]
    if not found:
        return ""
    axis = axis_of(np.array([value for *_, value in found]), short, zero=True)
    labels = [f"{label}: {money(value)}" for _, label, value in found]
    largest = max(found, key=lambda one: one[2])
    told = f"{largest[1]} is the largest with {money(largest[2])}"
    profit = float(lane.get("gross_profit") or 0.0)
    if profit > 0:
        whole = sum(value for *_, value in found)
        told += f"; all together are {100 * whole / profit:.1f} % of the gross profit"
    drawing = drawings.columns([-value for *_, value in found], labels, _turned(axis), told)
    return markup.figure("Costs by kind", drawing, f"{told}.")


def _turned(axis: Any) -> Any:
    """Return an axis on which what was above zero is below it."""
    ticks = [(-place, label) for place, label in axis.ticks]
    return type(axis)(-axis.high, -axis.low, ticks)


def _percent(value: float) -> str:
    return f"{number(100 * value, '.3g')} %"

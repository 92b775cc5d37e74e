"""Strategies and markets on which other backtesters are asked what they would have filled."""

from collections import defaultdict
from typing import Any

import numpy as np

from pipeline import DAY, HOUR, Strategy, state
from pipeline.lane.spec import Terms
from tests.reference.in_process import Setup, run_in_process
from tests.reference.market import Bars, Market, session_table

WARM_UP = 30
CASH = 1_000_000.0

#: What comes with backtesting.py: interval, units that make a profit show, and a common move.
#: BTCUSD has bars of a month each, which are sessions like any others.
PACKAGED = {"GOOG": ("1d", 10.0, 0.01), "EURUSD": ("1h", 1e4, 0.001), "BTCUSD": ("1d", 2.0, 0.1)}

Fills = list[tuple[int, float, float]]
"""Fills as (bar, price, quantity)."""


class Flipper(Strategy):
    """Market orders: long above the mean of the last bars, else short."""

    size: float = 10.0
    reach: float = 0.01
    lookback = 10

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) > WARM_UP:
            closes = ctx.window(bar.symbol, "close", 10)
            total = 0.0
            for close in closes:
                total += close
            ctx.target(bar.symbol, self.size if bar.close > total / 10 else -self.size)


class Dipper(Strategy):
    """Limit orders, renewed at every bar: buys below the market, sells above it."""

    size: float = 10.0
    reach: float = 0.01
    last: int = state(0)

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) > WARM_UP:
            ctx.cancel(self.last)
            if ctx.position(bar.symbol) == 0.0:
                self.last = ctx.limit(bar.symbol, self.size, (1 - self.reach) * bar.close)
            else:
                self.last = ctx.limit(bar.symbol, -self.size, (1 + self.reach) * bar.close)


class Breaker(Strategy):
    """Stop orders, renewed at every bar: buys above the market, sells below it."""

    size: float = 10.0
    reach: float = 0.01
    last: int = state(0)

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) > WARM_UP:
            ctx.cancel(self.last)
            if ctx.position(bar.symbol) == 0.0:
                self.last = ctx.stop(bar.symbol, self.size, (1 + self.reach) * bar.close)
            else:
                self.last = ctx.stop(bar.symbol, -self.size, (1 - self.reach) * bar.close)


class Protected(Strategy):
    """Market entries with a stop-loss and a take-profit, one position at a time."""

    size: float = 10.0
    reach: float = 0.01

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) > WARM_UP and ctx.position(bar.symbol) == 0.0:
            behind, ahead = 1 / (1 + 4 * self.reach), 1 + 5 * self.reach
            ctx.bracket(bar.symbol, self.size, behind * bar.close, ahead * bar.close)


def market_of(name: str) -> Market:
    """A market that comes with backtesting.py: one session, or one for each bar of days."""
    frame = frame_of(name)
    ts = frame.index.as_unit("ns").asi8
    columns = [frame[name] for name in ("Open", "High", "Low", "Close", "Volume")]
    return one_symbol(ts, np.array(columns, np.float64), PACKAGED[name][0])


def frame_of(name: str) -> Any:
    from backtesting import test

    return getattr(test, name)


def one_symbol(ts: Any, values: Any, interval: str) -> Market:
    """Bars of one symbol, those of days in a session each, shorter ones in a single long one."""
    if interval == "1d":
        sessions = session_table([(int(at) + DAY // 2, int(at) + DAY * 3 // 4) for at in ts])
        sessions.date_ns[:] = ts
    else:
        sessions = session_table([(int(ts[0]), int(ts[-1]) + HOUR)])
    return Market({"A": Bars(ts, values)}, sessions, (interval,))


def rows_of(market: Market) -> dict[int, int]:
    """Return the row of each bar by its open; a daily bar's is that of its session."""
    daily = market.intervals[0] == DAY
    opens = market.sessions.open_ns if daily else market.bars["A"].ts
    return {int(ts): row for row, ts in enumerate(opens)}


def by_ours(market: Market, ours: Strategy, mode: str, **terms: float) -> tuple[Fills, float]:
    """Fills and the equity at the end."""
    setup = Setup(slot_rows=500, slots=2, processors=1, engines=1, mode=mode)
    ((outcome,), _) = run_in_process(market, [ours], setup, Terms(CASH, **terms))
    at = rows_of(market)
    return [(at[fill[0]], fill[3], fill[2]) for fill in outcome.fills], outcome.equity[-1][1]


def by_bar(fills: Fills) -> dict[tuple[int, float], float]:
    """Net quantity by bar and price: one tool closes and opens where another turns over."""
    found: dict[tuple[int, float], float] = defaultdict(float)
    for at, price, quantity in fills:
        found[at, round(price, 9)] += quantity
    return {key: quantity for key, quantity in found.items() if quantity}

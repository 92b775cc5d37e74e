"""The same strategies on the same bars in backtesting.py: the same fills and the same equity.

Where its rules differ from ours:

- a stop-limit order whose limit lies ahead of its stop fills there at the stop, as here, but one
  whose limit was touched in the same bar "before it counts" is kept back; ours fills it from the
  next bar on, whatever that bar's low was (`test_matching`);
- a take-profit or stop-loss of an entry that filled within a bar waits for the next bar; here the
  stop-loss may still fill in it (`test_matching`);
- it has no trailing stop order, only a stop-loss that a strategy moves itself.
"""

import warnings
from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from pipeline import Strategy, state
from pipeline.stages.lane_spec import Terms
from tests.reference.in_process import Setup, run_in_process
from tests.reference.market import Bars, Market, session_table

backtesting = pytest.importorskip("backtesting")

WARM_UP = 30
CASH = 1_000_000.0


class Flipper(Strategy):
    """Market orders: long above the mean of the last bars, else short."""

    size: float = 10.0
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
    behind: float = 0.96
    ahead: float = 1.05

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) > WARM_UP and ctx.position(bar.symbol) == 0.0:
            ctx.bracket(bar.symbol, self.size, self.behind * bar.close, self.ahead * bar.close)


def peer_of(ours: Strategy) -> Any:
    """The same strategy as backtesting.py writes it."""
    size = int(ours.size)

    class Peer(backtesting.Strategy):
        def init(self):
            pass

        def next(self):
            if len(self.data) <= WARM_UP:
                return
            close = float(self.data.Close[-1])
            if isinstance(ours, Flipper):
                total = 0.0
                for one in self.data.Close[-10:]:
                    total += float(one)
                wanted = size if close > total / 10 else -size
                missing = wanted - self.position.size
                if missing:
                    (self.buy if missing > 0 else self.sell)(size=abs(missing))
            elif isinstance(ours, Protected):
                if not self.position:
                    self.buy(size=size, sl=ours.behind * close, tp=ours.ahead * close)
            else:
                for order in list(self.orders):
                    order.cancel()
                below, above = (1 - ours.reach) * close, (1 + ours.reach) * close
                if isinstance(ours, Dipper):
                    enter, leave = {"limit": below}, {"limit": above}
                else:
                    enter, leave = {"stop": above}, {"stop": below}
                if self.position:
                    self.sell(size=size, **leave)
                else:
                    self.buy(size=size, **enter)

    return Peer


def frame_of(name: str) -> Any:
    from backtesting import test

    return getattr(test, name)


def market_of(frame: Any, interval: str) -> Market:
    """One symbol in one long session, or in one of a day each."""
    ts = frame.index.as_unit("ns").asi8
    columns = [frame[name].to_numpy(np.float64) for name in ("Open", "High", "Low", "Close")]
    values = np.array([*columns, frame["Volume"].to_numpy(np.float64)])
    step = 86_400_000_000_000 if interval == "1d" else 3_600_000_000_000
    if interval == "1d":
        sessions = session_table([(int(at) + step // 2, int(at) + step * 3 // 4) for at in ts])
        sessions.date_ns[:] = ts
    else:
        sessions = session_table([(int(ts[0]), int(ts[-1]) + step)])
    return Market({"A": Bars(ts, values)}, sessions, (interval,))


def by_bar(fills: list[tuple[int, float, float]]) -> dict[tuple[int, float], float]:
    """Net quantity by bar and price: one tool closes and opens where another turns over."""
    found: dict[tuple[int, float], float] = defaultdict(float)
    for at, price, quantity in fills:
        found[at, round(price, 9)] += quantity
    return {key: quantity for key, quantity in found.items() if quantity}


@pytest.mark.parametrize(("data", "interval"), [("GOOG", "1d"), ("EURUSD", "1h")])
@pytest.mark.parametrize("basis_points", [0.0, 10.0])
@pytest.mark.parametrize("strategy", [Flipper(), Dipper(), Breaker(), Protected()])
@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_the_same_fills_and_the_same_equity(
    data: str, interval: str, basis_points: float, strategy: Strategy, mode: str
):
    frame = frame_of(data)
    if data == "EURUSD":  # moves by less in an hour
        near = {Dipper: {"reach": 0.001}, Breaker: {"reach": 0.001}}
        near[Protected] = {"behind": 0.996, "ahead": 1.005}
        strategy = type(strategy)(**near.get(type(strategy), {}))
    market = market_of(frame, interval)
    setup = Setup(slot_rows=500, slots=2, processors=1, engines=1, mode=mode)
    ((outcome,), _) = run_in_process(
        market, [strategy], setup, Terms(CASH, basis_points=basis_points)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = backtesting.Backtest(
            frame, peer_of(strategy), cash=CASH, commission=basis_points / 1e4, margin=1.0
        )
        stats = test.run()
        trades = stats["_trades"]
        open_trades = stats["_strategy"].trades
    at = {int(ts): row for row, ts in enumerate(market.bars["A"].ts)}
    theirs = [(t.EntryBar, t.EntryPrice, t.Size) for t in trades.itertuples()]
    theirs += [(t.ExitBar, t.ExitPrice, -t.Size) for t in trades.itertuples()]
    theirs += [(t.entry_bar, t.entry_price, t.size) for t in open_trades]
    ours = [(at[fill[0]], fill[3], fill[2]) for fill in outcome.fills]
    assert len(ours) > 20
    assert by_bar(ours) == pytest.approx(by_bar(theirs))
    assert outcome.equity[-1][1] == pytest.approx(stats["Equity Final [$]"], rel=1e-6)

"""The same strategies on the same bars in backtesting.py: the same fills and the same equity.

Where its rules differ from ours:

- a stop-limit order whose limit lies ahead of its stop fills there at the stop, as here, but one
  whose limit was touched in the same bar "before it counts" is kept back; ours fills it from the
  next bar on, whatever that bar's low was (`test_matching`);
- a take-profit or stop-loss of an entry that filled within a bar waits for the next bar; here the
  stop-loss may still fill in it (`test_matching`);
- it has no trailing stop order, only a stop-loss that a strategy moves itself: its
  `TrailingStrategy` does, and so does `Follower` here.
"""

import warnings
from typing import Any

import pytest

from pipeline import Strategy, state
from tests.execution.oracles import (
    CASH,
    PACKAGED,
    WARM_UP,
    Breaker,
    Dipper,
    Flipper,
    Protected,
    by_bar,
    by_ours,
    frame_of,
    market_of,
)

backtesting = pytest.importorskip("backtesting")
lib = pytest.importorskip("backtesting.lib")

SPAN = 20
"""Bars whose true ranges `Follower` averages."""


class Follower(Strategy):
    """A stop that the strategy itself moves up, one average true range behind the close."""

    size: float = 10.0
    reach: float = 0.01
    lookback = SPAN + 1
    order: int = state(0)
    level: float = state(0.0)

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) <= WARM_UP:
            return
        if ctx.position(bar.symbol) == 0.0:
            ctx.market(bar.symbol, self.size)
            self.order = 0
            return
        highs, lows = ctx.window(bar.symbol, "high", SPAN), ctx.window(bar.symbol, "low", SPAN)
        before = ctx.window(bar.symbol, "close", SPAN + 1)
        total = 0.0
        for row in range(SPAN):
            total += max(highs[row], before[row]) - min(lows[row], before[row])
        level = bar.close - total / SPAN
        if self.order == 0:
            self.order = ctx.stop(bar.symbol, -self.size, level)
            self.level = level
        elif level > self.level:
            ctx.replace(self.order, stop=level)
            self.level = level


def peer_of(ours: Any) -> Any:
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
                    behind, ahead = 1 / (1 + 4 * ours.reach), 1 + 5 * ours.reach
                    self.buy(size=size, sl=behind * close, tp=ahead * close)
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

    class Following(lib.TrailingStrategy):
        def init(self):
            super().init()
            self.set_atr_periods(SPAN)
            self.set_trailing_sl(1)

        def next(self):
            super().next()
            if len(self.data) > WARM_UP and not self.position:
                self.buy(size=size)

    return Following if isinstance(ours, Follower) else Peer


def assert_like_theirs(
    data: str, ours: Strategy, mode: str, *, basis_points: float = 0.0, this_close: bool = False
) -> None:
    terms = {"basis_points": basis_points, "this_close": this_close}
    found, equity = by_ours(market_of(data), ours, mode, **terms)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = backtesting.Backtest(
            frame_of(data),
            peer_of(ours),
            cash=CASH,
            commission=basis_points / 1e4,
            margin=1.0,
            trade_on_close=this_close,
        )
        stats = test.run()
    trades = stats["_trades"]
    open_trades = stats["_strategy"].trades
    theirs = [(t.EntryBar, t.EntryPrice, t.Size) for t in trades.itertuples()]
    theirs += [(t.ExitBar, t.ExitPrice, -t.Size) for t in trades.itertuples()]
    theirs += [(t.entry_bar, t.entry_price, t.size) for t in open_trades]
    assert len(found) > (5 if data == "BTCUSD" else 20)
    assert by_bar(found) == pytest.approx(by_bar(theirs))
    profit = stats["Equity Final [$]"] - CASH
    assert equity - CASH == pytest.approx(profit, rel=1e-6)


@pytest.mark.parametrize("data", PACKAGED)
@pytest.mark.parametrize("basis_points", [0.0, 10.0])
@pytest.mark.parametrize("strategy", [Flipper, Dipper, Breaker, Protected, Follower])
@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_the_same_fills_and_the_same_equity(
    data: str, basis_points: float, strategy: type[Strategy], mode: str
):
    _, size, reach = PACKAGED[data]
    ours = strategy(size=size, reach=reach)
    assert_like_theirs(data, ours, mode, basis_points=basis_points)


@pytest.mark.parametrize("data", PACKAGED)
@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_the_same_fills_at_this_close(data: str, mode: str):
    _, size, reach = PACKAGED[data]
    assert_like_theirs(data, Flipper(size=size, reach=reach), mode, this_close=True)

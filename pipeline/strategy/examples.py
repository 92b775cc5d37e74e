"""Strategies to start from."""

import math

import numpy as np

from pipeline.market import indicators as ind
from pipeline.strategy.bar import Bar, Bars
from pipeline.strategy.context import Context
from pipeline.strategy.declared import state
from pipeline.strategy.strategy import MINUTE, Strategy, Symbol


class SmaCross(Strategy):
    """Hold `quantity` while the fast average is above the slow one, else be short as much."""

    fast: int = 10
    slow: int = 30
    quantity: float = 100

    def indicators(self) -> dict[str, ind.Indicator]:
        """Name the two averages."""
        return {"fast_avg": ind.sma(self.fast), "slow_avg": ind.sma(self.slow)}

    def on_bar(self, bar: Bar, ctx: Context) -> None:
        """Turn to the side that the averages show."""
        side = 1.0 if bar.fast_avg > bar.slow_avg else -1.0
        ctx.target(bar.symbol, side * self.quantity)


class RsiReversion(Strategy):
    """Buy `quantity` when the RSI is below `oversold`, with a stop-loss and a take-profit.

    `loss` and `profit` are their distances from the close, in per cent.
    """

    period: int = 14
    oversold: float = 30
    loss: float = 1
    profit: float = 1
    quantity: float = 100

    def indicators(self) -> dict[str, ind.Indicator]:
        """Name the index of relative strength."""
        return {"strength": ind.rsi(self.period)}

    def on_bar(self, bar: Bar, ctx: Context) -> None:
        """Enter when nothing is held and nothing is on its way."""
        idle = ctx.position(bar.symbol) == 0.0 and ctx.pending(bar.symbol) == 0.0
        if idle and bar.strength < self.oversold:
            stop_loss = bar.close * (1 - self.loss / 100)
            take_profit = bar.close * (1 + self.profit / 100)
            ctx.bracket(bar.symbol, self.quantity, stop_loss, take_profit)


class OpeningRange(Strategy):
    """Follow the first break out of the range of a session's first minutes; flat at the close."""

    minutes: int = 30
    quantity: float = 100
    high: float = state(-1e308, reset="session")
    low: float = state(1e308, reset="session")
    traded: bool = state(False, reset="session")

    def on_bar(self, bar: Bar, ctx: Context) -> None:
        """Widen the range, then wait for a close outside it; leave with the session's last bar."""
        if ctx.now <= ctx.session_open + self.minutes * MINUTE:
            self.high, self.low = max(self.high, bar.high), min(self.low, bar.low)
        elif not self.traded and ctx.now < ctx.session_close - MINUTE:
            side = (bar.close > self.high) - (bar.close < self.low)
            if side != 0:
                ctx.market(bar.symbol, side * self.quantity)
                ctx.market_on_close(bar.symbol, -side * self.quantity)
                self.traded = True


class CrossSectionalMomentum(Strategy):
    """Hold the `count` symbols that rose most in `period` bars, in equal parts of the equity.

    Rebalanced at a session's first moment with bars and at every `every`-th from there on.
    """

    period: int = 60
    count: int = 2
    every: int = 30
    lookback = 1
    # It counts moments from the session's open on, and looks itself for changes that are known.
    warmup = 0
    moment: int = state(0, reset="session")

    def indicators(self) -> dict[str, ind.Indicator]:
        """Name the rate of change."""
        return {"change": ind.roc(self.period)}

    def on_bars(self, bars: Bars, ctx: Context) -> None:
        """Rank the symbols, by what is last known of those without a bar just now."""
        if self.moment % self.every == 0:
            changes = np.full(len(bars.present), np.nan)
            for symbol in range(len(changes)):
                known = ctx.window(symbol, "change", 1)
                if len(known) == 1:
                    changes[symbol] = known[0]
            for symbol in range(len(changes)):
                change = changes[symbol]
                better = np.sum(changes > change) + np.sum(changes[:symbol] == change)
                if change == change:
                    ctx.target_percent(symbol, 1.0 / self.count if better < self.count else 0.0)
        self.moment += 1


class PairTrade(Strategy):
    """Sell the dearer and buy the cheaper of two symbols, each for `value`, until they meet again.

    Dear and cheap by the ratio of their closes: how many of its deviations in the last `span` bars
    it is from its mean. The pair is entered at `enter` of them and left at `leave`.
    """

    first: Symbol = Symbol("ALFA")
    second: Symbol = Symbol("BRVO")
    span: int = 60
    enter: float = 2
    leave: float = 0.5
    value: float = 10_000
    side: float = state(0.0)
    lookback = property(lambda self: self.span)

    def on_bars(self, bars: Bars, ctx: Context) -> None:
        """Compare at moments when both have a bar; `side` is that of the first symbol."""
        first, second = int(self.first), int(self.second)
        ours = ctx.window(first, "close", self.span)
        others = ctx.window(second, "close", self.span)
        both = bars.present[first] == 1 and bars.present[second] == 1
        if not both or min(len(ours), len(others)) < self.span:
            return
        mean = variance = 0.0
        for row in range(self.span):
            mean += ours[row] / others[row] / self.span
        for row in range(self.span):
            apart = ours[row] / others[row] - mean
            variance += apart * apart / self.span
        deviation = math.sqrt(variance)
        if self.side == 0.0 and abs(apart) > self.enter * deviation:
            self.side = -1.0 if apart > 0.0 else 1.0
            ctx.target_value(first, self.side * self.value)
            ctx.target_value(second, -self.side * self.value)
        elif self.side != 0.0 and self.side * apart >= -self.leave * deviation:
            self.side = 0.0
            ctx.target(first, 0.0)
            ctx.target(second, 0.0)

"""Strategies to start from."""

from pipeline.market import indicators as ind
from pipeline.strategy.bar import Bar
from pipeline.strategy.context import Context
from pipeline.strategy.strategy import MINUTE, Strategy, state


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

"""Strategies to start from."""

from pipeline.market import indicators as ind
from pipeline.strategy.bar import Bar
from pipeline.strategy.context import Context
from pipeline.strategy.strategy import Strategy


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

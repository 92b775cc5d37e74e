"""The strategies of the chaos run, as a file that each round has a copy of."""

from pipeline import Strategy, state
from pipeline import indicators as ind

#: Changed by rounds that have the strategy compiled anew; it changes no result.
EDITION = 0


class Crosser(Strategy):
    """Hold one side or the other of two moving averages."""

    fast: int = 4
    slow: int = 9

    def indicators(self):
        return {"fast_avg": ind.sma(self.fast), "slow_avg": ind.sma(self.slow)}

    def on_bar(self, bar, ctx):
        side = 1.0 if bar.fast_avg > bar.slow_avg else -1.0
        ctx.target(bar.symbol, side * 10 if EDITION >= 0 else 0.0)


class Rester(Strategy):
    """Have limit orders at rest, and replace them."""

    fast: int = 4
    slow: int = 9
    count: int = state(0)

    def indicators(self):
        return {"slow_avg": ind.sma(self.slow)}

    def on_bar(self, bar, ctx):
        self.count += 1
        if self.count % self.fast == 0 and EDITION >= 0:
            side = 1.0 if bar.close < bar.slow_avg else -1.0
            ctx.limit(bar.symbol, side * 5, bar.close * (1 - side * 0.0005))

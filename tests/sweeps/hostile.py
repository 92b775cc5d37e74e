"""A strategy whose sets try to change the market that all lanes see, and one that does not."""

from pipeline import Strategy

INNOCENT, DIVIDES, STORES, ASKS_THE_BASE, REACHES_THE_SLOT, LIFTS_THE_FLAG = range(6)


class Hostile(Strategy):
    """Trades against a mean of closes; before, it does to its window what ``kind`` says."""

    kind: int = INNOCENT
    lookback = 5

    def on_bar(self, bar, ctx):
        window = ctx.window(bar.symbol, "close", 5)
        if self.kind == DIVIDES:
            window /= window[0]
        elif self.kind == STORES:
            window[-1] = 1e6
        elif self.kind == ASKS_THE_BASE:
            window.base[:] = 1.0
        elif self.kind == REACHES_THE_SLOT:
            ctx._values[0][:] = 1.0
        elif self.kind == LIFTS_THE_FLAG:
            window.flags.writeable = True
            window *= 2.0
        ctx.target(bar.symbol, 10.0 if bar.close > ctx.mean(bar.symbol, "close", 5) else -10.0)


class Normaliser(Strategy):
    """Normalises a copy of its window, which is its own."""

    lookback = 5

    def on_bar(self, bar, ctx):
        window = ctx.window(bar.symbol, "close", 5).copy()
        window /= window[0]
        ctx.target(bar.symbol, 10.0 if window[-1] > 1.0 else -10.0)

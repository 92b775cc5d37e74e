"""Strategies of the golden cases, which do what those of `tests.reference.traders` leave out.

Both are pinned with the cases that use them: a new idea is a new strategy, in a new case.
"""

from pipeline import Strategy, state, tif
from tests.reference.traders import Both, Crosser, Historian, Ranker


class Clerk(Strategy):
    """Every time in force, brackets that are cancelled or left without a position, and pairs."""

    size: float = 2.0
    turn: int = state(0)
    entry: int = state(0)
    early: int = state(0)

    def on_start(self, ctx):
        ctx.market_on_open(0, self.size)

    def on_session_open(self, session, ctx):
        self.early = session.early
        ctx.market_on_open(0, -self.size)

    def on_bar(self, bar, ctx):
        self.turn += 1
        kind = self.turn % 14
        sign = 1.0 if bar.close >= bar.open else -1.0
        side = sign * self.size
        length = bar.close_ts - bar.ts
        if self.early > 0:
            side = 2.0 * side
        if kind == 0:
            ctx.limit(bar.symbol, side, bar.close, tif.IOC)
        elif kind == 1:
            ctx.limit(bar.symbol, 8.0 * side, bar.close + sign, tif.FOK)
        elif kind == 2:
            ctx.stop(bar.symbol, side, bar.close + 2.0 * sign, ctx.now + 2 * length)
        elif kind == 3:
            ctx.limit(bar.symbol, side, bar.close - 8.0 * sign, tif.DAY)
        elif kind == 4:
            low, high = bar.close - 6.0 * sign, bar.close + 6.0 * sign
            self.entry = ctx.bracket(
                bar.symbol, side, low, take_profit=high, limit=bar.close - 4.0 * sign
            )
        elif kind == 5:
            ctx.cancel(self.entry)
        elif kind == 6:
            low, high = bar.close - sign, bar.close + 2.0 * sign
            self.entry = ctx.bracket(bar.symbol, side, low, high, stop=bar.close + 0.5 * sign)
        elif kind == 7:
            ctx.bracket(bar.symbol, side, bar.close - sign, bar.close + sign)
        elif kind == 8:
            ctx.target(bar.symbol, 0.0)
        elif kind == 9:
            first = ctx.stop(bar.symbol, side, bar.close + sign)
            ctx.one_cancels_other(first, ctx.limit(bar.symbol, side, bar.close - sign))
        elif kind == 10:
            ctx.trailing_stop(bar.symbol, -side, percent=0.75)
        elif kind == 11 and ctx.rate(bar.symbol) > 0.0:
            ctx.target_percent(bar.symbol, 0.05 * sign)
        elif kind == 12:
            ctx.stop_limit(
                bar.symbol, 4.0 * side, bar.close + 0.25 * sign, bar.close + sign, tif.FOK
            )
        else:
            ctx.stop_limit(bar.symbol, side, bar.close + 0.5 * sign, bar.close - 2.0 * sign)


class Pusher(Strategy):
    """Buys and sells ever other sizes, against whatever limit there is; now and then no lot."""

    step: float = 1.0
    turn: int = state(0)

    def on_start(self, ctx):
        ctx.market(0, self.step)

    def on_bar(self, bar, ctx):
        self.turn += 1
        size = self.step * (1 + self.turn * self.turn % 17)
        if self.turn % 7 == 0:
            size += 0.1
        if self.turn // 8 % 3 == 2:
            size = -size
        if self.turn % 3 == 0:
            ctx.limit(bar.symbol, size, bar.close - 0.25, tif.DAY)
        elif self.turn % 11 == 0:
            ctx.target(bar.symbol, 0.0)
        else:
            ctx.market(bar.symbol, size)


class PatientCrosser(Crosser):
    """Is first called when both averages have a value."""

    warmup = None


class PatientRanker(Ranker):
    """Sees a symbol's bars from the one on at which its indicators have a value."""

    warmup = None


class PatientBoth(Both):
    """Waits for indicators of several intervals, in both of its hooks."""

    warmup = None


class CountingHistorian(Historian):
    """Is first called at the fifth bar of each symbol and interval."""

    warmup = 5


class DayTrader(Strategy):
    """Holds nothing overnight: each session's close ends what it has bought and sold by then."""

    size: float = 3.0
    turn: int = state(0)

    def on_session_open(self, session, ctx):
        ctx.exit_on_close(0)
        ctx.exit_on_close(1)

    def on_bar(self, bar, ctx):
        self.turn += 1
        side = self.size if bar.close >= bar.open else -self.size
        if self.turn % 5 == 0:
            ctx.target(bar.symbol, side)
        elif self.turn % 7 == 0:
            ctx.limit(bar.symbol, side, bar.close - side)
        elif self.turn % 11 == 0:
            ctx.exit_on_close(bar.symbol)
        elif self.turn % 13 == 0:
            ctx.bracket(bar.symbol, side, bar.close - side, bar.close + side)

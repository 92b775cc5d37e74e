"""Strategies that between them use everything a strategy may; written to trade often.

All quantities are multiples of a quarter, so that sums of them are exact in any order.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pipeline import MINUTE, Strategy, Symbol, state, states, tif
from pipeline import indicators as ind
from pipeline.codes import interval_name


def _interval(minutes: int) -> str | None:
    """The name of an interval of so many minutes; None, the base, for 0."""
    return interval_name(minutes * MINUTE) if minutes else None


class Crosser(Strategy):
    """Targets by two averages, the slower one perhaps of another interval; every hook is on_bar."""

    fast: int = 2
    slow: int = 4
    quantity: float = 100.0
    minutes: int = 0
    warmup: ClassVar[Any] = 0

    def indicators(self) -> Mapping[str, Any]:
        return {
            "fast_avg": ind.sma(self.fast),
            "slow_avg": ind.ema(self.slow, interval=_interval(self.minutes)),
        }

    def on_bar(self, bar, ctx):
        if bar.fast_avg > bar.slow_avg:
            ctx.target(bar.symbol, self.quantity)
        elif bar.fast_avg < bar.slow_avg:
            ctx.target(bar.symbol, -self.quantity)


class Tinkerer(Strategy):
    """Windows of two intervals, state of both kinds, cancelling, reacting to fills and sessions."""

    span: int = 3
    size: float = 10.0
    minutes: int = 0
    eager: bool = False
    lookback = property(lambda self: self.span + 1)

    entry: float = state(0.0)
    bars_today: int = state(0, reset="session")
    resting: int = state(0)
    sessions: int = state(0)
    fills: int = state(2)
    warmup: ClassVar[Any] = 0

    def indicators(self) -> Mapping[str, Any]:
        longer = _interval(self.minutes)
        return {"top": ind.highest(self.span, column="high", interval=longer), "day": ind.vwap()}

    def on_start(self, ctx):
        ctx.market(0, self.size)

    def on_session_open(self, session, ctx):
        self.sessions += 1
        if self.sessions % 2 == 0:
            ctx.target(0, 0.0)
        elif session.close - session.open > 10 * MINUTE:
            ctx.market(0, -self.size)

    def on_bar(self, bar, ctx):
        self.bars_today += 1
        if self.bars_today % 3 == 0 and ctx.cancel(self.resting):
            ctx.cancel(self.resting)
        total = 0.0
        closes = ctx.window(bar.symbol, "close", self.span)
        for close in closes:
            total += close
        longer = ctx.window(bar.symbol, "low", self.span, self.minutes * MINUTE)
        for low in longer:
            total += 0.25 * low
        tops = ctx.window(bar.symbol, "top", self.span + 1)
        known = len(closes) + len(longer) + len(tops)
        if ctx.count(bar.symbol, self.minutes * MINUTE) % 3 == 1 or self.eager:
            rising = total > (len(closes) + 0.25 * len(longer)) * bar.close
            size = self.size if rising else -self.size
            self.resting = ctx.market(bar.symbol, size + 0.25 * (known % 3))
        elif bar.close > bar.day and ctx.pending(bar.symbol) == 0.0:
            ctx.target(bar.symbol, 2.0 * self.size)
        elif len(tops) > 0 and tops[-1] == bar.top and ctx.equity > ctx.cash:
            ctx.target(bar.symbol, 0.0)

    def on_fill(self, fill, ctx):
        self.fills += 1
        if fill.price > self.entry and ctx.position(fill.symbol) > 3.0 * self.size:
            ctx.market(fill.symbol, -0.5 * ctx.position(fill.symbol))
        self.entry = fill.price + fill.commission
        if self.fills % 4 == 0:
            ctx.cancel(fill.order_id + 1)

    def on_session_close(self, session, ctx):
        if ctx.last_price(0) == ctx.last_price(0) and ctx.now >= ctx.session_close:
            ctx.target(0, self.size)

    def on_stop(self, ctx):
        ctx.market(0, 1.0)


class Ranker(Strategy):
    """Longs the symbol that rose most, of those with a bar just now, against a leader's trend."""

    span: int = 1
    size: float = 5.0
    minutes: int = 0
    leader: Symbol = Symbol("A")
    turns: int = state(0, reset="session")
    warmup: ClassVar[Any] = 0

    def indicators(self) -> Mapping[str, Any]:
        return {
            "move": ind.roc(self.span),
            "level": ind.sma(self.span + 1, interval=_interval(self.minutes)),
        }

    def on_bars(self, bars, ctx):
        self.turns += 1
        best = -1
        for symbol in range(len(bars.present)):
            known = bars.present[symbol] == 1 and bars.move[symbol] == bars.move[symbol]
            if known and (best < 0 or bars.move[symbol] > bars.move[best]):
                best = symbol
        led = bars.level[self.leader] > bars.close[self.leader]
        for symbol in range(len(bars.present)):
            if bars.present[symbol] == 0:
                continue
            size = self.size if symbol == best else -self.size
            if led:
                size = 2.0 * size + bars.count
            ctx.target(symbol, size + 0.25 * self.turns)


class Both(Strategy):
    """One bar and all bars of one interval only, with every built-in kind of indicator at hand."""

    minutes: int = 0
    size: float = 4.0
    intervals = property(lambda self: (_interval(self.minutes),) if self.minutes else ())
    seen: int = state(0)
    warmup: ClassVar[Any] = 0

    def indicators(self) -> Mapping[str, Any]:
        return {
            "strength": ind.rsi(2),
            "range_": ind.atr(2),
            "bands": ind.bollinger(3, 1.0),
            "trend": ind.macd(2, 3, 2),
            "volume_": ind.obv(interval=_interval(self.minutes)),
            "low_": ind.lowest(2),
            "weighted": ind.wma(3),
            "spread": ind.stdev(2),
        }

    def on_bar(self, bar, ctx):
        self.seen += 1
        if bar.close > bar.bands_upper or bar.trend_histogram > 0.0:
            ctx.target(bar.symbol, self.size)
        elif bar.strength < 50.0 and bar.weighted > bar.low_:
            ctx.target(bar.symbol, -self.size)

    def on_bars(self, bars, ctx):
        self.seen += 1
        for symbol in range(len(bars.present)):
            wide = bars.range_[symbol] > 2.0 * bars.spread[symbol]
            if bars.present[symbol] == 1 and wide and bars.volume_[symbol] > 0.0:
                ctx.market(symbol, 0.25 * (1 + self.seen % 3))


class Desk(Strategy):
    """Every kind of order by turns, near enough to the market that most are touched."""

    size: float = 3.0
    step: float = 0.25
    minutes: int = 0
    intervals = property(lambda self: (_interval(self.minutes),) if self.minutes else ())
    turn: int = state(0)
    last: int = state(0)
    ended: int = state(0)

    def on_order(self, order, ctx):
        self.ended += 1
        if order.state == states.EXPIRED and self.ended % 2 == 0:
            ctx.market(order.symbol, order.quantity)
        elif order.state == states.REJECTED and order.found > 1.5 * order.allowed:
            ctx.limit(order.symbol, -0.25, 100.0)
        elif self.ended % 5 == 0:
            ctx.cancel(order.order_id + 2)

    def on_session_open(self, session, ctx):
        ctx.market_on_open(0, self.size)
        ctx.market_on_close(0, -self.size)

    def on_bar(self, bar, ctx):
        self.turn += 1
        kind = self.turn % 11
        sign = 1.0 if bar.close >= bar.open else -1.0
        side = sign * self.size
        ahead = bar.close + sign * self.step * (1 + self.turn % 3)
        behind = bar.close - sign * self.step * (1 + self.turn % 2)
        if kind == 1:
            self.last = ctx.limit(bar.symbol, side, behind, tif.DAY)
        elif kind == 2:
            ctx.stop(bar.symbol, side, ahead, bar.close_ts + 3 * MINUTE)
        elif kind == 3:
            ctx.stop_limit(bar.symbol, side, ahead, behind)
        elif kind == 4:
            ctx.stop_limit(bar.symbol, side, bar.close, ahead, until=tif.IOC)
        elif kind == 5:
            ctx.trailing_stop(bar.symbol, -side, amount=self.step)
        elif kind == 6:
            ctx.bracket(bar.symbol, side, behind, ahead)
        elif kind == 7:
            ctx.bracket(bar.symbol, side, behind - side, take_profit=ahead, limit=behind)
        elif kind == 8:
            ctx.trailing_stop(bar.symbol, side, percent=0.5)
            ctx.replace(self.last, limit=bar.close)
        elif kind == 9:
            ctx.one_cancels_other(self.last, ctx.limit(bar.symbol, -side, ahead))
        elif kind == 10 and ctx.rate(bar.symbol) > 0.0:
            ctx.target_value(bar.symbol, 0.0)
        else:
            ctx.cancel(self.last)
            ctx.market_on_close(bar.symbol, side)


class Historian(Strategy):
    """Writes what it sees of the past into the prices of its orders."""

    span: int = 3
    minutes: int = 0
    lookback = property(lambda self: self.span)
    bars: int = state(0)
    warmup: ClassVar[Any] = 0

    def indicators(self) -> Mapping[str, Any]:
        return {"least": ind.lowest(2, interval=_interval(self.minutes)), "flow": ind.obv()}

    def on_session_open(self, session, ctx):
        total = 0.0
        for close in ctx.window(0, "close", self.span):
            total += close
        for volume in ctx.window(0, "volume", self.span):
            total += 0.001 * volume
        for high in ctx.window(0, "high", self.span, self.minutes * MINUTE):
            total += high
        ctx.limit(0, 1.0, total, tif.DAY)

    def on_bar(self, bar, ctx):
        self.bars += 1
        total = 0.0
        for low in ctx.window(bar.symbol, "low", self.span):
            total += low
        for flow in ctx.window(bar.symbol, "flow", self.span):
            total += 0.001 * flow
        for least in ctx.window(bar.symbol, "least", self.span):
            if least == least:
                total += least
        if self.bars % 3 == 1:
            ctx.stop(bar.symbol, -0.25 * self.bars, total)
        elif self.bars % 3 == 2:
            ctx.trailing_stop(bar.symbol, 2.0, amount=0.25 + 0.01 * abs(total))


class Sleeper(Strategy):
    """Acts at few bars, and there by all that moves from bar to bar; leaves orders far away."""

    every: int = 5
    size: float = 2.0
    minutes: int = 0
    lookback = 2
    bars: int = state(0)
    last: int = state(0)
    seen: float = state(0.0)
    warmup: ClassVar[Any] = 0

    def indicators(self) -> Mapping[str, Any]:
        return {"change": ind.roc(1), "mean": ind.sma(2, interval=_interval(self.minutes))}

    def on_bar(self, bar, ctx):
        self.bars += 1
        if self.bars % 3 == 0 and bar.change == bar.change:
            self.seen += bar.change
        if self.bars % self.every != 0:
            return
        asked = (ctx.now - bar.ts) / MINUTE + ctx.last_price(bar.symbol) + 0.001 * ctx.equity
        asked += 0.01 * ctx.position(bar.symbol) + ctx.window(bar.symbol, "close", 2)[-1]
        asked += ctx.count(bar.symbol) + self.seen
        if bar.mean == bar.mean:
            asked += bar.mean
        kind = self.bars // self.every % 7
        side = self.size if kind % 2 == 0 else -self.size
        if kind == 0:
            ctx.target(bar.symbol, side)
        elif kind == 1:
            self.last = ctx.limit(bar.symbol, self.size, 1.0 + 0.01 * abs(asked))
        elif kind == 2:
            ctx.limit(bar.symbol, side, bar.close - 0.5)
        elif kind == 3:
            ctx.replace(self.last, limit=2.0 + 0.01 * abs(asked))
        elif kind == 4:
            ctx.bracket(bar.symbol, side, bar.close - 1.0, bar.close + 1.5)
        elif kind == 5:
            ctx.replace(self.last, limit=bar.close - 0.25)
        else:
            ctx.cancel(self.last)


class Reviser(Strategy):
    """Changes its orders to more, to less, to what they are; is flat at some closes."""

    size: float = 2.0
    step: float = 0.25
    minutes: int = 0
    intervals = property(lambda self: (_interval(self.minutes),) if self.minutes else ())
    turn: int = state(0)
    last: int = state(0)
    warmup: ClassVar[Any] = 0

    def on_fill(self, fill, ctx):
        if fill.order_id % 3 == 0:
            ctx.market(fill.symbol, -0.5 * fill.quantity)

    def on_session_open(self, session, ctx):
        ctx.market_on_open(0, self.size)
        if session.index % 2 == 0:
            ctx.exit_on_close(0)

    def on_session_close(self, session, ctx):
        ctx.market(0, self.size)
        ctx.exit_on_close(0)

    def on_bar(self, bar, ctx):
        self.turn += 1
        kind = self.turn % 7
        if kind == 0:
            self.last = ctx.limit(bar.symbol, self.size, bar.close - self.step)
        elif kind == 1:
            ctx.replace(self.last, limit=bar.close - self.step)
        elif kind == 2:
            ctx.replace(self.last, quantity=2.0 * self.size)
        elif kind == 3:
            ctx.bracket(bar.symbol, -self.size, bar.close + 1.0, bar.close - self.step)
        elif kind == 4:
            ctx.replace(self.last, quantity=0.5, limit=bar.close - 0.5)
        elif kind == 5:
            ctx.exit_on_close(bar.symbol)
            ctx.limit(bar.symbol, -self.size, bar.close + self.step)
        else:
            ctx.replace(self.last, quantity=0.25)


TRADERS = (Sleeper, Crosser, Tinkerer, Ranker, Both, Desk, Historian, Reviser)

"""Orders of a lane, how they are placed, changed and ended, in plain Python by the letter."""

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.reference.orders import (
    CANCELLED,
    DAY,
    ENTRY,
    EXPIRED,
    FILLED,
    LIMIT,
    MARKET,
    NEVER,
    NO_POSITION,
    ON_CLOSE,
    OTHER,
    REJECTED,
    SPLIT,
    STOP,
    STOP_LIMIT,
    STRATEGY,
    TIME,
    TRAILING,
    Fill,
    Message,
    Order,
)
from tests.reference.tolerance import counted, off_by, total, written

Bar = tuple[float, float, float, float, float]


@dataclass
class RestingOrders:
    """Orders of a lane, what they came to, and the position they made, by symbol.

    ``cap``: share of a bar's volume that can be filled, ``lot`` and ``tick`` of all symbols;
    ``slip``: price after slippage, of an order's symbol, quantity, price and bar; ``judge``: why an
    order is not admitted, what was found and what is allowed; ``latency`` (ns), ``latency_bars``:
    what an order, a change or a cancellation takes to the market.
    """

    optimistic: bool = False
    latency: int = 0
    latency_bars: int = 0
    messages: list[Message] = field(default_factory=list)
    cap: float = math.inf
    lot: float = 0.0
    tick: float = 0.0
    slip: Callable[[int, float, float, Bar], float] = lambda symbol, quantity, price, bar: price
    judge: Callable[[Order], tuple[int, float, float] | None] = lambda order: None
    room: float = math.inf
    bar: Bar = (0.0,) * 5
    opened: dict[int, int] = field(default_factory=dict)  # when each symbol's last bar did
    left: dict[int, float] = field(default_factory=dict)  # of each symbol's last bar's volume
    session_open: int = 0
    session_close: int = NEVER
    now: int = 0
    orders: list[Order] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    position: dict[int, float] = field(default_factory=lambda: {0: 0.0, 1: 0.0})
    slack: dict[int, float] = field(default_factory=lambda: defaultdict(float))  # it is off by
    last: dict[int, float] = field(default_factory=lambda: {0: math.nan, 1: math.nan})
    ambiguous: int = 0
    at_rest: list[Order] = field(default_factory=list)  # and what ended since the last bar

    def place(self, symbol: int, quantity: float, kind: int, **more: float) -> Order:
        quantity = self.total(quantity, 0.0) or quantity
        order = Order(len(self.orders) + 1, self.now, symbol, quantity, kind, **more)  # type: ignore[arg-type]
        order.lot = self.lot
        order.live = self.now
        order.limit = self.on_tick(order.limit, up=not order.buys)
        order.stop = self.on_tick(order.stop, up=order.buys)
        self.orders.append(order)
        self.at_rest.append(order)
        exits = not quantity
        refused = None if order.parent or order.reason or exits else self.judge(order)
        if refused is not None:
            order.reason, order.found, order.allowed = refused
            order.state, order.done_ts = REJECTED, self.now
        elif not order.parent and not order.reason:
            order.live = self.now + self.latency if self.latency_bars == 0 else NEVER - 1
            if self.latency_bars:
                self.send(order, lambda ts, quantity, limit: None)
        return order

    def send(
        self,
        order: Order,
        effect: Callable[[int, float, float], None],
        quantity: float = math.nan,
        limit: float = math.nan,
    ) -> None:
        """Do something to an order at rest, at once or when it is there."""
        if not self.latency and not self.latency_bars:
            effect(self.now, quantity, limit)
            return
        since = self.now + self.latency
        self.messages.append(Message(order, since, self.latency_bars, effect, quantity, limit))

    def _deliver(self, symbol: int, ts: int) -> None:
        mine = [one for one in self.messages if one.order.symbol == symbol and one.since <= ts]
        for message in mine:
            if message.bars:
                message.bars -= 1
                message.since = message.since if message.bars else ts + 1
                continue
            self.messages.remove(message)
            if message.order.resting:
                if message.order.live == NEVER - 1:
                    message.order.live = message.since
                message.effect(ts, message.quantity, message.limit)

    def on_tick(self, price: float, *, up: bool) -> float:
        if not self.tick or math.isnan(price):
            return price
        count = counted(price, self.tick)
        return written(math.ceil(count) if up else math.floor(count), self.tick)

    def whole_lots(self, quantity: float) -> float:
        if not self.lot:
            return quantity
        count = math.floor(counted(abs(quantity), self.lot))
        return math.copysign(written(count, self.lot), quantity)

    def total(self, one: float, other: float, slack: float = 0.0) -> float:
        """A sum of two quantities."""
        return total(one, other, lot=self.lot, slack=slack)

    def held_and(self, symbol: int, quantity: float) -> float:
        """What is held of a symbol and as much more."""
        return self.total(self.position[symbol], quantity, self.slack[symbol])

    def _hold(self, symbol: int, quantity: float) -> None:
        self.slack[symbol] += off_by(self.position[symbol], quantity)
        self.position[symbol] = self.held_and(symbol, quantity)
        if not self.position[symbol]:
            self.slack[symbol] = 0.0

    def trailing(self, symbol: int, quantity: float, amount: float, fraction: float) -> None:
        draft = Order(0, 0, symbol, quantity, TRAILING, amount=amount, fraction=fraction)
        stop = self._behind(draft, self.last[symbol])
        self.place(symbol, quantity, TRAILING, amount=amount, fraction=fraction, stop=stop)

    def _behind(self, order: Order, best: float) -> float:
        distance = order.fraction * best if math.isnan(order.amount) else order.amount
        return self.on_tick(best + distance if order.buys else best - distance, up=order.buys)

    def bracket(
        self,
        symbol: int,
        quantity: float,
        loss: float,
        profit: float,
        limit: float,
        stop: float,
        until: int = 0,
    ) -> None:
        kinds = {(1, 1): MARKET, (0, 1): LIMIT, (1, 0): STOP, (0, 0): STOP_LIMIT}
        kind = kinds[math.isnan(limit), math.isnan(stop)]
        entry = self.place(symbol, quantity, kind, limit=limit, stop=stop, until=until)
        leg = {"parent": entry.order_id, "group": entry.order_id}
        if not math.isnan(loss):
            self.place(symbol, -quantity, STOP, stop=loss, **leg)
        if not math.isnan(profit):
            self.place(symbol, -quantity, LIMIT, limit=profit, **leg)
        for child in self.orders[entry.order_id :]:
            child.live = NEVER
            if not entry.resting:
                self.end(child, CANCELLED, ENTRY, self.now)

    def tie(self, first: int, second: int) -> None:
        one, other = self.orders[first - 1], self.orders[second - 1]
        if one.resting and other.resting and one is not other:
            one.group = other.group = one.group or other.group or min(first, second)

    def end(self, order: Order, state: int, reason: int, ts: int) -> None:
        order.state, order.reason, order.done_ts = state, reason, ts
        if state != FILLED:
            for child in self.at_rest:
                if child.parent != order.order_id or not child.resting:
                    continue
                if child.live == NEVER:
                    self.end(child, CANCELLED, ENTRY, ts)
                elif reason != OTHER and self._closes_nothing(child):
                    self.end(child, CANCELLED, NO_POSITION, ts)

    def _closes_nothing(self, leg: Order) -> bool:
        return leg.left * self.position[leg.symbol] >= 0

    def cancel(self, order_id: int) -> None:
        order = self.orders[order_id - 1]
        if order.resting:
            self.send(order, lambda ts, *_: self.end(order, CANCELLED, STRATEGY, ts))

    def set(self, order: Order, quantity: float, limit: float) -> None:
        """Write other values into an order; NaN leaves one as it is."""
        if not math.isnan(quantity):
            order.quantity = self.total(quantity, 0.0) or quantity
        if not math.isnan(limit):
            order.limit = self.on_tick(limit, up=not order.buys)

    def change(self, order: Order, quantity: float, limit: float) -> None:
        def effect(ts: int, quantity: float, limit: float) -> None:
            before = order.limit
            self.set(order, quantity, limit)
            if order.live != NEVER and order.limit != before and not math.isnan(limit):
                order.live = ts
            if order.left * order.quantity <= 0.0:
                order.quantity = order.filled
                self.end(order, CANCELLED, STRATEGY, ts)

        self.send(order, effect, quantity, limit)

    def close_session(self) -> None:
        for order in self.at_rest:
            of_session = order.until == DAY or order.kind == ON_CLOSE
            over = (of_session and order.ts < self.now) or 0 < order.until <= self.now
            if order.resting and over:
                self.end(order, EXPIRED, TIME, self.now)

    def split(self, symbol: int, ratio: float) -> float:
        """Turn each share into ``ratio`` of them; what is left over of a lot, to be paid out."""
        self.last[symbol] /= ratio
        held = self.position[symbol] * ratio
        self.position[symbol] = self.whole_lots(held)
        fraction = self.total(held, -self.position[symbol])
        self.slack[symbol] *= ratio if self.position[symbol] else 0.0
        self.slack[symbol] += off_by(held, -fraction) if fraction else 0.0
        for message in self.messages:
            if message.order.symbol == symbol:
                message.quantity *= ratio
                message.limit /= ratio
        for order in self.at_rest:
            if order.symbol != symbol or not order.resting or not order.quantity:
                continue
            left = order.left * ratio
            if order.live != NEVER:
                left = self.whole_lots(left)
                if not left:
                    self.end(order, CANCELLED, SPLIT, self.now)
                    continue
            up = order.buys
            order.filled *= ratio
            order.quantity = order.filled + left
            order.limit = self.on_tick(order.limit / ratio, up=not up)
            order.stop = self.on_tick(order.stop / ratio, up=up)
            order.amount /= ratio
            order.price /= ratio
        return fraction

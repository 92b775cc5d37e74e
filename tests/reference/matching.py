"""The rules of `pipeline.execution.fills` in plain Python, slow and by the letter."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

NEVER = 2**63 - 1
MARKET, LIMIT, STOP, STOP_LIMIT, TRAILING, ON_OPEN, ON_CLOSE = range(7)
ACCEPTED, TRIGGERED, FILLED, CANCELLED, EXPIRED = range(5)
NONE, STRATEGY, OTHER, ENTRY, NO_POSITION, TIME, AT_ONCE = range(7)
GTC, DAY, IOC = 0, -1, -2


@dataclass
class Order:
    order_id: int
    ts: int
    symbol: int
    quantity: float
    kind: int
    limit: float = math.nan
    stop: float = math.nan
    until: int = GTC
    parent: int = 0
    group: int = 0
    amount: float = math.nan
    fraction: float = math.nan
    live: int = 0
    entered: int = -1  # open of the bar within which it became live or was triggered
    state: int = ACCEPTED
    reason: int = NONE
    filled: float = 0.0
    price: float = math.nan
    done_ts: int = 0

    @property
    def resting(self) -> bool:
        return self.state in (ACCEPTED, TRIGGERED)

    @property
    def buys(self) -> bool:
        return self.quantity > 0

    @property
    def is_stop(self) -> bool:
        return self.kind in (STOP, TRAILING) or (self.kind, self.state) == (STOP_LIMIT, ACCEPTED)

    @property
    def is_limit(self) -> bool:
        return self.kind == LIMIT or (self.kind, self.state) == (STOP_LIMIT, TRIGGERED)

    def reached(self, price: float, *, by_limit: bool) -> bool:
        level = self.limit if by_limit else self.stop
        return price <= level if self.buys == by_limit else price >= level


@dataclass
class Book:
    """Orders of a lane, what they came to, and the position they made, by symbol."""

    optimistic: bool = False
    session_open: int = 0
    session_close: int = NEVER
    now: int = 0
    orders: list[Order] = field(default_factory=list)
    fills: list[tuple[int, int, float, float, int]] = field(default_factory=list)
    position: dict[int, float] = field(default_factory=lambda: {0: 0.0, 1: 0.0})
    last: dict[int, float] = field(default_factory=lambda: {0: math.nan, 1: math.nan})
    ambiguous: int = 0
    at_rest: list[Order] = field(default_factory=list)  # and what ended since the last bar

    def place(self, symbol: int, quantity: float, kind: int, **more: float) -> Order:
        order = Order(len(self.orders) + 1, self.now, symbol, quantity, kind, **more)  # type: ignore[arg-type]
        order.live = self.now
        self.orders.append(order)
        self.at_rest.append(order)
        return order

    def trailing(self, symbol: int, quantity: float, amount: float, fraction: float) -> None:
        order = self.place(symbol, quantity, TRAILING, amount=amount, fraction=fraction)
        order.stop = self._behind(order, self.last[symbol])

    @staticmethod
    def _behind(order: Order, best: float) -> float:
        distance = order.fraction * best if math.isnan(order.amount) else order.amount
        return best + distance if order.buys else best - distance

    def bracket(
        self, symbol: int, quantity: float, loss: float, profit: float, limit: float, stop: float
    ) -> None:
        kinds = {(1, 1): MARKET, (0, 1): LIMIT, (1, 0): STOP, (0, 0): STOP_LIMIT}
        kind = kinds[math.isnan(limit), math.isnan(stop)]
        entry = self.place(symbol, quantity, kind, limit=limit, stop=stop)
        if not math.isnan(loss):
            self.place(symbol, -quantity, STOP, stop=loss)
        if not math.isnan(profit):
            self.place(symbol, -quantity, LIMIT, limit=profit)
        for child in self.orders[entry.order_id :]:
            child.parent = child.group = entry.order_id
            child.live = NEVER

    def tie(self, first: int, second: int) -> None:
        one, other = self.orders[first - 1], self.orders[second - 1]
        if one.resting and other.resting and one is not other:
            one.group = other.group = one.group or other.group or min(first, second)

    def end(self, order: Order, state: int, reason: int, ts: int) -> None:
        order.state, order.reason, order.done_ts = state, reason, ts
        if state != FILLED:
            for child in self.at_rest:
                if child.parent == order.order_id and child.resting:
                    self.end(child, CANCELLED, ENTRY, ts)

    def cancel(self, order_id: int) -> None:
        if self.orders[order_id - 1].resting:
            self.end(self.orders[order_id - 1], CANCELLED, STRATEGY, self.now)

    def close_session(self) -> None:
        for order in self.at_rest:
            of_session = order.until == DAY or order.kind == ON_CLOSE
            over = (of_session and order.ts < self.now) or 0 < order.until <= self.now
            if order.resting and over:
                self.end(order, EXPIRED, TIME, self.now)

    def fill(self, order: Order, ts: int, price: float, *, within: bool) -> None:
        quantity = order.quantity
        if order.parent:
            held = self.position[order.symbol]
            if held * quantity >= 0:
                self.end(order, CANCELLED, NO_POSITION, ts)
                return
            quantity = math.copysign(min(abs(quantity), abs(held)), quantity)
        self.position[order.symbol] += quantity
        self.fills.append((ts, order.symbol, quantity, price, order.order_id))
        order.filled, order.price = quantity, price
        self.end(order, FILLED, NONE, ts)
        for other in self.at_rest:
            if other.resting and other.parent == order.order_id:
                other.live, other.quantity = ts, -quantity
                other.entered = ts if within else -1
            elif other.resting and order.group and other.group == order.group:
                self.end(other, CANCELLED, OTHER, ts)

    def meet(
        self, symbol: int, ts: int, close_ts: int, bar: tuple[float, float, float, float]
    ) -> None:
        opened, high, low, close = bar
        self.at_rest = [order for order in self.at_rest if order.resting]
        self._meet_open(symbol, ts, opened)
        phases = [self._meet_stops, self._meet_limits]
        if self.optimistic:
            phases.reverse()
        for phase in (*phases, phases[0]):
            phase(symbol, ts, high, low)
        for order in self._live(symbol, ts):
            if order.kind == ON_CLOSE and close_ts >= self.session_close:
                self.fill(order, ts, close, within=True)
            elif order.until == IOC:
                self.end(order, CANCELLED, AT_ONCE, ts)
            elif order.kind == TRAILING and order.entered != ts:
                level = self._behind(order, low if order.buys else high)
                order.stop = (min if order.buys else max)(order.stop, level)
        self.last[symbol] = close

    def _live(self, symbol: int, ts: int) -> list[Order]:
        return [o for o in self.at_rest if o.symbol == symbol and o.resting and o.live <= ts]

    def _as_they_become_live(self, symbol: int, ts: int) -> Iterator[Order]:
        """Orders by id; a fill of one may end those behind it, or make them live."""
        for order in self.at_rest:
            if order.symbol == symbol and order.resting and order.live <= ts:
                yield order

    def _meet_open(self, symbol: int, ts: int, price: float) -> None:
        for order in self._as_they_become_live(symbol, ts):
            if 0 < order.until <= ts:
                self.end(order, EXPIRED, TIME, ts)
            elif order.kind == MARKET:
                self.fill(order, ts, price, within=False)
            elif order.kind == ON_OPEN:
                if order.ts <= self.session_open <= ts:
                    self.fill(order, ts, price, within=False)
            elif order.entered != ts:
                if order.is_stop and order.reached(price, by_limit=False):
                    if order.kind == STOP_LIMIT:
                        order.state = TRIGGERED
                    else:
                        self.fill(order, ts, price, within=False)
                if order.resting and order.is_limit and order.reached(price, by_limit=True):
                    self.fill(order, ts, price, within=False)

    def _touched(self, order: Order, high: float, low: float) -> bool:
        by_limit = order.is_limit
        return any(order.reached(price, by_limit=by_limit) for price in (high, low))

    def _choose(self, order: Order, ts: int, high: float, low: float) -> None:
        for other in self._live(order.symbol, ts):
            if order.group and other.group == order.group and other is not order:
                self.ambiguous += self._touched(other, high, low)

    def _meet_stops(self, symbol: int, ts: int, high: float, low: float) -> None:
        for order in self._as_they_become_live(symbol, ts):
            if not order.is_stop or not self._touched(order, high, low):
                continue
            if order.entered == ts and self.optimistic:
                continue
            if order.kind == STOP_LIMIT:
                order.state = TRIGGERED
                if not order.reached(order.stop, by_limit=True):
                    order.entered = ts
                    continue
            self._choose(order, ts, high, low)
            self.fill(order, ts, order.stop, within=True)

    def _meet_limits(self, symbol: int, ts: int, high: float, low: float) -> None:
        for order in self._as_they_become_live(symbol, ts):
            if not order.is_limit or not self._touched(order, high, low):
                continue
            if order.entered == ts and not (self.optimistic and order.kind == LIMIT):
                continue
            self._choose(order, ts, high, low)
            self.fill(order, ts, order.limit, within=True)

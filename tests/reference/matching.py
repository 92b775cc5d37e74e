"""The rules of `pipeline.execution.fills` in plain Python, slow and by the letter."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.reference.orders import (
    ACCEPTED,
    AT_ONCE,
    CANCELLED,
    DAY,
    ENTRY,
    EXPIRED,
    FILLED,
    FOK,
    IOC,
    LIMIT,
    MARKET,
    NEVER,
    NO_POSITION,
    ON_CLOSE,
    ON_OPEN,
    OTHER,
    PARTLY,
    REJECTED,
    SPLIT,
    STOP,
    STOP_LIMIT,
    STRATEGY,
    TIME,
    TRAILING,
    TRIGGERED,
    Fill,
    Message,
    Order,
)
from tests.reference.tolerance import above, counted, off_by, total, written

Bar = tuple[float, float, float, float, float]


@dataclass
class Book:
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
                continue
            self.messages.remove(message)
            if message.order.resting:
                if message.order.live == NEVER - 1:
                    message.order.live = ts
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

    def fill(
        self, order: Order, ts: int, price: float, *, within: bool, maker: bool = False
    ) -> None:
        if not order.quantity:
            order.quantity = -self.position[order.symbol]
            if not order.quantity:
                self.end(order, CANCELLED, NO_POSITION, ts)
                return
        wanted = order.left
        if order.parent or order.reason:  # of a liquidation
            held = self.position[order.symbol]
            if held * wanted >= 0:
                self.end(order, CANCELLED, NO_POSITION, ts)
                return
            if self.held_and(order.symbol, wanted) * held < 0:
                wanted = -held
        quantity = wanted
        if above(abs(wanted), self.room):
            quantity = 0.0 if order.until == FOK else self.whole_lots(self.room)
            quantity = math.copysign(quantity, wanted)
        self.room = total(self.room, -abs(quantity)) if self.cap < math.inf else math.inf
        if quantity == 0.0:
            if order.kind != STOP_LIMIT and order.is_stop:
                order.state = TRIGGERED
            return
        if order.kind not in (LIMIT, STOP_LIMIT):
            price = self.slip(order.symbol, quantity, price, self.bar)
        self._hold(order.symbol, quantity)
        before, more = abs(order.filled), abs(quantity)
        if before:
            order.price = (order.price * before + price * more) / (before + more)
        else:
            order.price = price
        whole = quantity == order.left
        order.filled = order.quantity if whole else self.total(order.filled, quantity)
        about = order.order_id, order.filled, order.price, maker
        self.fills.append(Fill(ts, order.symbol, quantity, price, *about))
        if quantity == wanted:
            self.end(order, FILLED, order.reason, ts)
        else:
            order.state = PARTLY
        self._tell_others(order, quantity, ts, within=within)
        for leg in self.at_rest:
            live = leg.symbol == order.symbol and leg.parent and leg.resting and leg.live != NEVER
            if live and self._closes_nothing(leg) and not self.orders[leg.parent - 1].resting:
                self.end(leg, CANCELLED, NO_POSITION, ts)

    def _tell_others(self, order: Order, quantity: float, ts: int, *, within: bool) -> None:
        for other in self.at_rest:
            if not other.resting or other is order:
                continue
            excluded = order.group != 0 and other.group == order.group
            if other.parent == order.order_id and other.live == NEVER:
                other.live, other.entered = max(ts, order.ts), ts if within else -1
                other.quantity = -order.filled
            elif other.parent == order.order_id:
                other.quantity = self.total(other.quantity, -quantity)
            elif not order.parent:
                if excluded:
                    self.end(other, CANCELLED, OTHER, ts)
            elif order.state == FILLED:
                if excluded or other.order_id == order.parent:
                    self.end(other, CANCELLED, OTHER, ts)
            elif other.parent == order.parent:
                other.quantity = self.total(other.quantity, -quantity)

    def meet(self, symbol: int, ts: int, close_ts: int, bar: Bar) -> None:
        opened, high, low, close, volume = self.bar = bar
        self.room = self.cap * max(volume, 0.0) if self.cap < math.inf else math.inf
        self.at_rest = [order for order in self.at_rest if order.resting]
        self._deliver(symbol, ts)
        self._meet_open(symbol, ts, opened)
        phases = [self._meet_stops, self._meet_limits]
        if self.optimistic:
            phases.reverse()
        for phase in (*phases, phases[0]):
            phase(symbol, ts, high, low)
        for order in self._live(symbol, ts):
            if order.kind == ON_CLOSE and close_ts >= self.session_close:
                self.fill(order, ts, close, within=True)
                if order.resting:
                    self.end(order, EXPIRED, TIME, ts)
            elif order.until in (IOC, FOK):
                self.end(order, CANCELLED, AT_ONCE, ts)
            elif order.kind == TRAILING and order.is_stop and order.entered != ts:
                level = self._behind(order, low if order.buys else high)
                order.stop = (min if order.buys else max)(order.stop, level)
        self.last[symbol], self.left[symbol] = close, self.room

    def meet_close(self, bars: dict[int, tuple[int, Bar]]) -> None:
        """Fill this moment's market orders at the close of the bars, by symbol, that just ended."""
        for order in list(self.at_rest):
            now = order.resting and order.ts == self.now and order.kind == MARKET
            now = now and not order.reason  # a liquidation waits for the next open
            if now and order.state == ACCEPTED and order.symbol in bars:
                ts, self.bar = bars[order.symbol]
                self.room = self.left[order.symbol]
                self.fill(order, ts, self.bar[3], within=False)
                self.left[order.symbol] = self.room
                if order.resting and order.until in (IOC, FOK):
                    self.end(order, CANCELLED, AT_ONCE, ts)

    def _live(self, symbol: int, ts: int) -> list[Order]:
        return [o for o in self.at_rest if o.symbol == symbol and o.resting and o.live <= ts]

    def _as_they_become_live(self, symbol: int, ts: int) -> Iterator[Order]:
        """Orders by id; a fill of one may end those behind it, or make them live."""
        for order in self.at_rest:
            if order.symbol == symbol and order.resting and order.live <= ts:
                yield order

    def _meet_open(self, symbol: int, ts: int, price: float) -> None:
        before, self.opened[symbol] = self.opened.get(symbol, -1), ts
        for order in self._as_they_become_live(symbol, ts):
            if 0 < order.until <= ts:
                self.end(order, EXPIRED, TIME, ts)
            elif order.at_market:
                self.fill(order, ts, price, within=False)
            elif order.kind == ON_OPEN:
                if order.live <= self.session_open <= ts:
                    self.fill(order, ts, price, within=False)
                    if order.resting:
                        self.end(order, EXPIRED, TIME, ts)
            elif order.entered != ts:
                rested = order.live <= before
                if order.is_stop and order.reached(price, by_limit=False):
                    if order.kind == STOP_LIMIT:
                        order.state, rested = TRIGGERED, False
                    else:
                        self.fill(order, ts, price, within=False)
                if order.resting and order.is_limit and order.reached(price, by_limit=True):
                    self.fill(order, ts, price, within=False, maker=rested)

    def _touched(self, order: Order, high: float, low: float) -> bool:
        by_limit = order.is_limit
        return any(order.reached(price, by_limit=by_limit) for price in (high, low))

    def _choose(self, order: Order, ts: int, high: float, low: float) -> None:
        closes = order.parent == 0 or order.left * self.position[order.symbol] < 0
        for other in self._live(order.symbol, ts) if self.room and closes else ():
            waits = other is not order and (other.is_stop or other.is_limit)
            if other.entered == ts and (
                other.kind == STOP_LIMIT or other.is_stop == self.optimistic
            ):
                continue  # it does not meet the rest of this bar
            if order.group and other.group == order.group and waits:
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
            rests = order.until not in (IOC, FOK)
            self.fill(order, ts, order.limit, within=True, maker=rests)

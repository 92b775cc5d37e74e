"""The rules of `pipeline.execution.fills` in plain Python, slow and by the letter."""

import math
from collections.abc import Iterator

from tests.reference.orders import (
    ACCEPTED,
    AT_ONCE,
    CANCELLED,
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
    STOP_LIMIT,
    TIME,
    TRAILING,
    TRIGGERED,
    Fill,
    Order,
)
from tests.reference.resting import Bar, RestingOrders
from tests.reference.tolerance import above, total


class Book(RestingOrders):
    """Meets the market with the orders at rest."""

    def fill(
        self, order: Order, ts: int, price: float, *, within: bool, maker: bool = False
    ) -> None:
        if not order.quantity:
            order.quantity = -self.position[order.symbol]
            if not order.quantity:
                self.end(order, CANCELLED, NO_POSITION, ts)
                return
        wanted = self._wanted(order)
        if not wanted:
            self.end(order, CANCELLED, NO_POSITION, ts)
            return
        quantity = self._available(order, wanted)
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

    def _wanted(self, order: Order) -> float:
        if order.parent or order.reason:  # of a liquidation
            held = self.position[order.symbol]
            if held * order.left >= 0:
                return 0.0
            if self.held_and(order.symbol, order.left) * held < 0:
                return -held
        return order.left

    def _available(self, order: Order, wanted: float) -> float:
        if not above(abs(wanted), self.room):
            return wanted
        most = 0.0 if order.until == FOK else self.whole_lots(self.room)
        return math.copysign(most, wanted)

    def _can_fill(self, order: Order) -> bool:
        return self._available(order, self._wanted(order)) != 0

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
        for other in self._live(order.symbol, ts) if self._can_fill(order) else ():
            waits = other is not order and (other.is_stop or other.is_limit)
            if other.entered == ts and (
                other.kind == STOP_LIMIT or other.is_stop == self.optimistic
            ):
                continue  # it does not meet the rest of this bar
            if order.group and other.group == order.group and waits and self._can_fill(other):
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

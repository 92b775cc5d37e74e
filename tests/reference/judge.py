"""The rules of `pipeline.execution.limits` in plain Python."""

import math
from collections.abc import Iterator
from typing import Any

from pipeline import codes
from pipeline.lane.spec import Terms
from tests.reference.matching import Order
from tests.reference.tolerance import above

Refusal = tuple[int, float, float]


class Judge:
    """Says of an order, which is among those at rest already, why it is not admitted."""

    def __init__(self, account: Any, terms: Terms) -> None:
        self._account = account
        self._terms = terms

    def __call__(self, order: Order) -> Refusal | None:
        return next(self._reasons(order), None)

    def _reasons(self, order: Order) -> Iterator[Refusal]:
        terms, account, size = self._terms, self._account, abs(order.quantity)
        lot = account.book.lot
        if lot and account.book.whole_lots(size) != size:
            yield codes.LOT, size, lot
        if account.hours is not None and not account.hours[0] <= account.now <= account.hours[1]:
            first, last = account.hours
            broken = first if account.now < first else last
            yield codes.HOURS, float(account.now), float(broken)
        if terms.max_order_volume < math.inf:
            volume = account.volumes[order.symbol]
            allowed = terms.max_order_volume * (volume if volume > 0 else 0.0)
            if above(size, allowed):
                yield codes.ORDER_VOLUME, size, allowed
        if math.isnan(account.rate(order.symbol)):
            yield codes.NO_PRICE, math.nan, math.nan
        if not terms.limited or self._only_reduces(order):
            return
        price = self._price(order)
        if math.isnan(price):
            yield codes.NO_PRICE, price, math.nan
        unit = price * account.multiplier(order.symbol)
        if above(size * unit, terms.max_per_trade):
            yield codes.PER_TRADE, size * unit, terms.max_per_trade
        own = self._led_to(order.symbol, buys=order.buys)
        of_symbol = own * unit
        if above(of_symbol, terms.max_per_symbol):
            yield codes.PER_SYMBOL, of_symbol, terms.max_per_symbol
        symbols = range(len(account.prices))
        held = float(sum(self._largest(symbol) != 0 for symbol in symbols))
        if held > terms.max_open_positions:
            yield codes.OPEN_POSITIONS, held, terms.max_open_positions
        exposure = 0.0
        for symbol in symbols:
            mine = symbol == order.symbol
            if units := own if mine else self._largest(symbol):
                at = price if mine else account.prices[symbol]
                exposure += units * at * account.multiplier(symbol)
        if math.isnan(exposure) and min(terms.max_buying_power, terms.leverage) < math.inf:
            yield codes.NO_PRICE, exposure, math.nan
        if above(exposure, terms.max_buying_power):
            yield codes.BUYING_POWER, exposure, terms.max_buying_power
        if terms.leverage < math.inf and above(exposure, terms.leverage * account.equity):
            yield codes.LEVERAGE, exposure, terms.leverage * account.equity
        if terms.cash_only and not order.buys:
            held = max(account.position(order.symbol), 0.0)
            yield codes.SHORT_SALE, self._resting(order.symbol, buys=False), held
        cost = 0.0
        for one in self._opening():
            if one.buys:
                cost += one.left * self._price(one) * account.multiplier(one.symbol)
        if terms.cash_only and above(cost, account.cash):
            yield codes.CASH, cost, account.cash

    def _opening(self) -> list[Order]:
        return [one for one in self._account.book.at_rest if one.resting and not one.parent]

    def _resting(self, symbol: int, *, buys: bool) -> float:
        total = 0.0
        for one in self._opening():
            if one.symbol == symbol and one.buys == buys:
                total += abs(one.left)
        return total

    def _led_to(self, symbol: int, *, buys: bool) -> float:
        more = self._resting(symbol, buys=buys)
        return abs(self._account.book.held_and(symbol, more if buys else -more))

    def _largest(self, symbol: int) -> float:
        return max(self._led_to(symbol, buys=True), self._led_to(symbol, buys=False))

    def _only_reduces(self, order: Order) -> bool:
        held = self._account.position(order.symbol)
        ordered = math.copysign(self._resting(order.symbol, buys=order.buys), order.quantity)
        left = self._account.book.held_and(order.symbol, ordered)
        return held * order.quantity < 0 and held * left >= 0

    def _price(self, order: Order) -> float:
        named = [price for price in (order.limit, order.stop) if not math.isnan(price)]
        return named[0] if named else self._account.prices[order.symbol]

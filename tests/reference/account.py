"""The account of the reference: cash, positions and orders of one lane, and its ``ctx``."""

import math
from typing import Any

from pipeline.market.bars import PRICE_COLUMNS
from tests.reference import matching
from tests.reference.market import Market
from tests.reference.matching import Book


class Account:
    """Cash, positions and orders of one lane; also the ``ctx`` of its strategy."""

    def __init__(self, market: Market, cash: float, per_share: float, basis_points: float) -> None:
        symbols = len(market.symbols)
        self._market = market
        self._per_share, self._basis_points = per_share, basis_points
        self.cash = cash
        self.session_date = 0
        self.book = Book(
            position=dict.fromkeys(range(symbols), 0.0),
            last=dict.fromkeys(range(symbols), math.nan),
        )
        self.prices = [math.nan] * symbols
        self.fills: list[tuple[int, int, float, float, float, int]] = []
        self.known = [[0] * symbols for _ in market.intervals]
        self.columns: list[Any] = []
        self.names: dict[str, tuple[int, int]] = {}
        self.lookback = 0

    @property
    def now(self) -> int:
        return self.book.now

    @property
    def session_open(self) -> int:
        return self.book.session_open

    @property
    def session_close(self) -> int:
        return self.book.session_close

    @property
    def equity(self) -> float:
        worth = self.cash
        for quantity, price in zip(self.book.position.values(), self.prices, strict=True):
            if quantity != 0.0:
                worth += quantity * price
        return worth

    def meet(self, bar: Any) -> list[tuple[int, int, float, float, float, int]]:
        """Let what rests for the symbol meet a base bar; the new fills."""
        before = len(self.book.fills)
        opened, high, low, close, _ = bar.prices
        self.book.meet(bar.symbol, bar.ts, bar.close_ts, (opened, high, low, close))
        found = []
        for ts, symbol, quantity, price, order_id in self.book.fills[before:]:
            size = abs(quantity)
            commission = self._per_share * size + self._basis_points * 1e-4 * size * price
            self.cash -= quantity * price + commission
            found.append((ts, symbol, quantity, price, commission, order_id))
        self.fills += found
        return found

    def position(self, symbol: int) -> float:
        return self.book.position[symbol]

    def pending(self, symbol: int) -> float:
        kinds = (matching.MARKET, matching.ON_OPEN, matching.ON_CLOSE)
        mine = [
            o for o in self.book.at_rest if o.resting and o.symbol == symbol and o.kind in kinds
        ]
        return sum((order.quantity for order in mine), 0.0)

    def last_price(self, symbol: int) -> float:
        return self.prices[symbol]

    def _place(self, symbol: int, quantity: float, kind: int, **more: Any) -> int:
        assert 0 <= symbol < len(self.prices)
        assert math.isfinite(quantity)
        assert quantity != 0.0
        return self.book.place(symbol, float(quantity), kind, **more).order_id

    def market(self, symbol: int, quantity: float) -> int:
        return self._place(symbol, quantity, matching.MARKET)

    def market_on_open(self, symbol: int, quantity: float) -> int:
        return self._place(symbol, quantity, matching.ON_OPEN)

    def market_on_close(self, symbol: int, quantity: float) -> int:
        return self._place(symbol, quantity, matching.ON_CLOSE)

    def limit(self, symbol: int, quantity: float, price: float, until: int = 0) -> int:
        return self._place(symbol, quantity, matching.LIMIT, limit=price, until=until)

    def stop(self, symbol: int, quantity: float, price: float, until: int = 0) -> int:
        return self._place(symbol, quantity, matching.STOP, stop=price, until=until)

    def stop_limit(
        self, symbol: int, quantity: float, stop: float, limit: float, until: int = 0
    ) -> int:
        prices = {"stop": stop, "limit": limit}
        return self._place(symbol, quantity, matching.STOP_LIMIT, **prices, until=until)

    def trailing_stop(
        self, symbol: int, quantity: float, amount: float = math.nan, percent: float = math.nan
    ) -> int:
        self.book.trailing(symbol, quantity, amount, 0.01 * percent)
        return len(self.book.orders)

    def bracket(
        self,
        symbol: int,
        quantity: float,
        stop_loss: float = math.nan,
        take_profit: float = math.nan,
        limit: float = math.nan,
        stop: float = math.nan,
    ) -> int:
        entry = len(self.book.orders) + 1
        self.book.bracket(symbol, quantity, stop_loss, take_profit, limit, stop)
        return entry

    def target(self, symbol: int, quantity: float) -> int:
        held = self.position(symbol) + self.pending(symbol)
        missing = quantity - held
        if abs(missing) <= 1e-12 * (abs(quantity) + abs(held)):
            return 0
        return self.market(symbol, missing)

    def target_value(self, symbol: int, value: float) -> int:
        return self.target(symbol, value / self.prices[symbol])

    def target_percent(self, symbol: int, percent: float) -> int:
        return self.target_value(symbol, 0.01 * percent * self.equity)

    def replace(self, order_id: int, limit: float) -> bool:
        if not self._rests(order_id):
            return False
        self.book.orders[order_id - 1].limit = limit
        return True

    def one_cancels_other(self, first: int, second: int) -> bool:
        if not self._rests(first) or not self._rests(second) or first == second:
            return False
        self.book.tie(first, second)
        return True

    def cancel(self, order_id: int) -> bool:
        if not self._rests(order_id):
            return False
        self.book.cancel(order_id)
        return True

    def _rests(self, order_id: int) -> bool:
        known = 1 <= order_id <= len(self.book.orders)
        return known and self.book.orders[order_id - 1].resting

    def _index(self, interval: int) -> int:
        return self._market.intervals.index(interval) if interval else 0

    def count(self, symbol: int, interval: int = 0) -> int:
        return self.known[self._index(interval)][symbol]

    def window(self, symbol: int, column: str, rows: int, interval: int = 0) -> Any:
        assert 1 <= rows <= self.lookback
        index, place = self.names.get(column, (self._index(interval), -1))
        if place < 0:
            place = PRICE_COLUMNS.index(column)
        end = self.known[index][symbol]
        return self.columns[index][place, symbol, max(0, end - rows) : end]

"""The account of the reference: cash, positions and orders of one lane, and its ``ctx``."""

import math
from functools import reduce
from itertools import compress
from typing import Any

from pipeline.codes import LIQUIDATION, PRICE_COLUMNS
from pipeline.lane.spec import Instrument, Terms
from tests.reference import orders
from tests.reference.costs import Commission, funding
from tests.reference.judge import Judge
from tests.reference.lots import Lots
from tests.reference.market import Market
from tests.reference.matching import Book
from tests.reference.resting import Bar
from tests.reference.tolerance import above


class Account:
    """Cash, positions and orders of one lane; also the ``ctx`` of its strategy."""

    def __init__(self, market: Market, terms: Terms) -> None:
        symbols = len(market.symbols)
        self._market = market
        self.terms = terms
        self.of_symbol = terms.instruments or (Instrument(),) * symbols
        self.commission = Commission(terms)
        self.cash = terms.initial_cash
        self.session_date = 0
        self.hours: tuple[int, int] | None = None
        self.book = Book(
            optimistic=terms.optimistic,
            latency=terms.latency,
            latency_bars=terms.latency_bars,
            cap=terms.volume_cap,
            lot=self.of_symbol[0].lot,  # of a run with lots or ticks all symbols have the same
            tick=self.of_symbol[0].tick,
            slip=self._slipped,
            judge=Judge(self, terms),
            position=dict.fromkeys(range(symbols), 0.0),
            last=dict.fromkeys(range(symbols), math.nan),
        )
        self.lots = Lots(symbols, fifo=terms.fifo, lot=self.book.lot)
        self._rates = [math.nan if one.pair else 1.0 for one in self.of_symbol]
        self._booked = 0
        self._actions = terms.actions
        self._untold: list[orders.Order] = []
        self._known = 0
        self.prices = [math.nan] * symbols
        self.volumes = [math.nan] * symbols
        self.fills: list[tuple[int, int, float, float, float, int]] = []
        self.funding, self.poor, self._graded = 0.0, 0, 0
        self.highest_leverage, self.lowest_cash = 0.0, self.cash
        self.makers: list[bool] = []  # of each fill
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
        for symbol, quantity in self.book.position.items():
            if quantity != 0.0:
                worth += quantity * self.prices[symbol] * self.multiplier(symbol)
        return worth

    def ended_since(self) -> list[orders.Order]:
        """The orders, by id, that have ended since this was last asked."""
        found = [one for one in self._untold if not one.resting]
        found += [one for one in self.book.orders[self._known :] if not one.resting]
        self._untold = [
            one for one in (*self._untold, *self.book.orders[self._known :]) if one.resting
        ]
        self._known = len(self.book.orders)
        return found

    def open_books(self, date: int, session: int) -> None:
        """Book what came due before a session: nights, then dividends and splits, once."""
        if self._booked:
            self.charge_nights((date - self._booked) // 86_400_000_000_000)
        self._booked = date
        due = [action for action in self._actions if action.session <= session]
        self._actions = self._actions[len(due) :]
        for _, symbol, ratio, dividend in due:
            if held := self.book.position[symbol]:  # without it there may be no rate yet
                self.cash += held * dividend * self.multiplier(symbol)
                self.lots.receive(symbol, dividend * self.multiplier(symbol))
            if ratio != 1.0:
                self._split(symbol, ratio)

    def _split(self, symbol: int, ratio: float) -> None:
        self.prices[symbol] /= ratio
        self.volumes[symbol] *= ratio
        fraction = self.book.split(symbol, ratio)
        self.lots.split(symbol, ratio)
        if fraction:
            price, unit = self.prices[symbol], self.multiplier(symbol)
            self.cash += fraction * price * unit
            self.lots.fill(symbol, -fraction, price, unit, 0.0, self.now)

    def charge_nights(self, nights: int) -> None:
        """Book interest and borrow fees for the nights between two sessions."""
        rate = self.terms.credit_rate if self.cash > 0 else self.terms.debit_rate
        interest, fee = self.cash * rate * (nights / 365.0), 0.0
        for symbol, units in self.book.position.items():
            if units < 0:
                value = -units * self.prices[symbol] * self.multiplier(symbol)
                fee += value * self.of_symbol[symbol].borrow_rate * (nights / 365.0)
        self.cash += interest - fee

    def convert(self) -> None:
        """Take over the rates of the closes just known, and revalue what is owed."""
        for symbol, one in enumerate(self.of_symbol):
            close = self.prices[abs(one.pair) - 1] if one.pair else math.nan
            if not close > 0.0:
                continue
            rate = close if one.pair > 0 else 1.0 / close
            change = one.multiplier * (rate - self._rates[symbol])
            for lot in self.lots.open[symbol] if one.credit and change else ():
                self.cash -= lot.revalue(change)
            self._rates[symbol] = rate

    def rate(self, symbol: int) -> float:
        return self._rates[symbol]

    def fund(self, since: int, until: int) -> None:
        """Book the funding times from one moment on and before the next."""
        paid = funding(self, since, until)
        self.cash -= paid
        self.funding += paid

    def grade(self, bars: Any, expected: int) -> None:
        """Count the fills of a session that has closed, where too few of its bars were there."""
        for fill in self.fills[self._graded :]:
            self.poor += 100.0 * bars[fill[1]] / expected < self.terms.poor_below
        self._graded = len(self.fills)

    def sums(self) -> dict[str, float]:
        """What a lane's summary counts and adds up, by its names there."""
        costs = [fill[4] for fill in self.fills]
        return {
            "fills_as_maker": sum(self.makers),
            "fills_on_poor_quality": self.poor,
            "commission": sum(costs, 0.0),
            "commission_as_maker": sum(compress(costs, self.makers), 0.0),
            "funding": self.funding,
            "highest_leverage": self.highest_leverage,
            "lowest_cash": self.lowest_cash,
        }

    def weigh(self) -> None:
        """Note how much is held, long and short, by equity, and the cash, as they are now."""
        held = 0.0
        for symbol, units in self.book.position.items():
            if units:
                held += abs(units * self.prices[symbol] * self.multiplier(symbol))
        if self.equity > 0:
            self.highest_leverage = max(self.highest_leverage, held / self.equity)
        self.lowest_cash = min(self.lowest_cash, self.cash)

    def keep_margin(self) -> None:
        """Cancel and close everything when equity is below the maintenance margin."""
        positions = self.book.position.items()
        value = 0.0
        for symbol, quantity in positions:
            if quantity:
                value += abs(quantity) * self.prices[symbol] * self.multiplier(symbol)
        if (
            not self.terms.maintenance
            or not value
            or not above(self.terms.maintenance * value, self.equity)
        ):
            return
        for order in list(self.book.at_rest):
            if order.resting and order.reason != LIQUIDATION:
                self.book.end(order, orders.CANCELLED, LIQUIDATION, self.now)
        for symbol in self.book.position:
            missing = -self.book.held_and(symbol, self.pending(symbol))
            if missing:
                self.book.place(symbol, missing, orders.MARKET, reason=LIQUIDATION)

    def multiplier(self, symbol: int) -> float:
        """Account currency per unit and 1 of price."""
        return self.of_symbol[symbol].multiplier * self._rates[symbol]

    def _slipped(self, symbol: int, quantity: float, price: float, bar: Bar) -> float:
        terms = self.terms
        _, high, low, _, volume = bar
        share = min(abs(quantity) / volume, 1.0) if volume > 0 else 1.0
        worse = terms.slippage + terms.slippage_bps * 1e-4 * price
        worse += terms.slippage_range * (high - low)
        worse += terms.impact * price * share * share
        if worse == 0.0:
            return price
        return self.book.on_tick(price + math.copysign(worse, quantity), up=quantity > 0)

    def meet(self, bar: Any) -> list[tuple[int, int, float, float, float, int]]:
        """Let what rests for the symbol meet a base bar; the new fills."""
        before = len(self.book.fills)
        self.book.meet(bar.symbol, bar.ts, bar.close_ts, tuple(bar.prices))
        return self._settle(before, bar)

    def meet_close(self, bars: list[Any]) -> list[tuple[int, int, float, float, float, int]]:
        """Fill what was just placed at the close of the base bars that just ended, if so agreed."""
        before = len(self.book.fills)
        if self.terms.this_close:
            self.book.meet_close({bar.symbol: (bar.ts, tuple(bar.prices)) for bar in bars})
        return self._settle(before)

    def _settle(
        self, before: int, bar: Any = None
    ) -> list[tuple[int, int, float, float, float, int]]:
        """Book the new fills, of which those on the close come after the bar's range."""
        found = []
        for fill in self.book.fills[before:]:
            ts, symbol, quantity, price, order_id = fill[:5]
            order = self.book.orders[order_id - 1]
            if bar is not None and order.kind == orders.ON_CLOSE:
                bar = self._show(bar)
            point, rate = self.of_symbol[symbol].multiplier, self._rates[symbol]
            commission = self.commission.of(order, fill, point, rate)
            unit = self.multiplier(symbol)
            self.cash -= quantity * price * unit + commission
            self.lots.fill(symbol, quantity, price, unit, commission, ts)
            found.append((ts, symbol, quantity, price, commission, order_id))
        if bar is not None:
            self._show(bar)
        self.makers += [fill.maker for fill in self.book.fills[before:]]
        self.fills += found
        return found

    def _show(self, bar: Any) -> None:
        self.lots.show(bar.symbol, bar.prices[2], bar.prices[1])

    def position(self, symbol: int) -> float:
        return self.book.position[symbol]

    def pending(self, symbol: int) -> float:
        mine = [o for o in self.book.at_rest if o.pending and o.symbol == symbol]
        return reduce(self.book.total, (order.left for order in mine), 0.0)

    def last_price(self, symbol: int) -> float:
        return self.prices[symbol]

    def _place(self, symbol: int, quantity: float, kind: int, **more: Any) -> int:
        assert 0 <= symbol < len(self.prices)
        assert math.isfinite(quantity)
        assert quantity != 0.0
        return self.book.place(symbol, float(quantity), kind, **more).order_id

    def market(self, symbol: int, quantity: float) -> int:
        return self._place(symbol, quantity, orders.MARKET)

    def market_on_open(self, symbol: int, quantity: float) -> int:
        return self._place(symbol, quantity, orders.ON_OPEN)

    def market_on_close(self, symbol: int, quantity: float) -> int:
        return self._place(symbol, quantity, orders.ON_CLOSE)

    def exit_on_close(self, symbol: int) -> int:
        for order in self.book.at_rest:
            if order.resting and order.symbol == symbol and not order.quantity:
                if order.ts < self.session_close <= self.now:
                    continue  # of the session that closes now
                return order.order_id
        return self.book.place(symbol, 0.0, orders.ON_CLOSE).order_id

    def limit(self, symbol: int, quantity: float, price: float, until: int = 0) -> int:
        return self._place(symbol, quantity, orders.LIMIT, limit=price, until=until)

    def stop(self, symbol: int, quantity: float, price: float, until: int = 0) -> int:
        return self._place(symbol, quantity, orders.STOP, stop=price, until=until)

    def stop_limit(
        self, symbol: int, quantity: float, stop: float, limit: float, until: int = 0
    ) -> int:
        prices = {"stop": stop, "limit": limit}
        return self._place(symbol, quantity, orders.STOP_LIMIT, **prices, until=until)

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
        until: int = 0,
    ) -> int:
        entry = len(self.book.orders) + 1
        self.book.bracket(symbol, quantity, stop_loss, take_profit, limit, stop, until)
        return entry

    def target(self, symbol: int, quantity: float) -> int:
        held = self.book.held_and(symbol, self.pending(symbol))
        missing = self.book.total(quantity, -held, self.book.slack[symbol])
        return self.market(symbol, missing) if missing else 0

    def target_value(self, symbol: int, value: float) -> int:
        if value == 0.0:
            return self.target(symbol, 0.0)
        units = value / (self.prices[symbol] * self.multiplier(symbol))
        return self.target(symbol, self.book.whole_lots(units))

    def target_percent(self, symbol: int, fraction: float) -> int:
        return self.target_value(symbol, fraction * self.equity if self.equity > 0.0 else 0.0)

    def replace(self, order_id: int, quantity: float = math.nan, limit: float = math.nan) -> bool:
        if not self._rests(order_id):
            return False
        order = self.book.orders[order_id - 1]
        before = order.quantity, order.limit
        self.book.set(order, quantity, limit)
        ends = order.left * order.quantity <= 0.0
        refused = not (order.parent or ends) and self.book.judge(order) is not None
        order.quantity, order.limit = before
        if not refused:
            self.book.change(order, quantity, limit)
        return not refused

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

"""One lane's account over plain arrays, with the compiled operations callable from Python."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit

from pipeline import codes
from pipeline.execution import account as accounts
from pipeline.execution import (
    actions,
    book,
    broken,
    commission,
    currency,
    fills,
    funding,
    lots,
    margin,
    matching,
    orders,
    overnight,
    placing,
)
from pipeline.execution.account import ACCOUNT, account_at
from pipeline.execution.latency import MESSAGE
from pipeline.native.call import code_address
from pipeline.strategy.compiled import commission as own_commission


@njit
def _place(address, symbol, quantity):
    return placing.place_market(account_at(address), symbol, quantity)


@njit
def _target(address, symbol, quantity):
    return placing.place_target(account_at(address), symbol, quantity)


@njit
def _cancel(address, order_id):
    return placing.cancel(account_at(address), order_id)


@njit
def _match(address, symbol, ts, closes):
    account = account_at(address)
    matching.match_bar(account, symbol, ts, closes, account.prices, account.plane, symbol)


@njit
def _order(address, symbol, quantity, kind, limit, stop, until):
    return placing.place(account_at(address), symbol, quantity, kind, limit, stop, until)


@njit
def _trailing(address, symbol, quantity, amount, fraction, until):
    return placing.place_trailing(account_at(address), symbol, quantity, amount, fraction, until)


@njit
def _bracket(address, symbol, quantity, stop_loss, take_profit, limit, stop, until):
    account = account_at(address)
    return placing.place_bracket(
        account, symbol, quantity, stop_loss, take_profit, limit, stop, until
    )


@njit
def _replace(address, order_id, quantity, limit, stop):
    return placing.replace(account_at(address), order_id, quantity, limit, stop)


@njit
def _one_cancels_other(address, first, second):
    return placing.one_cancels_other(account_at(address), first, second)


@njit
def _close_orders(address):
    book.close_orders(account_at(address))


@njit
def _settle(address, symbol, quantity, price, commission, ts):
    lots.settle(account_at(address), symbol, quantity, price, commission, ts)


@njit
def _unrealised(address, symbol):
    return lots.unrealised(account_at(address), symbol)


@njit
def _average_price(address, symbol):
    return lots.average_price(account_at(address), symbol)


@njit
def _mark(address):
    accounts.mark(account_at(address))


@njit
def _keep_margin(address):
    margin.keep_margin(account_at(address))


@njit
def _convert(address):
    currency.convert(account_at(address))


@njit
def _charge_nights(address, nights):
    overnight.charge_nights(account_at(address), nights)


@njit
def _charge_funding(address, now):
    funding.charge_funding(account_at(address), now)


@njit
def _begin_month(address, day):
    commission.begin_month(account_at(address), day)


@njit
def _record_session(address):
    accounts.record_session(account_at(address))


LIMITS = (
    *("max_buying_power", "max_per_trade", "max_per_symbol", "max_open_positions"),
    *("leverage", "cash_only"),
)
UNBOUNDED = (*LIMITS[:-1], "maximum", "volume_cap", "max_order_volume")


class Ledger:
    """An account with ``room`` for orders at one moment; ``terms``: fields of its record."""

    def __init__(
        self,
        symbols: int = 2,
        *,
        cash: float = 1_000.0,
        room: int = 8,
        tick: float = 0.0,
        lot: float = 0.0,
        multiplier: float = 1.0,
        borrow_rate: float = 0.0,
        funding_rate: float = 0.0,
        funding_hours: Sequence[int] = (0, 8, 16),
        tiers: Sequence[tuple[float, float, float, float]] = (),
        own: Any = None,
        **terms: float,
    ) -> None:
        self.record: Any = np.zeros(1, ACCOUNT)
        self.position, self.pending, self.realised, self.slack = np.zeros((4, symbols))
        self.last_price = np.full(symbols, np.nan)
        self.quiet_low, self.quiet_high, self.buys, self.sells = np.zeros((4, symbols))
        of_each = [[tick], [lot], [multiplier], [borrow_rate]]
        self.point, self.rate = np.full(symbols, multiplier), np.ones(symbols)
        self.pair, self.credit = np.zeros((2, symbols), np.int64)
        self.tick, self.lot, self.multiplier, self.borrow_rate = np.repeat(of_each, symbols, 1)
        self.funding_rate = np.full(symbols, funding_rate)
        self.funding_hours = np.full(symbols, float(sum(1 << hour for hour in funding_hours)))
        self.resting_of, self.base_cursor, self.waiting = np.zeros((3, symbols), np.int64)
        self.first_lot, self.last_lot = np.zeros((2, symbols), np.int64)
        self.prices = np.zeros((5, symbols))
        self.lots, self.trips_out = np.zeros(64 * room, lots.LOT), np.zeros(64 * room, lots.TRIP)
        self.fills_of, self.bars_before, self.met = np.zeros((3, symbols), np.int64)
        self.met[:] = -1
        self.tiers = np.array(list(tiers), commission.TIER)
        self.bill, self.culprit = np.zeros(1, commission.BILL), np.zeros(1, broken.CULPRIT)
        self.book, self.inbox = np.zeros(8 * room, orders.ORDER), np.zeros(room, orders.ORDER)
        self.orders_out = np.zeros(16 * room, orders.ORDER)
        self.fills_out = np.zeros(16 * room, fills.FILL)
        self.messages = np.zeros(2 * room, MESSAGE)
        self.equity_out, self.cash_out, self.session_out = np.zeros((3, 16))
        one = self.record[0]
        one["symbols"], one["next_order"], one["stride"], one["plane"] = symbols, 1, 1, symbols
        one["initial_cash"] = one["cash"] = one["equity"] = cash
        one["session_close"] = one["hours_until"] = orders.NEVER
        for name in UNBOUNDED:
            one[name] = math.inf
        one["tabled"] = True
        one["minimum"], one["maker_points"] = -math.inf, terms.get("basis_points", 0.0)
        one["tier_count"] = len(tiers)
        if own is not None:
            self.own = own_commission.compile_commission(own)
            one["own_commission"] = code_address(self.own)
        for name, value in terms.items():
            one[name] = value
        one["limited"] = any(name in terms for name in LIMITS)
        one["delayed"] = any(name in terms for name in ("latency", "latency_bars"))
        one["message_capacity"] = len(self.messages)
        arrays = ("position", "pending", "last_price", "realised", "resting_of", "book", "inbox")
        arrays += ("messages", "point", "rate", "pair", "credit", "slack", "waiting")
        arrays += ("quiet_low", "quiet_high", "buys", "sells", "tick", "lot", "multiplier")
        arrays += ("borrow_rate", "base_cursor", "prices", "lots", "first_lot", "last_lot")
        arrays += ("funding_rate", "funding_hours", "fills_of", "bars_before", "met")
        arrays += ("tiers", "bill", "culprit")
        outs = ("fills_out", "orders_out", "trips_out", "equity_out", "cash_out", "session_out")
        for name in (*arrays, *outs):
            one[name] = getattr(self, name).ctypes.data
        for name in ("book", "inbox", "lots", "fills_out", "orders_out", "trips_out"):
            one[f"{name}_capacity"] = len(getattr(self, name))
        self.address = int(self.record.ctypes.data)

    def __getitem__(self, name: str) -> Any:
        return self.record[0][name]

    def at(self, now: int) -> "Ledger":
        """End the moment before, and go to another."""
        book.end_moment_at(self.address)
        self.record[0]["now"] = now
        return self

    def place(self, symbol: int, quantity: float) -> int:
        return _place(self.address, symbol, float(quantity))

    def target(self, symbol: int, quantity: float) -> int:
        return _target(self.address, symbol, float(quantity))

    def cancel(self, order_id: int) -> bool:
        return _cancel(self.address, order_id)

    def order(
        self,
        symbol: int,
        quantity: float,
        kind: int,
        *,
        limit: float = math.nan,
        stop: float = math.nan,
        until: int = codes.GTC,
    ) -> int:
        return _order(self.address, symbol, float(quantity), kind, float(limit), float(stop), until)

    def trailing(
        self,
        symbol: int,
        quantity: float,
        *,
        amount: float = math.nan,
        fraction: float = math.nan,
        until: int = codes.GTC,
    ) -> int:
        return _trailing(self.address, symbol, float(quantity), amount, fraction, until)

    def bracket(
        self,
        symbol: int,
        quantity: float,
        stop_loss: float = math.nan,
        take_profit: float = math.nan,
        *,
        limit: float = math.nan,
        stop: float = math.nan,
        until: int = codes.GTC,
    ) -> int:
        prices = (float(stop_loss), float(take_profit), float(limit), float(stop))
        return _bracket(self.address, symbol, float(quantity), *prices, until)

    def replace(
        self,
        order_id: int,
        *,
        quantity: float = math.nan,
        limit: float = math.nan,
        stop: float = math.nan,
    ) -> bool:
        return _replace(self.address, order_id, float(quantity), float(limit), float(stop))

    def one_cancels_other(self, first: int, second: int) -> bool:
        return _one_cancels_other(self.address, first, second)

    def close_orders(self) -> None:
        _close_orders(self.address)

    def match(
        self,
        symbol: int,
        ts: int,
        bar_open: float,
        high: float = math.nan,
        low: float = math.nan,
        close: float = math.nan,
        volume: float = 0.0,
    ) -> None:
        """Meet a bar of 10 ns; one given by its open alone stands still there."""
        prices = np.array([bar_open, high, low, close, volume], np.float64)
        prices[np.isnan(prices)] = bar_open
        self.prices[:, symbol] = prices
        closes = np.full(len(self.position), ts + 10)
        _match(self.address, symbol, ts, int(closes.ctypes.data))
        self.last_price[symbol] = prices[3]

    def settle(
        self, symbol: int, quantity: float, price: float, commission: float = 0.0, ts: int = 0
    ) -> None:
        _settle(self.address, symbol, float(quantity), float(price), float(commission), ts)

    def unrealised(self, symbol: int) -> float:
        return _unrealised(self.address, symbol)

    def average_price(self, symbol: int) -> float:
        return _average_price(self.address, symbol)

    def mark(self) -> None:
        _mark(self.address)

    def keep_margin(self) -> None:
        _keep_margin(self.address)

    def convert(self) -> None:
        _convert(self.address)

    def charge_nights(self, nights: int) -> None:
        _charge_nights(self.address, nights)

    def act(self, now: int, *rows: tuple[int, float, float]) -> None:
        """Let (symbol, split, dividend) take effect at ``now``."""
        self.at(now)
        self.actions = np.array([(1, *row) for row in rows], actions.ACTION)
        one = self.record[0]
        one["actions"], one["action_count"] = self.actions.ctypes.data, len(rows)
        one["next_action"] = 0
        overnight.open_books_at(self.address, 0, 1, now)

    def charge_funding(self, now: int) -> None:
        _charge_funding(self.address, now)

    def begin_month(self, day: int) -> None:
        _begin_month(self.address, day)

    def record_session(self) -> None:
        _record_session(self.address)

    @property
    def fills(self) -> list[tuple[Any, ...]]:
        return self.fills_out[: self["fills_out_count"]].tolist()

    @property
    def done(self) -> list[dict[str, Any]]:
        """Orders that were reported, in the order in which they were."""
        names = orders.ORDER.names
        rows = self.orders_out[: self["orders_out_count"]].tolist()
        return [dict(zip(names, row, strict=True)) for row in rows]

    @property
    def open_lots(self) -> list[Any]:
        """Lots by symbol, oldest first, as records."""
        found = []
        for number in self.first_lot.tolist():
            while number != 0:
                found.append(self.lots[number - 1])
                number = int(found[-1]["following"])
        assert len(found) == self["open_lots"]
        return found

    @property
    def trips(self) -> list[dict[str, Any]]:
        names = lots.TRIP.names
        rows = self.trips_out[: self["trips_out_count"]].tolist()
        return [dict(zip(names, row, strict=True)) for row in rows]

    @property
    def resting(self) -> list[int]:
        return self.book["order_id"][: self["resting"]].tolist()


BAR = 10


def ledger_of(**more: Any) -> Ledger:
    return Ledger(1, room=64, **more).at(0)


def walk(ledger: Ledger, *bars: tuple[float, float, float, float]) -> list[tuple[Any, ...]]:
    """Meet bars one after the other; the fills as (bar, quantity, price)."""
    for number, bar in enumerate(bars):
        ledger.at(BAR * (number + 1))
        ledger.match(0, BAR * number, *bar)
    ledger.at(BAR * (len(bars) + 1))
    return [(ts // BAR, quantity, price) for ts, _, quantity, price, _, _ in ledger.fills]

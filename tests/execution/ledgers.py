"""One lane's account over plain arrays, with the compiled operations callable from Python."""

from typing import Any

import numpy as np
from numba import njit

from pipeline.execution import account as accounts
from pipeline.execution import fills, orders
from pipeline.execution.account import ACCOUNT, account_at


@njit
def _place(address, symbol, quantity):
    return orders.place_market(account_at(address), symbol, quantity)


@njit
def _target(address, symbol, quantity):
    return orders.place_target(account_at(address), symbol, quantity)


@njit
def _cancel(address, order_id):
    return orders.cancel(account_at(address), order_id)


@njit
def _match(address, symbol, bar_ts, bar_open):
    fills.match_bar(account_at(address), symbol, bar_ts, bar_open)


@njit
def _settle(address, symbol, quantity, price, commission):
    accounts.settle(account_at(address), symbol, quantity, price, commission)


@njit
def _mark(address):
    accounts.mark(account_at(address))


@njit
def _record_session(address):
    accounts.record_session(account_at(address))


class Ledger:
    """An account with ``room`` for orders at one moment."""

    def __init__(
        self,
        symbols: int = 2,
        *,
        cash: float = 1_000.0,
        per_share: float = 0.0,
        basis_points: float = 0.0,
        room: int = 8,
    ) -> None:
        self.record: Any = np.zeros(1, ACCOUNT)
        self.position, self.pending, self.trip_cash = np.zeros((3, symbols))
        self.last_price = np.full(symbols, np.nan)
        self.resting_of = np.zeros(symbols, np.int64)
        self.book, self.inbox = np.zeros(8 * room, orders.ORDER), np.zeros(room, orders.ORDER)
        self.orders_out = np.zeros(16 * room, orders.ORDER)
        self.fills_out = np.zeros(16 * room, fills.FILL)
        self.equity_out, self.cash_out, self.session_out = np.zeros((3, 16))
        one = self.record[0]
        one["symbols"], one["next_order"] = symbols, 1
        one["initial_cash"] = one["cash"] = one["equity"] = cash
        one["per_share"], one["basis_points"] = per_share, basis_points
        arrays = ("position", "pending", "last_price", "trip_cash", "resting_of", "book", "inbox")
        outs = ("fills_out", "orders_out", "equity_out", "cash_out", "session_out")
        for name in (*arrays, *outs):
            one[name] = getattr(self, name).ctypes.data
        for name in ("book", "inbox", "fills_out", "orders_out"):
            one[f"{name}_capacity"] = len(getattr(self, name))
        self.address = int(self.record.ctypes.data)

    def __getitem__(self, name: str) -> Any:
        return self.record[0][name]

    def at(self, now: int) -> "Ledger":
        """End the moment before, and go to another."""
        orders.end_moment_at(self.address)
        self.record[0]["now"] = now
        return self

    def place(self, symbol: int, quantity: float) -> int:
        return _place(self.address, symbol, float(quantity))

    def target(self, symbol: int, quantity: float) -> int:
        return _target(self.address, symbol, float(quantity))

    def cancel(self, order_id: int) -> bool:
        return _cancel(self.address, order_id)

    def match(self, symbol: int, bar_ts: int, bar_open: float) -> None:
        _match(self.address, symbol, bar_ts, float(bar_open))

    def settle(self, symbol: int, quantity: float, price: float, commission: float = 0.0) -> None:
        _settle(self.address, symbol, float(quantity), float(price), float(commission))

    def mark(self) -> None:
        _mark(self.address)

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
    def resting(self) -> list[int]:
        return self.book["order_id"][: self["resting"]].tolist()

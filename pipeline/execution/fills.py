"""Fills: how resting orders meet a base bar.

The rule here is *next open*: an order placed at t is filled at the open of the first base bar of
its symbol that opens at or after t.
"""

from typing import Any

import numpy as np
from numba import njit

from pipeline.execution.account import settle
from pipeline.execution.costs import commission
from pipeline.execution.memory import load_i8, record_at
from pipeline.execution.orders import ACCEPTED, FILLED, ORDER, finish_order, order_at

#: One fill. ``ts`` is the open of the bar that filled it (ns UTC), ``quantity`` signed (+ buy).
FILL: np.dtype[Any] = np.dtype(
    [
        ("ts", "i8"),
        ("symbol", "i8"),
        ("quantity", "f8"),
        ("price", "f8"),
        ("commission", "f8"),
        ("order_id", "i8"),
    ]
)
_FILL_SIZE = FILL.itemsize
_ORDER_SIZE = ORDER.itemsize

_fill_at = record_at(FILL)


@njit(cache=True)
def _fill(account: Any, order: Any, bar_ts: int, price: float) -> None:
    cost = commission(account, order.quantity, price)
    fill = _fill_at(account.fills_out + account.fills_out_count * _FILL_SIZE)
    account.fills_out_count += 1
    account.fills += 1
    fill.ts = bar_ts
    fill.symbol = order.symbol
    fill.quantity = order.quantity
    fill.price = price
    fill.commission = cost
    fill.order_id = order.order_id
    settle(account, order.symbol, order.quantity, price, cost)
    order.filled = order.quantity
    order.price = price
    finish_order(account, order, FILLED, bar_ts)


@njit(cache=True)
def match_bar(account: Any, symbol: int, bar_ts: int, bar_open: float) -> None:
    """Let the resting orders of one symbol meet one base bar, in order of their ids."""
    if load_i8(account.resting_of, symbol) == 0:
        return
    for index in range(account.resting):
        order = order_at(account.book + index * _ORDER_SIZE)
        if order.symbol == symbol and order.state == ACCEPTED and order.ts <= bar_ts:
            _fill(account, order, bar_ts, bar_open)

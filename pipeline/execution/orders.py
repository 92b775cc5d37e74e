"""Orders: placed into an inbox, at rest in a book, written to the outbox when they are done.

An order placed at a moment waits in the inbox until the moment is over, so the book that is being
matched never changes under the match. The book is in order of id, which is order of placement.
"""

from typing import Any

import numpy as np
from numba import njit

from pipeline.execution.account import account_at
from pipeline.execution.memory import load_f8, load_i8, record_at, store_f8, store_i8

#: One order, as it rests and as it is reported. ``quantity`` and ``filled`` are signed (+ buy);
#: ``price`` is the average fill price, NaN while there is none; ``done_ts`` 0 while it rests.
ORDER: np.dtype[Any] = np.dtype(
    [
        ("order_id", "i8"),
        ("ts", "i8"),
        ("symbol", "i8"),
        ("quantity", "f8"),
        ("filled", "f8"),
        ("price", "f8"),
        ("kind", "i8"),
        ("state", "i8"),
        ("done_ts", "i8"),
    ]
)
_ORDER_SIZE = ORDER.itemsize
_ORDER_CELLS = ORDER.itemsize // 8

order_at = record_at(ORDER)

MARKET = 0
ACCEPTED, FILLED, CANCELLED = 0, 1, 2

#: A target closer to what is held than this share of both is taken as reached: the last bit of a
#: sum of fractional fills must not make an order.
_SAME = 1e-12


@njit(cache=True)
def _copy_order(target: int, source: int) -> None:
    for cell in range(_ORDER_CELLS):
        store_i8(target, cell, load_i8(source, cell))


@njit(cache=True)
def check_symbol(account: Any, symbol: int) -> None:
    """Refuse a symbol index that the run does not have (IndexError)."""
    if symbol < 0 or symbol >= account.symbols:
        raise IndexError("symbol is not one of this run's symbols")


@njit(cache=True)
def place_market(account: Any, symbol: int, quantity: float) -> int:
    """Place a market order for ``quantity`` units (+ buy, - sell); the order's id, from 1.

    Raises IndexError for a symbol the run does not have, ValueError for a quantity that is zero or
    not finite, RuntimeError when a single moment places more orders than the inbox holds.
    """
    check_symbol(account, symbol)
    if quantity == 0.0 or not np.isfinite(quantity):
        raise ValueError("the quantity of an order must be finite and not zero")
    if account.inbox_count == account.inbox_capacity:
        raise RuntimeError("too many orders placed at one moment")
    order = order_at(account.inbox + account.inbox_count * _ORDER_SIZE)
    account.inbox_count += 1
    order.order_id = account.next_order
    order.ts = account.now
    order.symbol = symbol
    order.quantity = quantity
    order.filled = 0.0
    order.price = np.nan
    order.kind = MARKET
    order.state = ACCEPTED
    order.done_ts = 0
    account.next_order += 1
    store_f8(account.pending, symbol, load_f8(account.pending, symbol) + quantity)
    store_i8(account.resting_of, symbol, load_i8(account.resting_of, symbol) + 1)
    return order.order_id


@njit(cache=True)
def place_target(account: Any, symbol: int, quantity: float) -> int:
    """Order what is missing from position plus unfilled orders to ``quantity``; 0 if nothing is."""
    check_symbol(account, symbol)
    if not np.isfinite(quantity):
        raise ValueError("the target quantity must be finite")
    held = load_f8(account.position, symbol) + load_f8(account.pending, symbol)
    missing = quantity - held
    if abs(missing) <= _SAME * (abs(quantity) + abs(held)):
        return 0
    return place_market(account, symbol, missing)


@njit(cache=True)
def finish_order(account: Any, order: Any, state: int, ts: int) -> None:
    """Give an order its final state and take its unfilled rest out of what is pending."""
    order.state = state
    order.done_ts = ts
    symbol = order.symbol
    resting = load_i8(account.resting_of, symbol) - 1
    store_i8(account.resting_of, symbol, resting)
    if resting > 0:
        store_f8(account.pending, symbol, load_f8(account.pending, symbol) - order.quantity)
    else:
        # With nothing at rest the sum is zero by definition, whatever rounding left of it.
        store_f8(account.pending, symbol, 0.0)
    account.done += 1


@njit(cache=True)
def _find(orders: int, count: int, order_id: int) -> int:
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if order_at(orders + middle * _ORDER_SIZE).order_id < order_id:
            low = middle + 1
        else:
            high = middle
    if low < count and order_at(orders + low * _ORDER_SIZE).order_id == order_id:
        return orders + low * _ORDER_SIZE
    return 0


@njit(cache=True)
def cancel(account: Any, order_id: int) -> bool:
    """Cancel an order that still rests; False if it is unknown or done already."""
    address = _find(account.book, account.resting, order_id)
    if address == 0:
        address = _find(account.inbox, account.inbox_count, order_id)
    if address == 0 or order_at(address).state != ACCEPTED:
        return False
    finish_order(account, order_at(address), CANCELLED, account.now)
    return True


@njit(cache=True)
def _report(account: Any, address: int) -> None:
    _copy_order(account.orders_out + account.orders_out_count * _ORDER_SIZE, address)
    account.orders_out_count += 1


@njit(cache=True)
def check_room(account: Any) -> None:
    """Note in ``full`` whether some moment's orders or fills might not fit book and outbox now."""
    at_most = account.resting + account.inbox_capacity
    account.full = (
        at_most > account.book_capacity
        or account.orders_out_count + at_most > account.orders_out_capacity
        or account.fills_out_count + account.resting > account.fills_out_capacity
    )


@njit(cache=True)
def end_moment(account: Any) -> None:
    """Move what is done to the outbox and what is new to the book.

    There is room for it, or ``full`` would have kept the moment from beginning.
    """
    if account.done == 0 and account.inbox_count == 0:
        return
    kept = 0
    for index in range(account.resting + account.inbox_count):
        if index < account.resting:
            address = account.book + index * _ORDER_SIZE
        else:
            address = account.inbox + (index - account.resting) * _ORDER_SIZE
        if order_at(address).state != ACCEPTED:
            _report(account, address)
        else:
            target = account.book + kept * _ORDER_SIZE
            if target != address:
                _copy_order(target, address)
            kept += 1
    account.resting = kept
    account.inbox_count = 0
    account.done = 0
    check_room(account)


@njit(cache=True)
def end_moment_at(account: int) -> None:
    """`end_moment` for callers from Python: ``account`` is the record's address."""
    end_moment(account_at(account))


@njit(cache=True)
def check_room_at(account: int) -> None:
    """`check_room` for callers from Python: ``account`` is the record's address."""
    check_room(account_at(account))

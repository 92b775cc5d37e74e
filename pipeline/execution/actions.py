"""Corporate actions in an account: cash for what is held, and a split of everything in shares.

Booked before a session opens (`overnight.open_books`), from the run's list of actions:

    ACTION record: session, symbol, split, dividend       sorted by session, then symbol
"""

from typing import Any

import numpy as np

from pipeline.codes import CANCELLED, FILLED, SPLIT
from pipeline.execution.latency import split_messages
from pipeline.execution.lots import receive, settle, split_lots
from pipeline.execution.orders import (
    NEVER,
    add_units,
    end_order,
    is_pending,
    join_pending,
    known_address,
    left_of,
    on_tick,
    order_at,
    unsettle,
    whole_lots,
)
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, record_at, store_f8, store_i8

#: One corporate action.
ACTION: np.dtype[Any] = np.dtype(
    [
        ("session", "i8"),  # Number of the session with whose opening it is due.
        ("symbol", "i8"),  # Index of its symbol.
        ("split", "f8"),  # Shares after per share before; 1 for no split.
        ("dividend", "f8"),  # Cash per share held before; 0 for no dividend.
    ]
)
_ACTION_SIZE = ACTION.itemsize

action_at = record_at(ACTION)


@kernel()
def apply_actions(account: Any, session: int) -> None:
    """Apply what is due by session number ``session`` and was not applied before."""
    while account.next_action < account.action_count:
        action = action_at(account.actions + account.next_action * _ACTION_SIZE)
        if action.session > session:
            return
        account.next_action += 1
        if action.dividend != 0.0:
            _pay_dividend(account, action.symbol, action.dividend)
        if action.split != 1.0:
            _split(account, action.symbol, action.split)


@kernel()
def _pay_dividend(account: Any, symbol: int, dividend: float) -> None:
    """Book a dividend on what is held; who is short pays it. It belongs to the round trip."""
    units = load_f8(account.position, symbol)
    if units == 0.0:
        return
    amount = units * dividend * load_f8(account.multiplier, symbol)
    account.cash += amount
    account.dividends += amount
    account.dividends_booked += 1
    receive(account, symbol, dividend * load_f8(account.multiplier, symbol))


@kernel()
def _split(account: Any, symbol: int, ratio: float) -> None:
    """Turn every share of a symbol into ``ratio`` shares, at a price that much lower."""
    last = load_f8(account.last_price, symbol) / ratio
    store_f8(account.last_price, symbol, last)
    held = load_f8(account.position, symbol) * ratio
    if held != 0.0:
        whole = whole_lots(account, symbol, held)
        fraction = add_units(account, symbol, held, -whole, 0.0)
        store_f8(account.position, symbol, whole if fraction == 0.0 else held)
        store_f8(account.slack, symbol, load_f8(account.slack, symbol) * ratio)
        split_lots(account, symbol, ratio)
        account.positions_split += 1
        _pay_fraction(account, symbol, fraction, last)
    for index in range(account.resting + account.inbox_count):
        order = order_at(known_address(account, index))
        # An exit on the close has no quantity yet.
        if order.symbol == symbol and order.state < FILLED and order.quantity != 0.0:
            _split_order(account, order, ratio)
    split_messages(account, symbol, ratio)
    _count_pending(account, symbol)
    unsettle(account, symbol)


@kernel()
def _pay_fraction(account: Any, symbol: int, fraction: float, price: float) -> None:
    """Turn the part of a position that makes no lot into cash; it is no trade of the strategy."""
    if fraction == 0.0:
        return
    turnover = account.turnover
    account.after = symbol * account.stride + load_i8(account.base_cursor, symbol) + 1
    settle(account, symbol, -fraction, price, 0.0, account.now)
    account.turnover = turnover
    account.fractions_paid += fraction * price * load_f8(account.multiplier, symbol)


@kernel()
def _split_order(account: Any, order: Any, ratio: float) -> None:
    """Put an order at rest into new shares; what would be less than a lot ends as it was.

    Legs that wait for their entry have no quantity of their own yet, so they need no whole lots.
    """
    left = left_of(account, order) * ratio
    if order.live_ts != NEVER:
        left = whole_lots(account, order.symbol, left)
        if left == 0.0:
            end_order(account, order, CANCELLED, SPLIT, account.now)
            return
    buys = order.quantity > 0.0
    order.filled *= ratio
    order.quantity = order.filled + left
    order.limit = on_tick(account, order.symbol, order.limit / ratio, not buys)
    order.stop = on_tick(account, order.symbol, order.stop / ratio, buys)
    order.trail /= ratio
    order.price /= ratio
    account.orders_split += 1


@kernel()
def _count_pending(account: Any, symbol: int) -> None:
    store_f8(account.pending, symbol, 0.0)
    store_i8(account.waiting, symbol, 0)
    for index in range(account.resting + account.inbox_count):
        order = order_at(known_address(account, index))
        if order.symbol == symbol and order.state < FILLED and is_pending(order):
            join_pending(account, order)

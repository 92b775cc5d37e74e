"""Latency: how long what a strategy decides is on its way to the market.

    placed, changed, cancelled at t  ->  t + latency  ->  + latency_bars of the symbol  ->  there

It is there from the first base bar on that opens at or after that instant, after so many bars have
passed. An order that only has a time to wait carries it itself (`live_ts`); all else is a message,
delivered in the order in which it was sent. Legs of brackets lie with the broker, as does what one
order's fill does to others, and a liquidation is the broker's own: none of these travels.
"""

from typing import Any

import numpy as np

from pipeline.codes import BY_STRATEGY, CANCELLED
from pipeline.execution.orders import (
    NEVER,
    add_pending,
    end_order,
    find_order,
    in_lots,
    is_pending,
    left_of,
    on_tick,
    order_at,
    unsettle,
    waits_for_stop,
)
from pipeline.native.kernel import kernel
from pipeline.native.memory import copy_record, record_at

#: What is on its way to one order; the first message to an order is its own arrival.
MESSAGE: np.dtype[Any] = np.dtype(
    [
        ("order_id", "i8"),  # The order it is for.
        ("symbol", "i8"),  # Index of the order's symbol.
        ("from_ts", "i8"),  # Bars of the symbol count, at last as the one with which it arrives, if
        # they open at this instant or later.
        ("bars", "i8"),  # How many of them pass before the one with which it arrives.
        ("quantity", "f8"),  # The order's quantity from then on; NaN: as it is, 0: cancelled.
        ("limit", "f8"),  # The order's limit from then on; NaN: as it is.
        ("stop", "f8"),  # The order's stop from then on; NaN: as it is.
    ]
)
_MESSAGE_SIZE = MESSAGE.itemsize
#: ``live_ts`` of an order that arrives after a number of bars.
_ON_ITS_WAY = NEVER - 1

message_at = record_at(MESSAGE)
_copy_message = copy_record(MESSAGE)


@kernel()
def send(account: Any, order: Any, quantity: float, limit: float, stop: float) -> None:
    """Send a message to an order at rest; RuntimeError if one moment sends too many."""
    if account.in_flight == account.message_capacity:
        raise RuntimeError("too many orders placed, changed or cancelled at one moment")
    message = message_at(account.messages + account.in_flight * _MESSAGE_SIZE)
    account.in_flight += 1
    if account.in_flight + account.inbox_capacity > account.message_capacity:
        account.full = 1
    message.order_id = order.order_id
    message.symbol = order.symbol
    message.from_ts = account.now + account.latency
    message.bars = account.latency_bars
    message.quantity = quantity
    message.limit = limit
    message.stop = stop


@kernel()
def send_order(account: Any, order: Any) -> None:
    """Send an order that was just accepted on its way."""
    if account.latency_bars == 0:
        order.live_ts = account.now + account.latency
    else:
        order.live_ts = _ON_ITS_WAY
        send(account, order, np.nan, np.nan, np.nan)


@kernel()
def set_values(account: Any, order: Any, quantity: float, limit: float, stop: float) -> None:
    """Write other values into an order, prices on their ticks; NaN leaves one as it is."""
    if not np.isnan(quantity):
        order.quantity = in_lots(account, order.symbol, quantity)
    if not np.isnan(limit):
        order.limit = on_tick(account, order.symbol, limit, order.quantity < 0.0)
    if not np.isnan(stop):
        order.stop = on_tick(account, order.symbol, stop, order.quantity > 0.0)


@kernel()
def change_order(
    account: Any, order: Any, quantity: float, limit: float, stop: float, ts: int
) -> None:
    """Change an order at rest.

    One that is to be no more than what is filled of it becomes just that, and ends.
    """
    before, limit_before, stop_before = order.quantity, order.limit, order.stop
    set_values(account, order, quantity, limit, stop)
    ended = left_of(account, order) * order.quantity <= 0.0
    if ended:
        order.quantity = order.filled
    moved = not np.isnan(limit) and order.limit != limit_before
    if waits_for_stop(order) and not np.isnan(stop) and order.stop != stop_before:
        moved = True
    if moved and order.live_ts != NEVER:
        order.live_ts = ts  # a bar that has begun before must not meet the new price
    if is_pending(order):
        add_pending(account, order.symbol, order.quantity - before)
    unsettle(account, order.symbol)
    if ended:
        end_order(account, order, CANCELLED, BY_STRATEGY, ts)


@kernel()
def split_messages(account: Any, symbol: int, ratio: float) -> None:
    """Turn what is on its way to a symbol's orders into new shares, ``ratio`` for an old one."""
    for index in range(account.in_flight):
        message = message_at(account.messages + index * _MESSAGE_SIZE)
        if message.symbol == symbol:
            message.quantity *= ratio
            message.limit /= ratio
            message.stop /= ratio


@kernel()
def _arrive(account: Any, message: Any, ts: int) -> None:
    address = find_order(account, message.order_id)
    if address == 0:
        return
    order = order_at(address)
    if order.live_ts == _ON_ITS_WAY:
        order.live_ts = message.from_ts
    elif message.quantity == 0.0:
        end_order(account, order, CANCELLED, BY_STRATEGY, ts)
    else:
        change_order(account, order, message.quantity, message.limit, message.stop, ts)


@kernel()
def deliver(account: Any, symbol: int, ts: int) -> None:
    """Deliver to a symbol's orders what is there by the bar that opens at ``ts``."""
    kept = 0
    for index in range(account.in_flight):
        address = account.messages + index * _MESSAGE_SIZE
        message = message_at(address)
        if message.symbol == symbol and message.from_ts <= ts:
            if message.bars == 0:
                _arrive(account, message, ts)
                continue
            message.bars -= 1
            if message.bars == 0:
                message.from_ts = ts + 1  # this bar has passed, and the next one may come late
        target = account.messages + kept * _MESSAGE_SIZE
        kept += 1
        if target != address:
            _copy_message(target, address)
    account.in_flight = kept

"""Fills: how an order is filled, as far as a bar's volume goes, and whom that concerns."""

from typing import Any

import numpy as np

from pipeline.codes import (
    CANCELLED,
    FILLED,
    FOK,
    LIMIT,
    LIQUIDATION,
    NO_POSITION,
    OTHER_FILLED,
    PARTLY_FILLED,
    STOP_LIMIT,
    TRAILING_STOP,
    TRIGGERED,
    VOLUME,
)
from pipeline.execution.book import check_room
from pipeline.execution.broken import check_worth
from pipeline.execution.commission import owed
from pipeline.execution.lots import settle
from pipeline.execution.marks import AFTER_CLOSE, watch_night, watch_side
from pipeline.execution.orders import (
    NEVER,
    add_pending,
    add_units,
    closes_nothing,
    end_order,
    find_order,
    is_pending,
    join_pending,
    known_address,
    left_of,
    order_at,
    waits_for_stop,
    whole_lots,
)
from pipeline.execution.slippage import slipped
from pipeline.execution.tolerance import added, exceeds
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, record_at, store_i8

#: One fill.
FILL: np.dtype[Any] = np.dtype(
    [
        ("ts", "i8"),  # Open of the bar that filled it, ns UTC.
        ("symbol", "i8"),  # Index of its symbol.
        ("quantity", "f8"),  # Units, signed: + buys.
        ("price", "f8"),  # Price per unit, after slippage, in the symbol's currency.
        ("commission", "f8"),  # Its commission in account currency.
        ("order_id", "i8"),  # The order that was filled.
    ]
)
_FILL_SIZE = FILL.itemsize

fill_at = record_at(FILL)


@kernel()
def _wanted(account: Any, order: Any) -> float:
    """Return what is left of an order; of one that only closes no more than the position, else 0.

    These are legs and liquidations.
    An exit on the close gets its quantity here: the position's, whatever it is.
    """
    if order.quantity == 0.0:
        order.quantity = -load_f8(account.position, order.symbol)
        add_pending(account, order.symbol, order.quantity)
        return order.quantity
    left = left_of(account, order)
    if order.parent != 0 or order.reason == LIQUIDATION:
        if closes_nothing(account, order):
            return 0.0
        symbol = order.symbol
        held = load_f8(account.position, symbol)
        slack = load_f8(account.slack, symbol)
        if add_units(account, symbol, abs(left), -abs(held), slack) > 0.0:
            return -held
    return left


@kernel()
def _available(account: Any, order: Any, wanted: float) -> float:
    """Return how much of ``wanted`` the bar's volume still has room for; 0 if that is too little.

    An order that has to be filled as a whole or not at all gets all or nothing.
    """
    if not exceeds(abs(wanted), account.room):
        return wanted
    if order.until == FOK:
        return 0.0
    return whole_lots(account, order.symbol, np.copysign(account.room, wanted))


@kernel()
def can_fill(account: Any, order: Any) -> bool:
    """Whether a fill of an order, or of a part of it, would now be of more than nothing."""
    return _available(account, order, _wanted(account, order)) != 0.0


@kernel()
def _hold(account: Any, order: Any, state: int) -> None:
    """Keep what is left of an order at rest; of a stop it is a market order from now on."""
    was_pending = is_pending(order)
    if state == PARTLY_FILLED or waits_for_stop(order):
        account.capped += state == PARTLY_FILLED and order.state != PARTLY_FILLED
        order.state = state
    if is_pending(order) and not was_pending:
        join_pending(account, order)


@kernel()
def fill_order(
    account: Any, order: Any, bar_ts: int, price: float, midway: int, maker: bool
) -> None:
    """Fill an order as far as the bar's volume goes.

    ``midway`` is the bar's open time if that happens within its range; ``maker``: the order was at
    rest at its limit when the market came to it.
    """
    wanted = _wanted(account, order)
    if wanted == 0.0:
        end_order(account, order, CANCELLED, NO_POSITION, bar_ts)
        return
    quantity = wanted
    if account.room < np.inf:
        quantity = _available(account, order, wanted)
        account.room = added(account.room, -abs(quantity), 0.0)
        if quantity == 0.0:
            _hold(account, order, TRIGGERED)
            return
    held = load_f8(account.position, order.symbol)
    if order.marks & AFTER_CLOSE:
        watch_night(account, order, quantity, bar_ts)
    _book(account, order, bar_ts, price, quantity, maker)
    if order.marks != 0 or order.kind == TRAILING_STOP:
        watch_side(account, order)
    if quantity == wanted:
        end_order(account, order, FILLED, order.reason, bar_ts)
    else:
        _hold(account, order, PARTLY_FILLED)
        # Nothing has ended, so the moment's end would not look.
        check_room(account)
    if order.group != 0 or order.children != 0:
        _tell_others(account, order, quantity, bar_ts, midway)
    if account.legs != 0:
        goes_on = held * load_f8(account.position, order.symbol) > 0.0
        if not goes_on or order.children != 0:
            _end_idle_legs(account, order.symbol, bar_ts)


@kernel()
def _end_idle_legs(account: Any, symbol: int, ts: int) -> None:
    """End the legs of a symbol that can close nothing, unless their entry is still at work.

    Otherwise they would close a position that comes later.
    """
    for index in range(account.resting + account.inbox_count):
        leg = order_at(known_address(account, index))
        if leg.symbol != symbol or leg.parent == 0 or leg.state >= FILLED or leg.live_ts == NEVER:
            continue
        if closes_nothing(account, leg) and find_order(account, leg.parent) == 0:
            end_order(account, leg, CANCELLED, NO_POSITION, ts)


@kernel()
def _book(
    account: Any, order: Any, bar_ts: int, price: float, quantity: float, maker: bool
) -> None:
    """Book a fill of ``quantity``: in the outbox, in the account and in the order."""
    symbol = order.symbol
    multiplier = load_f8(account.multiplier, symbol)
    if order.kind != LIMIT and order.kind != STOP_LIMIT:
        reached = price
        price = slipped(account, symbol, quantity, reached)
        account.slippage_cost += (price - reached) * quantity * multiplier
    before, size = abs(order.filled), abs(order.filled) + abs(quantity)
    average = price if before == 0.0 else (order.price * before + price * abs(quantity)) / size
    if is_pending(order):
        add_pending(account, symbol, -quantity)
    whole = quantity == left_of(account, order)
    if whole:
        order.filled = order.quantity
    else:
        order.filled = add_units(account, symbol, order.filled, quantity, 0.0)
    order.price = average
    paid = owed(account, order, bar_ts, quantity, price, maker)
    fill = fill_at(account.fills_out + account.fills_out_count * _FILL_SIZE)
    account.fills_out_count += 1
    account.fills += 1
    fill.ts = bar_ts
    fill.symbol = symbol
    fill.quantity = quantity
    fill.price = price
    fill.commission = (paid - order.paid) * load_f8(account.rate, symbol)
    fill.order_id = order.order_id
    settle(account, symbol, quantity, price, fill.commission, bar_ts)
    check_worth(account, order, price, quantity * price * multiplier)
    order.paid = paid
    store_i8(account.fills_of, symbol, load_i8(account.fills_of, symbol) + 1)
    if account.untraded != 0:  # the volume lies far from what else is read
        account.without_volume += not load_f8(account.bar, VOLUME * account.plane) > 0.0
    if maker:
        account.fills_as_maker += 1
        account.maker_commission += fill.commission


@kernel()
def _grow(account: Any, leg: Any, quantity: float) -> None:
    """Make a leg larger by a quantity, signed."""
    if is_pending(leg):
        add_pending(account, leg.symbol, quantity)
    leg.quantity = add_units(account, leg.symbol, leg.quantity, quantity, 0.0)


@kernel()
def _tell_others(account: Any, filled: Any, quantity: float, bar_ts: int, midway: int) -> None:
    """Cancel what an order excludes of which ``quantity`` was filled; make live what waits for it.

    What is left of a leg is at any time what is open of its entry's fills. An entry that filled at
    the close at which it was placed makes its legs live from then on, not from its bar's open.
    """
    whole = filled.state == FILLED
    for index in range(account.resting + account.inbox_count):
        order = order_at(known_address(account, index))
        if order.state >= FILLED or order.order_id == filled.order_id:
            continue
        if order.parent == filled.order_id:
            if order.live_ts == NEVER:
                order.live_ts = max(bar_ts, filled.ts)
                order.midway = midway
                order.quantity = -filled.filled
                account.activated += 1
            else:
                _grow(account, order, -quantity)
        elif filled.parent == 0:
            if filled.group != 0 and order.group == filled.group:
                end_order(account, order, CANCELLED, OTHER_FILLED, bar_ts)
        elif whole:
            if order.group == filled.group or order.order_id == filled.parent:
                end_order(account, order, CANCELLED, OTHER_FILLED, bar_ts)
        elif order.parent == filled.parent:
            _grow(account, order, -quantity)

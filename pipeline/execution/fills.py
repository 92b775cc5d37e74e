"""Fills: how resting orders meet a base bar.

An order placed at t meets the bars of its symbol that open at or after t. First the open: market
orders fill there, and so does a limit or a stop that the open is already through, at the open.
Then the range between low and high, in which the order of prices is not known:

- stops fill at their stop, limits at their limit; stops first, which is the pessimistic choice
  where one bar touches both (`optimistic` turns it round); how often that decided is counted;
- an entry that fills within the range makes its stop-loss live for the rest of the bar and its
  take-profit for the next bar (with `optimistic` the other way round);
- a stop-limit that triggers within the range fills at its stop if its limit allows that, else
  from the next bar on; a trailing stop moves at the end of each bar, by the bar's high or low.

Slippage makes every price worse but those of limits.
"""

from typing import Any

import numpy as np
from numba import njit

from pipeline.execution.account import settle
from pipeline.execution.costs import commission, slipped
from pipeline.execution.memory import load_f8, load_i8, record_at
from pipeline.execution.orders import (
    CANCELLED,
    EXPIRED,
    FILLED,
    IOC,
    LIMIT,
    MARKET,
    NEVER,
    NO_POSITION,
    NO_REASON,
    NOT_AT_ONCE,
    ON_CLOSE,
    ON_OPEN,
    ORDER,
    OTHER_FILLED,
    OUT_OF_TIME,
    STOP_LIMIT,
    TRAILING_STOP,
    TRIGGERED,
    calm,
    end_order,
    narrow,
    order_at,
    trailed,
    unsettle,
    waits_for_stop,
)

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
_HIGH, _LOW, _CLOSE = 1, 2, 3

_fill_at = record_at(FILL)


@njit(cache=True)
def _fill(account: Any, order: Any, bar_ts: int, price: float, midway: int) -> None:
    """Fill an order; ``midway`` is the bar's open time if that happens within its range."""
    symbol, quantity = order.symbol, order.quantity
    if order.parent != 0:
        held = load_f8(account.position, symbol)
        if held * quantity >= 0.0:
            end_order(account, order, CANCELLED, NO_POSITION, bar_ts)
            return
        if abs(quantity) > abs(held):
            quantity = -held
    if order.kind != LIMIT and order.kind != STOP_LIMIT:
        reached = price
        price = slipped(account, quantity, reached)
        account.slippage_cost += (price - reached) * quantity
    cost = commission(account, quantity, price)
    fill = _fill_at(account.fills_out + account.fills_out_count * _FILL_SIZE)
    account.fills_out_count += 1
    account.fills += 1
    fill.ts = bar_ts
    fill.symbol = symbol
    fill.quantity = quantity
    fill.price = price
    fill.commission = cost
    fill.order_id = order.order_id
    settle(account, symbol, quantity, price, cost)
    order.filled = quantity
    order.price = price
    end_order(account, order, FILLED, NO_REASON, bar_ts)
    if order.group != 0 or order.children != 0:
        _tell_others(account, order, bar_ts, midway)


@njit(cache=True)
def _tell_others(account: Any, filled: Any, bar_ts: int, midway: int) -> None:
    """Cancel what the filled order excludes and make live what waits for it."""
    for index in range(account.resting):
        order = order_at(account.book + index * _ORDER_SIZE)
        if order.state >= FILLED:
            continue
        if order.parent == filled.order_id:
            order.live_ts = bar_ts
            order.midway = midway
            order.quantity = -filled.filled
            account.activated += 1
        elif filled.group != 0 and order.group == filled.group:
            end_order(account, order, CANCELLED, OTHER_FILLED, bar_ts)


@njit(cache=True)
def _reaches_stop(order: Any, high: float, low: float) -> bool:
    return high >= order.stop if order.quantity > 0.0 else low <= order.stop


@njit(cache=True)
def _reaches_limit(order: Any, high: float, low: float) -> bool:
    return low <= order.limit if order.quantity > 0.0 else high >= order.limit


@njit(cache=True)
def _waits_for_limit(order: Any) -> bool:
    kind = order.kind
    return kind == LIMIT or (kind == STOP_LIMIT and order.state == TRIGGERED)


@njit(cache=True)
def _meet_open(account: Any, order: Any, ts: int, price: float) -> bool:
    """Let an order that waits for a price or a session meet an open; whether it still waits."""
    if order.kind == ON_CLOSE or order.midway == ts:
        return True
    if order.kind == ON_OPEN:
        if order.ts <= account.session_open <= ts:
            _fill(account, order, ts, price, NEVER)
        return False
    if waits_for_stop(order):
        if not _reaches_stop(order, price, price):
            return True
        if order.kind != STOP_LIMIT:
            _fill(account, order, ts, price, NEVER)
            return False
        order.state = TRIGGERED
    if _reaches_limit(order, price, price):
        _fill(account, order, ts, price, NEVER)
        return False
    return True


@njit(cache=True)
def _note_choice(account: Any, chosen: Any, ts: int, high: float, low: float) -> None:
    """Count a bar that touches, besides the order chosen, another one that excludes it."""
    if chosen.group == 0:
        return
    for index in range(account.resting):
        order = order_at(account.book + index * _ORDER_SIZE)
        if (
            order.group == chosen.group
            and order.order_id != chosen.order_id
            and order.state < FILLED
            and order.live_ts <= ts
        ):
            if waits_for_stop(order):
                account.ambiguous += _reaches_stop(order, high, low)
            else:
                account.ambiguous += _reaches_limit(order, high, low)


@njit(cache=True)
def _meet_stops(account: Any, symbol: int, ts: int, high: float, low: float) -> None:
    for index in range(account.resting):
        order = order_at(account.book + index * _ORDER_SIZE)
        if order.symbol != symbol or order.state >= FILLED or order.live_ts > ts:
            continue
        if not waits_for_stop(order) or not _reaches_stop(order, high, low):
            continue
        if order.midway == ts and account.optimistic != 0:
            continue
        if order.kind == STOP_LIMIT:
            order.state = TRIGGERED
            if not _reaches_limit(order, order.stop, order.stop):
                order.midway = ts
                continue
        _note_choice(account, order, ts, high, low)
        _fill(account, order, ts, order.stop, ts)


@njit(cache=True)
def _meet_limits(account: Any, symbol: int, ts: int, high: float, low: float) -> None:
    for index in range(account.resting):
        order = order_at(account.book + index * _ORDER_SIZE)
        if order.symbol != symbol or order.state >= FILLED or order.live_ts > ts:
            continue
        if not _waits_for_limit(order) or not _reaches_limit(order, high, low):
            continue
        if order.midway == ts and (account.optimistic == 0 or order.kind == STOP_LIMIT):
            continue
        _note_choice(account, order, ts, high, low)
        _fill(account, order, ts, order.limit, ts)


@njit(cache=True)
def _meet_range(account: Any, symbol: int, ts: int, high: float, low: float) -> None:
    """Let stops and limits meet a range, the less welcome first."""
    account.activated = 0
    if account.optimistic == 0:
        _meet_stops(account, symbol, ts, high, low)
        _meet_limits(account, symbol, ts, high, low)
        if account.activated > 0:
            _meet_stops(account, symbol, ts, high, low)
    else:
        _meet_limits(account, symbol, ts, high, low)
        _meet_stops(account, symbol, ts, high, low)
        if account.activated > 0:
            _meet_limits(account, symbol, ts, high, low)


@njit(cache=True)
def _end_bar(
    account: Any, symbol: int, ts: int, high: float, low: float, close: float, closing: bool
) -> None:
    """Fill orders on the close, end those for this bar only, move trailing stops.

    Notes the quiet range: between these prices no order of the symbol has anything to do.
    """
    calm(account, symbol)
    for index in range(account.resting):
        order = order_at(account.book + index * _ORDER_SIZE)
        if order.symbol != symbol or order.state >= FILLED or order.live_ts == NEVER:
            continue
        if order.live_ts > ts:
            unsettle(account, symbol)
            continue
        if order.kind == ON_CLOSE and closing:
            _fill(account, order, ts, close, ts)
        elif order.until == IOC:
            end_order(account, order, CANCELLED, NOT_AT_ONCE, ts)
        elif order.kind == TRAILING_STOP and order.midway != ts:
            best = low if order.quantity > 0.0 else high
            stop = trailed(best, order.quantity, order.trail, order.trail_fraction)
            order.stop = min(stop, order.stop) if order.quantity > 0.0 else max(stop, order.stop)
        narrow(account, order)


@njit(cache=True)
def match_bar(
    account: Any, symbol: int, ts: int, closes: int, prices: int, plane: int, at: int
) -> None:
    """Let the resting orders of one symbol meet one base bar, in order of their ids.

    ``prices``: where the open of bar 0 lies; the bar's own prices are at ``at``, ``plane`` apart.
    ``closes``: where the close time of bar 0 lies. What is not needed is not loaded: for a market
    order the other prices would come from far away.
    """
    if load_i8(account.resting_of, symbol) == 0:
        return
    quiet_high = load_f8(account.quiet_high, symbol)
    if (
        quiet_high > -np.inf
        and load_f8(prices, _HIGH * plane + at) < quiet_high
        and load_f8(prices, _LOW * plane + at) > load_f8(account.quiet_low, symbol)
    ):
        return
    price = load_f8(prices, at)
    waiting = False
    for index in range(account.resting):
        order = order_at(account.book + index * _ORDER_SIZE)
        if order.symbol != symbol or order.state >= FILLED or order.live_ts > ts:
            continue
        if 0 < order.until <= ts:
            end_order(account, order, EXPIRED, OUT_OF_TIME, ts)
        elif order.kind == MARKET:
            _fill(account, order, ts, price, NEVER)
        elif _meet_open(account, order, ts, price):
            waiting = True
    if load_i8(account.resting_of, symbol) == 0:
        return
    high, low = load_f8(prices, _HIGH * plane + at), load_f8(prices, _LOW * plane + at)
    if waiting:
        _meet_range(account, symbol, ts, high, low)
    close, closing = load_f8(prices, _CLOSE * plane + at), load_i8(closes, at)
    _end_bar(account, symbol, ts, high, low, close, closing >= account.session_close)

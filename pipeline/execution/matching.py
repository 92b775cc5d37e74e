"""Matching: how resting orders meet a base bar.

An order placed at t meets the bars of its symbol that open at or after t, or after what its way
takes (`execution.latency`). First the open: market
orders fill there, and so does a limit or a stop that the open is already through, at the open.
Then the range between low and high, in which the order of prices is not known:

- stops fill at their stop, limits at their limit; stops first, which is the pessimistic choice
  where one bar touches both (`optimistic` turns it round); how often that decided is counted;
- an entry that fills within the range makes its stop-loss live for the rest of the bar and its
  take-profit for the next bar (with `optimistic` the other way round);
- a stop-limit that triggers within the range fills at its stop if its limit allows that, else
  from the next bar on; a trailing stop moves at the end of each bar, by the bar's high or low.

With ``this_close``, market orders meet the close at which they are placed instead (`match_close`).
Slippage makes every price worse but those of limits. With a volume cap a bar fills no more than
that share of its volume, in order of ids; what is left of an order meets the next bar, a stop's
rest as a market order. Legs of a bracket are live from the entry's first fill on, each for what is
open of it; when one has closed all of that, the other ends, and with it the rest of the entry. Of
other orders that exclude each other, the first fill of one, even of a part, cancels the others.

A maker is who was at rest at his limit when the market came to it: a limit that the range reaches,
or that an open is through, but not the first open that it meets at that limit. All else takes.
"""

from typing import Any

import numpy as np

from pipeline.codes import (
    ACCEPTED,
    CANCELLED,
    CLOSE,
    EXPIRED,
    FILLED,
    FOK,
    HIGH,
    IOC,
    LIQUIDATION,
    LOW,
    MARKET,
    NOT_AT_ONCE,
    ON_CLOSE,
    ON_OPEN,
    OUT_OF_TIME,
    STOP_LIMIT,
    TRAILING_STOP,
    TRIGGERED,
    VOLUME,
)
from pipeline.execution.fills import FILL, can_fill, fill_at, fill_order
from pipeline.execution.latency import deliver
from pipeline.execution.orders import (
    NEVER,
    ORDER,
    at_market,
    calm,
    end_order,
    known_address,
    narrow,
    order_at,
    trailed,
    unsettle,
    waits_for_limit,
    waits_for_stop,
)
from pipeline.execution.tolerance import added
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, store_f8, store_i8

_FILL_SIZE = FILL.itemsize
_ORDER_SIZE = ORDER.itemsize


@kernel()
def _reaches_stop(order: Any, high: float, low: float) -> bool:
    return high >= order.stop if order.quantity > 0.0 else low <= order.stop


@kernel()
def _reaches_limit(order: Any, high: float, low: float) -> bool:
    return low <= order.limit if order.quantity > 0.0 else high >= order.limit


@kernel()
def _meet_open(account: Any, order: Any, ts: int, price: float, before: int) -> bool:
    """Let an order that waits for a price or a session meet an open; whether it still waits.

    ``before``: the open of the bar that orders of the symbol met last.
    """
    rested = order.live_ts <= before
    if order.kind == ON_CLOSE or order.midway == ts:
        return True
    if order.kind == ON_OPEN:
        if order.live_ts <= account.session_open <= ts:
            fill_order(account, order, ts, price, NEVER, False)
            if order.state < FILLED:
                end_order(account, order, EXPIRED, OUT_OF_TIME, ts)
        return False
    if waits_for_stop(order):
        if not _reaches_stop(order, price, price):
            return True
        if order.kind != STOP_LIMIT:
            fill_order(account, order, ts, price, NEVER, False)
            return False
        order.state = TRIGGERED
        rested = False
    if _reaches_limit(order, price, price):
        fill_order(account, order, ts, price, NEVER, rested)
        return False
    return True


@kernel()
def _is_live_midway(account: Any, order: Any) -> bool:
    """Whether an order meets the rest of a bar in which it became live or was triggered."""
    return order.kind != STOP_LIMIT and waits_for_stop(order) == (account.optimistic == 0)


@kernel()
def _note_choice(account: Any, chosen: Any, ts: int, high: float, low: float) -> None:
    """Count a bar that touches, besides the order chosen, another one that excludes it.

    Not if one of them cannot fill: for want of volume, or of the position that both of them close.
    """
    if chosen.group == 0 or not can_fill(account, chosen):
        return
    for index in range(account.resting):
        order = order_at(account.book + index * _ORDER_SIZE)
        if (
            order.group == chosen.group
            and order.order_id != chosen.order_id
            and order.state < FILLED
            and order.live_ts <= ts
            and (order.midway != ts or _is_live_midway(account, order))
            and can_fill(account, order)
        ):
            if waits_for_stop(order):
                account.ambiguous += _reaches_stop(order, high, low)
            elif waits_for_limit(order):
                account.ambiguous += _reaches_limit(order, high, low)


@kernel()
def _meet_stops(account: Any, symbol: int, ts: int, high: float, low: float) -> None:
    for index in range(account.resting):
        order = order_at(account.book + index * _ORDER_SIZE)
        if order.symbol != symbol or order.state >= FILLED or order.live_ts > ts:
            continue
        if not waits_for_stop(order) or not _reaches_stop(order, high, low):
            continue
        if order.midway == ts and not _is_live_midway(account, order):
            continue
        if order.kind == STOP_LIMIT:
            order.state = TRIGGERED
            if not _reaches_limit(order, order.stop, order.stop):
                order.midway = ts
                continue
        _note_choice(account, order, ts, high, low)
        fill_order(account, order, ts, order.stop, ts, False)


@kernel()
def _meet_limits(account: Any, symbol: int, ts: int, high: float, low: float) -> None:
    for index in range(account.resting):
        order = order_at(account.book + index * _ORDER_SIZE)
        if order.symbol != symbol or order.state >= FILLED or order.live_ts > ts:
            continue
        if not waits_for_limit(order) or not _reaches_limit(order, high, low):
            continue
        if order.midway == ts and not _is_live_midway(account, order):
            continue
        _note_choice(account, order, ts, high, low)
        fill_order(account, order, ts, order.limit, ts, order.until > IOC)


@kernel()
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


@kernel()
def _end_bar(
    account: Any, symbol: int, ts: int, high: float, low: float, close: float, closing: bool
) -> None:
    """Fill orders on the close, end those for this bar only, move trailing stops.

    Notes the quiet range: between these prices no order of the symbol has anything to do.
    """
    calm(account, symbol)
    account.after += 1  # who trades at the close has not held through the bar
    for index in range(account.resting):
        order = order_at(account.book + index * _ORDER_SIZE)
        if order.symbol != symbol or order.state >= FILLED or order.live_ts == NEVER:
            continue
        if order.live_ts > ts:
            unsettle(account, symbol)
            continue
        if order.kind == ON_CLOSE and closing:
            fill_order(account, order, ts, close, ts, False)
            if order.state < FILLED:
                end_order(account, order, EXPIRED, OUT_OF_TIME, ts)
        elif order.until == IOC or order.until == FOK:
            end_order(account, order, CANCELLED, NOT_AT_ONCE, ts)
        elif order.kind == TRAILING_STOP and order.state == ACCEPTED and order.midway != ts:
            stop = trailed(account, order, low if order.quantity > 0.0 else high)
            order.stop = min(stop, order.stop) if order.quantity > 0.0 else max(stop, order.stop)
        narrow(account, order)


@kernel()
def _face(account: Any, prices: int, plane: int, at: int) -> None:
    """Note which bar orders meet now, and how much of its volume they may have."""
    account.bar, account.after = prices + 8 * at, at
    account.room = np.inf
    if account.volume_cap < np.inf:
        volume = load_f8(prices, VOLUME * plane + at)
        account.room = account.volume_cap * volume if volume > 0.0 else 0.0


@kernel()
def match_close(
    account: Any, before: int, ts: int, closes: int, prices: int, plane: int, stride: int
) -> None:
    """Fill the strategy's market orders of this moment at the close of the bar that has just ended.

    Those of a symbol without such a bar wait for its next open, and so does what the bar's volume
    has no room for, behind its fills in the outbox from ``before`` on, unless it is for one bar
    only; and so do liquidations.
    ``ts``, ``closes``, ``prices``: where open time, close time and open of bar 0 lie, symbols
    ``stride`` apart.
    """
    for index in range(account.resting + account.inbox_count):
        # What is left of the bars' volumes; their scratch is free between two placings.
        store_f8(account.buys, order_at(known_address(account, index)).symbol, -1.0)
    for index in range(account.resting + account.inbox_count):
        order = order_at(known_address(account, index))
        if order.kind != MARKET or order.state != ACCEPTED or order.ts != account.now:
            continue
        if order.reason == LIQUIDATION:
            continue
        symbol = order.symbol
        row = load_i8(account.base_cursor, symbol)
        at = symbol * stride + row
        # No row is known of a symbol outside the lane's universe.
        if row < 0 or load_i8(closes, at) != account.now:
            continue
        _face(account, prices, plane, at)
        account.after = at + 1
        left = load_f8(account.buys, symbol)
        if left >= 0.0:
            account.room = left
        else:
            for number in range(before, account.fills_out_count):
                fill = fill_at(account.fills_out + number * _FILL_SIZE)
                if fill.symbol == symbol:
                    account.room = added(account.room, -abs(fill.quantity), 0.0)
        price = load_f8(prices, CLOSE * plane + at)
        opened = load_i8(ts, at)
        fill_order(account, order, opened, price, NEVER, False)
        if order.state < FILLED and (order.until == IOC or order.until == FOK):
            end_order(account, order, CANCELLED, NOT_AT_ONCE, opened)
        store_f8(account.buys, symbol, account.room)


@kernel()
def match_bar(
    account: Any, symbol: int, ts: int, closes: int, prices: int, plane: int, at: int
) -> None:
    """Let the resting orders of one symbol meet one base bar, in order of their ids.

    ``prices``: where the open of bar 0 lies; the bar's own prices are at ``at``, ``plane`` apart.
    ``closes``: where the close time of bar 0 lies. What is not needed is not loaded: for a market
    order the other prices would come from far away.
    """
    if account.in_flight > 0:
        deliver(account, symbol, ts)
    if load_i8(account.resting_of, symbol) == 0:
        return
    before = load_i8(account.met, symbol)
    store_i8(account.met, symbol, ts)
    quiet_high = load_f8(account.quiet_high, symbol)
    if (
        quiet_high > -np.inf
        and load_f8(prices, HIGH * plane + at) < quiet_high
        and load_f8(prices, LOW * plane + at) > load_f8(account.quiet_low, symbol)
    ):
        return
    _face(account, prices, plane, at)
    price = load_f8(prices, at)
    waiting = False
    for index in range(account.resting):
        order = order_at(account.book + index * _ORDER_SIZE)
        if order.symbol != symbol or order.state >= FILLED or order.live_ts > ts:
            continue
        if 0 < order.until <= ts:
            end_order(account, order, EXPIRED, OUT_OF_TIME, ts)
        elif at_market(order):
            fill_order(account, order, ts, price, NEVER, False)
        elif _meet_open(account, order, ts, price, before):
            waiting = True
    if load_i8(account.resting_of, symbol) == 0:
        return
    high, low = load_f8(prices, HIGH * plane + at), load_f8(prices, LOW * plane + at)
    if waiting:
        _meet_range(account, symbol, ts, high, low)
    close, closing = load_f8(prices, CLOSE * plane + at), load_i8(closes, at)
    _end_bar(account, symbol, ts, high, low, close, closing >= account.session_close)

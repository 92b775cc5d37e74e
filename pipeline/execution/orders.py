"""Orders: what one is, what it waits for, and how it ends.

    ORDER record                                            kinds and what they wait for
    +--------------------------------------------------+    MARKET         the next open
    | order_id, ts, symbol, quantity, filled, price,   |    LIMIT          limit or better
    | kind, state, done_ts, limit, stop, until,        |    STOP           stop or worse
    | reason, parent, found, allowed       as reported |    STOP_LIMIT     stop, then limit
    | trail, trail_fraction, live_ts, group, children, |    TRAILING_STOP  a stop that follows
    | midway, paid, charge, made          for matching |    ON_OPEN        a session's open
    +--------------------------------------------------+    ON_CLOSE       a session's close

A stop that was reached and is not wholly filled yet goes on as a market order. An order waits in
the inbox until its moment is over, so the book that is being matched never changes under the match
(`execution.book`). Inbox and book are in order of id.
"""

from typing import Any

import numpy as np

from pipeline.codes import (
    ACCEPTED,
    CANCELLED,
    ENTRY_ENDED,
    FILLED,
    GTC,
    LIMIT,
    MARKET,
    NO_POSITION,
    ON_OPEN,
    OTHER_FILLED,
    STOP,
    STOP_LIMIT,
    TRAILING_STOP,
)
from pipeline.execution.tolerance import added, multiple, on_step, steps_of
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, record_at, store_f8, store_i8

#: One order, as it rests and as it is reported. All money is in the symbol's currency.
ORDER: np.dtype[Any] = np.dtype(
    [
        ("order_id", "i8"),  # Orders of a lane count from 1.
        ("ts", "i8"),  # When it was placed, ns UTC.
        ("symbol", "i8"),  # Index of its symbol.
        ("quantity", "f8"),  # Units, signed: + buys.
        ("filled", "f8"),  # The part of them that was filled, signed.
        ("price", "f8"),  # Average price of its fills, NaN before the first.
        ("kind", "i8"),  # One of `codes.ORDER_KINDS`.
        ("state", "i8"),  # One of `codes.ORDER_STATES`.
        ("done_ts", "i8"),  # When it ended, ns UTC; 0 while it rests.
        ("limit", "f8"),  # Its limit, NaN without one.
        ("stop", "f8"),  # Its stop, NaN without one.
        ("until", "i8"),  # How long it lasts: ns UTC, or one of `codes.TIMES_IN_FORCE`.
        ("reason", "i8"),  # Why it ended or was placed: one of `codes.REASONS`.
        ("parent", "i8"),  # Entry whose fill makes it live and whose position it closes; 0: none.
        ("found", "f8"),  # Of a rejected order, the value that the limit is about, else NaN.
        ("allowed", "f8"),  # Of a rejected order, the value that the limit allows, else NaN.
        ("trail", "f8"),  # Distance of a trailing stop as an amount, NaN without one.
        ("trail_fraction", "f8"),  # Its distance as a fraction of the price, NaN without one.
        ("live_ts", "i8"),  # From when it may be filled, ns UTC; NEVER while it waits for one.
        ("group", "i8"),  # A fill of one order cancels the others of its group; 0 for none.
        ("children", "i8"),  # 1 if it is the parent of orders.
        ("midway", "i8"),  # Open of the bar in which it became live or was triggered, so that
        # not all of that bar's range counts; NEVER where there is no such bar.
        ("paid", "f8"),  # Commission that it has paid so far.
        ("charge", "f8"),  # What its fills were charged, without the part per order; under a
        # function of the user's own, what was traded in the month before its first fill.
        ("made", "f8"),  # Units x price that it filled as a maker.
        ("marks", "i8"),  # Bits of what notes have to know of it, see `marks`.
    ]
)
#: What of an order is reported: its fields up to `allowed`.
REPORTED: np.dtype[Any] = np.dtype(ORDER.descr[: ORDER.names.index("trail")])  # type: ignore[union-attr]
_ORDER_SIZE = ORDER.itemsize

order_at = record_at(ORDER)

NEVER = np.iinfo(np.int64).max


@kernel()
def known_address(account: Any, index: int) -> int:
    """Return the address of an order of the book or, behind these, of the inbox."""
    if index < account.resting:
        return account.book + index * _ORDER_SIZE
    return account.inbox + (index - account.resting) * _ORDER_SIZE


@kernel()
def _search(orders: int, count: int, order_id: int) -> int:
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


@kernel()
def find_order(account: Any, order_id: int) -> int:
    """Return the address of an order at rest, 0 if it is unknown or done."""
    address = _search(account.book, account.resting, order_id)
    if address == 0:
        address = _search(account.inbox, account.inbox_count, order_id)
    if address == 0 or order_at(address).state >= FILLED:
        return 0
    return address


@kernel()
def check_symbol(account: Any, symbol: int) -> None:
    """Refuse a symbol index that the run does not have (IndexError)."""
    if symbol < 0 or symbol >= account.symbols:
        raise IndexError("symbol is not one of this run's symbols")


@kernel()
def whole_lots(account: Any, symbol: int, quantity: float) -> float:
    """Return a quantity cut to whole lots, towards zero; as it is where there are no lots."""
    lot = load_f8(account.lot, symbol)
    if lot == 0.0:
        return quantity
    return np.copysign(multiple(np.floor(steps_of(abs(quantity), lot)), lot), quantity)


@kernel()
def on_tick(account: Any, symbol: int, price: float, up: bool) -> float:
    """Return a price moved to the next tick, up or down; as it is where there are no ticks."""
    tick = load_f8(account.tick, symbol)
    if tick == 0.0:
        return price
    count = steps_of(price, tick)
    return multiple(np.ceil(count) if up else np.floor(count), tick)


@kernel()
def add_units(account: Any, symbol: int, one: float, other: float, slack: float) -> float:
    """Return the sum of two quantities of a symbol; `tolerance.added` describes ``slack``.

    Where there are lots it is put on whole ones, and they alone say what is nothing.
    """
    lot = load_f8(account.lot, symbol)
    return added(one, other, slack) if lot == 0.0 else on_step(one + other, lot)


@kernel()
def in_lots(account: Any, symbol: int, quantity: float) -> float:
    """Return the quantity of an order on whole lots if it is within the tolerance of some."""
    lot = load_f8(account.lot, symbol)
    if lot == 0.0:
        return quantity
    units = on_step(quantity, lot)
    return quantity if units == 0.0 else units


@kernel()
def left_of(account: Any, order: Any) -> float:
    """Return what of an order is not filled, signed; exactly 0 if that is nothing."""
    if order.filled == 0.0:
        return order.quantity
    return add_units(account, order.symbol, order.quantity, -order.filled, 0.0)


@kernel()
def at_market(order: Any) -> bool:
    """Whether an order fills at the next open: a market order, or a stop that was reached."""
    kind = order.kind
    return kind == MARKET or (kind in (STOP, TRAILING_STOP) and order.state != ACCEPTED)


@kernel()
def is_pending(order: Any) -> bool:
    """Whether an order waits for a time only, not for a price."""
    return order.kind >= ON_OPEN or at_market(order)


@kernel()
def waits_for_stop(order: Any) -> bool:
    """Whether an order waits for the market to reach its stop."""
    kind = order.kind
    return LIMIT < kind <= TRAILING_STOP and order.state == ACCEPTED


@kernel()
def waits_for_limit(order: Any) -> bool:
    """Whether an order waits for its limit or better."""
    kind = order.kind
    return kind == LIMIT or (kind == STOP_LIMIT and order.state != ACCEPTED)


@kernel()
def add_pending(account: Any, symbol: int, quantity: float) -> None:
    """Change the signed sum of what waits for a time only."""
    pending = load_f8(account.pending, symbol)
    total = quantity if pending == 0.0 else add_units(account, symbol, pending, quantity, 0.0)
    store_f8(account.pending, symbol, total)


@kernel()
def join_pending(account: Any, order: Any) -> None:
    """Count an order among those that wait for a time only."""
    symbol = order.symbol
    store_i8(account.waiting, symbol, load_i8(account.waiting, symbol) + 1)
    add_pending(account, symbol, left_of(account, order))


@kernel()
def _leave_pending(account: Any, order: Any) -> None:
    """Take an order out of those that wait for a time only."""
    symbol = order.symbol
    waiting = load_i8(account.waiting, symbol) - 1
    store_i8(account.waiting, symbol, waiting)
    if waiting == 0:
        # The sum of nothing is zero, whatever rounding left of it.
        store_f8(account.pending, symbol, 0.0)
    else:
        add_pending(account, symbol, -left_of(account, order))


@kernel()
def unsettle(account: Any, symbol: int) -> None:
    """Have the next bar of a symbol look at all its orders (see `matching.match_bar`)."""
    store_f8(account.quiet_high, symbol, -np.inf)


@kernel()
def calm(account: Any, symbol: int) -> None:
    """Note that no order of a symbol has anything to do at any price."""
    store_f8(account.quiet_low, symbol, -np.inf)
    store_f8(account.quiet_high, symbol, np.inf)


@kernel()
def narrow(account: Any, order: Any) -> None:
    """Narrow the range of prices in which nothing has to be done for one order at rest."""
    symbol = order.symbol
    if order.kind >= TRAILING_STOP or order.until != GTC or at_market(order):
        unsettle(account, symbol)
        return
    stop = waits_for_stop(order)
    price = order.stop if stop else order.limit
    if (order.quantity > 0.0) == stop:
        store_f8(account.quiet_high, symbol, min(price, load_f8(account.quiet_high, symbol)))
    else:
        store_f8(account.quiet_low, symbol, max(price, load_f8(account.quiet_low, symbol)))


@kernel()
def trailed(account: Any, order: Any, best: float) -> float:
    """Return where a trailing stop stands after the best price ``best``."""
    buys = order.quantity > 0.0
    distance = order.trail if order.trail > 0.0 else order.trail_fraction * best
    return on_tick(account, order.symbol, best + distance if buys else best - distance, buys)


@kernel()
def _end_one(account: Any, order: Any, state: int, reason: int, ts: int) -> None:
    if is_pending(order):
        _leave_pending(account, order)
    order.state = state
    order.reason = reason
    order.done_ts = ts
    symbol = order.symbol
    store_i8(account.resting_of, symbol, load_i8(account.resting_of, symbol) - 1)
    account.done += 1


@kernel()
def closes_nothing(account: Any, order: Any) -> bool:
    """Whether there is no position that the rest of an order could make smaller."""
    return load_f8(account.position, order.symbol) * left_of(account, order) >= 0.0


@kernel()
def end_order(account: Any, order: Any, state: int, reason: int, ts: int) -> None:
    """Give an order its final state; what still waits for a fill of it ends with it.

    So do legs of an entry filled in parts that can close nothing; another fill may name its reason.
    """
    _end_one(account, order, state, reason, ts)
    if order.children != 0 and state != FILLED:
        for index in range(account.resting + account.inbox_count):
            child = order_at(known_address(account, index))
            if child.parent != order.order_id or child.state >= FILLED:
                continue
            if child.live_ts == NEVER:
                _end_one(account, child, CANCELLED, ENTRY_ENDED, ts)
            elif reason != OTHER_FILLED and closes_nothing(account, child):
                _end_one(account, child, CANCELLED, NO_POSITION, ts)

"""Placing, changing and taking back orders: what a strategy may do with them.

An order that cannot be meant (a quantity that is not a number, a bracket inside out) raises, and
the run ends at the strategy's line. One that the market or the account would not take is recorded
as rejected (`execution.limits`), and the run goes on.
"""

from typing import Any

import numpy as np

from pipeline.codes import (
    ACCEPTED,
    BY_STRATEGY,
    CANCELLED,
    ENTRY_ENDED,
    FILLED,
    FOK,
    GTC,
    LIMIT,
    MARKET,
    NO_REASON,
    ON_CLOSE,
    REJECTED,
    STOP,
    STOP_LIMIT,
    TRAILING_STOP,
)
from pipeline.execution.latency import change_order, send, send_order, set_values
from pipeline.execution.limits import refusal
from pipeline.execution.marks import marks_of
from pipeline.execution.orders import (
    NEVER,
    ORDER,
    add_units,
    calm,
    check_symbol,
    end_order,
    find_order,
    in_lots,
    is_pending,
    join_pending,
    known_address,
    left_of,
    narrow,
    on_tick,
    order_at,
    trailed,
)
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, store_i8

#: What is raised for a trailing stop of a symbol that has no price.
NO_BAR = "a trailing stop needs a bar of its symbol before it"

#: What is raised for an ``until`` that is no time of now's scale and none of the constants.
BAD_UNTIL = (
    "until must be tif.GTC, tif.DAY, tif.IOC, tif.FOK or a time to come in ns UTC, such as "
    "ctx.now + 30 * MINUTE"
)
#: An ``until`` that is less than now by this factor is no time in ns.
_SCALE = 100

_ORDER_SIZE = ORDER.itemsize


@kernel()
def newest(account: Any) -> int:
    """Return the address of the order placed last at this moment (a record would be a copy)."""
    return known_address(account, account.resting + account.inbox_count - 1)


@kernel()
def _check_order(
    account: Any, symbol: int, quantity: float, kind: int, limit: float, stop: float, until: int
) -> None:
    check_symbol(account, symbol)
    _check_quantity(quantity)
    if kind in (LIMIT, STOP_LIMIT) and not np.isfinite(limit):
        raise ValueError("the limit of an order must be finite")
    if kind in (STOP, STOP_LIMIT) and not np.isfinite(stop):
        raise ValueError("the stop of an order must be finite")
    # A number of bars, or a time in seconds to microseconds, is far below now in ns.
    if until < FOK or 0 < until < account.now // _SCALE:
        raise ValueError(BAD_UNTIL)
    _check_room(account)


@kernel()
def _check_quantity(quantity: float) -> None:
    if quantity == 0.0 or not np.isfinite(quantity):
        raise ValueError("the quantity of an order must be finite and not zero")


@kernel()
def _check_room(account: Any) -> None:
    if account.inbox_count == account.inbox_capacity:
        raise RuntimeError("too many orders placed at one moment")


@kernel()
def append_order(
    account: Any, symbol: int, quantity: float, kind: int, limit: float, stop: float, until: int
) -> None:
    """Write a new order to the inbox. Prices go to the next tick, the careful way."""
    order = order_at(account.inbox + account.inbox_count * _ORDER_SIZE)
    account.inbox_count += 1
    order.order_id = account.next_order
    account.next_order += 1
    order.ts = account.now
    order.symbol = symbol
    order.quantity = in_lots(account, symbol, quantity)
    order.filled = 0.0
    order.price = np.nan
    order.kind = kind
    order.state = ACCEPTED
    order.done_ts = 0
    order.limit = on_tick(account, symbol, limit, quantity < 0.0)
    order.stop = on_tick(account, symbol, stop, quantity > 0.0)
    order.until = until
    order.reason = NO_REASON
    order.parent = 0
    order.found = np.nan
    order.allowed = np.nan
    order.trail = np.nan
    order.trail_fraction = np.nan
    order.live_ts = account.now
    order.group = 0
    order.children = 0
    order.midway = NEVER
    order.paid = order.charge = order.made = 0.0
    order.marks = marks_of(account, order)
    _watch_prices(account, symbol, limit, stop)


@kernel()
def _watch_prices(account: Any, symbol: int, limit: float, stop: float) -> None:
    """Count an order with a price at zero or below, of a symbol whose last price is above it."""
    if limit <= 0.0 or stop <= 0.0:
        account.below_zero += load_f8(account.last_price, symbol) > 0.0


@kernel(forceinline=True)
def rest(account: Any, order: Any) -> None:
    """Count an order just accepted among those at rest."""
    symbol = order.symbol
    if is_pending(order):
        join_pending(account, order)
    resting = load_i8(account.resting_of, symbol)
    store_i8(account.resting_of, symbol, resting + 1)
    if resting == 0:
        calm(account, symbol)
    narrow(account, order)


@kernel(forceinline=True)
def _admit(account: Any) -> int:
    """Accept the order just written, or reject it; its id."""
    order = order_at(newest(account))
    reason = refusal(account, order)
    if reason == NO_REASON:
        if account.delayed != 0:
            send_order(account, order)
        rest(account, order)
    else:
        order.state = REJECTED
        order.reason = reason
        order.done_ts = account.now
        account.done += 1
        account.rejected += 1
    return order.order_id


@kernel(forceinline=True)
def place(
    account: Any, symbol: int, quantity: float, kind: int, limit: float, stop: float, until: int
) -> int:
    """Place an order for ``quantity`` units (+ buy, - sell); its id, from 1.

    Raises IndexError for a symbol the run does not have, ValueError for a quantity that is zero or
    not finite, for a price that the kind needs and that is not finite and for an ``until`` that is
    neither a time in ns nor GTC, DAY, IOC or FOK, RuntimeError when a single moment places more
    orders than the inbox holds. What breaks a limit is placed as rejected.
    """
    _check_order(account, symbol, quantity, kind, limit, stop, until)
    append_order(account, symbol, quantity, kind, limit, stop, until)
    return _admit(account)


@kernel()
def place_exit(account: Any, symbol: int) -> int:
    """Place an order that closes the position at this session's close; the order's id.

    Its quantity is 0 until then, and what is held then afterwards. If one is at rest for the
    symbol, that one's id is returned. What is placed at the very close is for the next session's,
    so one that was placed before is another. It only closes, so no limit is asked. Raises as
    `place`.
    """
    check_symbol(account, symbol)
    for index in range(account.resting + account.inbox_count):
        order = order_at(known_address(account, index))
        if order.symbol != symbol or order.state >= FILLED or order.quantity != 0.0:
            continue
        if account.now < account.session_close or order.ts >= account.session_close:
            return order.order_id
    _check_room(account)
    append_order(account, symbol, 0.0, ON_CLOSE, np.nan, np.nan, GTC)
    order = order_at(newest(account))
    if account.delayed != 0:
        send_order(account, order)
    rest(account, order)
    return order.order_id


@kernel()
def place_market(account: Any, symbol: int, quantity: float) -> int:
    """Place a market order; its id. Raises as `place`."""
    return place(account, symbol, quantity, MARKET, np.nan, np.nan, GTC)


@kernel()
def on_target(account: Any, symbol: int, quantity: float) -> bool:
    """Whether position plus pending orders come to ``quantity``, to the last bit.

    False for a symbol that the run does not have.
    """
    if symbol < 0 or symbol >= account.symbols:
        return False
    return load_f8(account.position, symbol) + load_f8(account.pending, symbol) == quantity


@kernel()
def place_target(account: Any, symbol: int, quantity: float) -> int:
    """Order what is missing from position plus pending orders to ``quantity``; 0 if nothing is."""
    check_symbol(account, symbol)
    if not np.isfinite(quantity):
        raise ValueError("the target quantity must be finite")
    position, slack = load_f8(account.position, symbol), load_f8(account.slack, symbol)
    held = add_units(account, symbol, position, load_f8(account.pending, symbol), slack)
    missing = add_units(account, symbol, quantity, -held, slack)
    if missing == 0.0:
        return 0
    return place_market(account, symbol, missing)


@kernel()
def place_trailing(
    account: Any, symbol: int, quantity: float, trail: float, fraction: float, until: int
) -> int:
    """Place a stop that follows the best price since at a distance: in price, or as a fraction.

    It starts from the symbol's last close. Exactly one of the two must be above 0 and finite and
    the other NaN; ValueError otherwise, and before the symbol's first bar.
    """
    _check_order(account, symbol, quantity, TRAILING_STOP, np.nan, np.nan, until)
    if np.isnan(trail) and np.isnan(fraction):
        raise ValueError("a trailing stop needs an amount, or a percent, of which 2 is 2 %")
    if not (np.isnan(trail) or np.isnan(fraction)):
        raise ValueError("a trailing stop takes an amount or a percent, only one of the two")
    distance = fraction if np.isnan(trail) else trail
    if not (distance > 0.0 and np.isfinite(distance)):
        raise ValueError("the amount or percent of a trailing stop must be above 0 and finite")
    last = load_f8(account.last_price, symbol)
    if not np.isfinite(last):
        raise ValueError(NO_BAR)
    append_order(account, symbol, quantity, TRAILING_STOP, np.nan, np.nan, until)
    order = order_at(newest(account))
    order.trail, order.trail_fraction = trail, fraction
    order.stop = trailed(account, order, last)
    _watch_prices(account, symbol, np.nan, order.stop)
    return _admit(account)


@kernel()
def place_bracket(
    account: Any,
    symbol: int,
    quantity: float,
    stop_loss: float,
    take_profit: float,
    limit: float,
    stop: float,
    until: int,
) -> int:
    """Place an entry and the orders that its fill makes live; the entry's id.

    The stop-loss has the next id, the take-profit the one after (either may be NaN: none). A fill
    of one cancels the other, and neither does more than close the position. With a ``limit``, a
    ``stop`` or both the entry waits for them, else it is a market order. ValueError if a
    protecting price is on the wrong side of the entry's.
    """
    if np.isnan(stop_loss) and np.isnan(take_profit):
        raise ValueError("a bracket needs a stop_loss or a take_profit")
    _check_quantity(quantity)
    price = limit if np.isnan(stop) else stop
    if quantity > 0.0:
        if stop_loss >= take_profit:
            raise ValueError("the stop_loss of a bracket that buys must be below its take_profit")
        if stop_loss >= price:
            raise ValueError("the stop_loss of a bracket that buys must be below its entry")
        if take_profit <= price:
            raise ValueError("the take_profit of a bracket that buys must be above its entry")
    else:
        if stop_loss <= take_profit:
            raise ValueError("the stop_loss of a bracket that sells must be above its take_profit")
        if stop_loss <= price:
            raise ValueError("the stop_loss of a bracket that sells must be above its entry")
        if take_profit >= price:
            raise ValueError("the take_profit of a bracket that sells must be below its entry")
    kind = MARKET
    if not np.isnan(stop):
        kind = STOP if np.isnan(limit) else STOP_LIMIT
    elif not np.isnan(limit):
        kind = LIMIT
    entry = place(account, symbol, quantity, kind, limit, stop, until)
    order_at(newest(account)).children = 1
    if not np.isnan(stop_loss):
        _place_leg(account, entry, symbol, -quantity, STOP, np.nan, stop_loss)
    if not np.isnan(take_profit):
        _place_leg(account, entry, symbol, -quantity, LIMIT, take_profit, np.nan)
    return entry


@kernel()
def _place_leg(
    account: Any, entry: int, symbol: int, quantity: float, kind: int, limit: float, stop: float
) -> None:
    """Place an order that waits for ``entry``; it only closes, so no limit is asked."""
    _check_order(account, symbol, quantity, kind, limit, stop, GTC)
    append_order(account, symbol, quantity, kind, limit, stop, GTC)
    order = order_at(newest(account))
    order.parent = entry
    order.group = entry
    order.live_ts = NEVER
    account.legs = 1
    rest(account, order)
    if find_order(account, entry) == 0:  # rejected
        end_order(account, order, CANCELLED, ENTRY_ENDED, account.now)


@kernel()
def cancel(account: Any, order_id: int) -> bool:
    """Cancel an order that still rests, and what waits for it; False if unknown or done.

    With a latency it may still be filled until the cancellation is there.
    """
    address = find_order(account, order_id)
    if address == 0:
        return False
    order = order_at(address)
    if account.delayed != 0:
        send(account, order, 0.0, np.nan, np.nan)
    else:
        end_order(account, order, CANCELLED, BY_STRATEGY, account.now)
    return True


@kernel()
def replace(account: Any, order_id: int, quantity: float, limit: float, stop: float) -> bool:
    """Change an order at rest; NaN leaves a value as it is.

    False if it is unknown or done, or would break a limit with the change: it then rests as it was.
    One that is to become no more than what is filled of it becomes just that, and ends, which no
    limit forbids. With a latency it is judged now and changed when the change is there.
    ValueError for a quantity of another sign or zero, and for a price the order does not have.
    """
    address = find_order(account, order_id)
    if address == 0:
        return False
    order = order_at(address)
    if order.quantity == 0.0:
        raise ValueError("replace cannot change an exit on the close: it has no quantity")
    same_side = quantity * order.quantity > 0.0 and np.isfinite(quantity)
    if not np.isnan(quantity) and not same_side:
        raise ValueError("replace cannot turn an order around: its quantity keeps its sign")
    if np.isnan(order.limit) and not np.isnan(limit):
        raise ValueError("replace cannot give a limit to an order that has none")
    if np.isnan(order.stop) and not np.isnan(stop):
        raise ValueError("replace cannot give a stop to an order that has none")
    _watch_prices(account, order.symbol, limit, stop)
    before = order.quantity, order.limit, order.stop
    set_values(account, order, quantity, limit, stop)
    ends = left_of(account, order) * order.quantity <= 0.0
    refused = order.parent == 0 and not ends and refusal(account, order) != NO_REASON
    order.quantity, order.limit, order.stop = before
    if refused:
        order.found = order.allowed = np.nan
        account.unchanged += 1
        return False
    if account.delayed != 0:
        send(account, order, quantity, limit, stop)
    else:
        change_order(account, order, quantity, limit, stop, account.now)
    return True


@kernel()
def one_cancels_other(account: Any, first: int, second: int) -> bool:
    """Have a fill of either order cancel the other; False if one is unknown or done."""
    one, other = find_order(account, first), find_order(account, second)
    if one == 0 or other == 0 or one == other:
        return False
    group = order_at(one).group
    if group == 0:
        group = order_at(other).group
    if group == 0:
        group = min(first, second)
    order_at(one).group = group
    order_at(other).group = group
    return True

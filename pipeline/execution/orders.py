"""Orders: what a strategy may place, change and take back.

    ORDER record                                            kinds and what they wait for
    +--------------------------------------------------+    MARKET         the next open
    | order_id, ts, symbol, quantity, filled, price,   |    LIMIT          limit or better
    | kind, state, done_ts, limit, stop, until,        |    STOP           stop or worse
    | reason, parent                       as reported |    STOP_LIMIT     stop, then limit
    | trail, trail_fraction, live_ts, group, children, |    TRAILING_STOP  a stop that follows
    | midway                          for the matching |    ON_OPEN        a session's open
    +--------------------------------------------------+    ON_CLOSE       a session's close

An order waits in the inbox until its moment is over, so the book that is being matched never
changes under the match (`execution.book`). Inbox and book are in order of id.
"""

from typing import Any

import numpy as np
from numba import njit

from pipeline.execution.memory import load_f8, load_i8, record_at, store_f8, store_i8

#: One order, as it rests and as it is reported. ``quantity`` and ``filled`` are signed (+ buy);
#: ``price`` is the average fill price, NaN while there is none; ``done_ts`` 0 while it rests.
#: ``live_ts``: from when it may be filled; ``parent``: the entry whose fill makes it live, and of
#: whose position it then closes no more than there is; ``children``: it has such orders itself;
#: ``group``: a fill of one cancels the others; ``midway``: open of the bar within which it became
#: live or was triggered, so that not all of that bar's range counts.
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
        ("limit", "f8"),
        ("stop", "f8"),
        ("until", "i8"),
        ("reason", "i8"),
        ("parent", "i8"),
        ("trail", "f8"),
        ("trail_fraction", "f8"),
        ("live_ts", "i8"),
        ("group", "i8"),
        ("children", "i8"),
        ("midway", "i8"),
    ]
)
_ORDER_SIZE = ORDER.itemsize

order_at = record_at(ORDER)

MARKET, LIMIT, STOP, STOP_LIMIT, TRAILING_STOP, ON_OPEN, ON_CLOSE = range(7)
#: States; below FILLED an order is at rest.
ACCEPTED, TRIGGERED, FILLED, CANCELLED, EXPIRED = range(5)
#: Why an order ended without a fill.
NO_REASON, BY_STRATEGY, OTHER_FILLED, ENTRY_ENDED, NO_POSITION, OUT_OF_TIME, NOT_AT_ONCE = range(7)
#: Values of ``until`` other than a time, ns UTC: until cancelled, until the session closes, only
#: at the first bar that it meets.
GTC, DAY, IOC = 0, -1, -2

NEVER = np.iinfo(np.int64).max

#: A target closer to what is held than this share of both is taken as reached: the last bit of a
#: sum of fractional fills must not make an order.
_SAME = 1e-12


@njit(cache=True)
def known_address(account: Any, index: int) -> int:
    """Return the address of an order of the book or, behind these, of the inbox."""
    if index < account.resting:
        return account.book + index * _ORDER_SIZE
    return account.inbox + (index - account.resting) * _ORDER_SIZE


@njit(cache=True)
def _newest(account: Any) -> int:
    """Return the address of the order placed last at this moment."""
    return known_address(account, account.resting + account.inbox_count - 1)


@njit(cache=True)
def check_symbol(account: Any, symbol: int) -> None:
    """Refuse a symbol index that the run does not have (IndexError)."""
    if symbol < 0 or symbol >= account.symbols:
        raise IndexError("symbol is not one of this run's symbols")


@njit(cache=True)
def is_unconditional(kind: int) -> bool:
    """Whether an order of this kind waits for a time only, not for a price."""
    return kind == MARKET or kind >= ON_OPEN


@njit(cache=True)
def waits_for_stop(order: Any) -> bool:
    """Whether an order waits for the market to reach its stop."""
    kind = order.kind
    return LIMIT < kind <= TRAILING_STOP and order.state != TRIGGERED


@njit(cache=True)
def unsettle(account: Any, symbol: int) -> None:
    """Have the next bar of a symbol look at all its orders (see `fills.match_bar`)."""
    store_f8(account.quiet_high, symbol, -np.inf)


@njit(cache=True)
def calm(account: Any, symbol: int) -> None:
    """Note that no order of a symbol has anything to do at any price."""
    store_f8(account.quiet_low, symbol, -np.inf)
    store_f8(account.quiet_high, symbol, np.inf)


@njit(cache=True)
def narrow(account: Any, order: Any) -> None:
    """Narrow the range of prices in which nothing has to be done for one order at rest."""
    symbol = order.symbol
    if order.kind == MARKET or order.kind >= TRAILING_STOP or order.until != GTC:
        unsettle(account, symbol)
        return
    stop = waits_for_stop(order)
    price = order.stop if stop else order.limit
    if (order.quantity > 0.0) == stop:
        store_f8(account.quiet_high, symbol, min(price, load_f8(account.quiet_high, symbol)))
    else:
        store_f8(account.quiet_low, symbol, max(price, load_f8(account.quiet_low, symbol)))


@njit(cache=True)
def place(
    account: Any, symbol: int, quantity: float, kind: int, limit: float, stop: float, until: int
) -> int:
    """Place an order for ``quantity`` units (+ buy, - sell); its id, from 1.

    Raises IndexError for a symbol the run does not have, ValueError for a quantity that is zero or
    not finite, for a price that the kind needs and that is not finite and for an ``until`` that is
    neither a time nor GTC, DAY or IOC, RuntimeError when a single moment places more orders than
    the inbox holds.
    """
    check_symbol(account, symbol)
    if quantity == 0.0 or not np.isfinite(quantity):
        raise ValueError("the quantity of an order must be finite and not zero")
    if kind in (LIMIT, STOP_LIMIT) and not np.isfinite(limit):
        raise ValueError("the limit of an order must be finite")
    if kind in (STOP, STOP_LIMIT) and not np.isfinite(stop):
        raise ValueError("the stop of an order must be finite")
    if until < IOC:
        raise ValueError("until must be a time in ns, tif.GTC, tif.DAY or tif.IOC")
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
    order.kind = kind
    order.state = ACCEPTED
    order.done_ts = 0
    order.limit = limit
    order.stop = stop
    order.until = until
    order.reason = NO_REASON
    order.parent = 0
    order.trail = np.nan
    order.trail_fraction = np.nan
    order.live_ts = account.now
    order.group = 0
    order.children = 0
    order.midway = NEVER
    account.next_order += 1
    if is_unconditional(kind):
        store_f8(account.pending, symbol, load_f8(account.pending, symbol) + quantity)
    resting = load_i8(account.resting_of, symbol)
    store_i8(account.resting_of, symbol, resting + 1)
    if resting == 0:
        calm(account, symbol)
    narrow(account, order)
    return order.order_id


@njit(cache=True)
def place_market(account: Any, symbol: int, quantity: float) -> int:
    """Place a market order; its id. Raises as `place`."""
    return place(account, symbol, quantity, MARKET, np.nan, np.nan, GTC)


@njit(cache=True)
def place_target(account: Any, symbol: int, quantity: float) -> int:
    """Order what is missing from position plus pending orders to ``quantity``; 0 if nothing is."""
    check_symbol(account, symbol)
    if not np.isfinite(quantity):
        raise ValueError("the target quantity must be finite")
    held = load_f8(account.position, symbol) + load_f8(account.pending, symbol)
    missing = quantity - held
    if abs(missing) <= _SAME * (abs(quantity) + abs(held)):
        return 0
    return place_market(account, symbol, missing)


@njit(cache=True)
def place_trailing(
    account: Any, symbol: int, quantity: float, trail: float, fraction: float, until: int
) -> int:
    """Place a stop that follows the best price since at a distance: in price, or as a fraction.

    It starts from the symbol's last close. Exactly one of the two must be above 0 and the other
    NaN; ValueError otherwise, and before the symbol's first bar.
    """
    check_symbol(account, symbol)
    if not ((trail > 0.0) ^ (fraction > 0.0)):
        raise ValueError("a trailing stop needs either an amount or a fraction above 0")
    last = load_f8(account.last_price, symbol)
    if not np.isfinite(last):
        raise ValueError("a trailing stop needs a bar of its symbol before it")
    stop = trailed(last, quantity, trail, fraction)
    order_id = place(account, symbol, quantity, TRAILING_STOP, np.nan, stop, until)
    order = order_at(_newest(account))
    order.trail, order.trail_fraction = trail, fraction
    return order_id


@njit(cache=True)
def trailed(best: float, quantity: float, trail: float, fraction: float) -> float:
    """Return where a trailing stop stands after the best price ``best``."""
    distance = trail if trail > 0.0 else fraction * best
    return best + distance if quantity > 0.0 else best - distance


@njit(cache=True)
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
        raise ValueError("a bracket needs a stop-loss or a take-profit")
    side = 1.0 if quantity > 0.0 else -1.0
    price = limit if np.isnan(stop) else stop
    if side * (take_profit - stop_loss) <= 0.0 or side * (price - stop_loss) <= 0.0:
        raise ValueError("the stop-loss of a bracket must lie behind its entry and its profit")
    if side * (take_profit - price) <= 0.0:
        raise ValueError("the take-profit of a bracket must lie ahead of its entry")
    kind = MARKET
    if not np.isnan(stop):
        kind = STOP if np.isnan(limit) else STOP_LIMIT
    elif not np.isnan(limit):
        kind = LIMIT
    entry = place(account, symbol, quantity, kind, limit, stop, until)
    order_at(_newest(account)).children = 1
    if not np.isnan(stop_loss):
        place(account, symbol, -quantity, STOP, np.nan, stop_loss, GTC)
        _make_child(account, entry)
    if not np.isnan(take_profit):
        place(account, symbol, -quantity, LIMIT, take_profit, np.nan, GTC)
        _make_child(account, entry)
    return entry


@njit(cache=True)
def _make_child(account: Any, entry: int) -> None:
    """Have the order placed last wait for ``entry``."""
    order = order_at(_newest(account))
    order.parent = entry
    order.group = entry
    order.live_ts = NEVER


@njit(cache=True)
def _end_one(account: Any, order: Any, state: int, reason: int, ts: int) -> None:
    order.state = state
    order.reason = reason
    order.done_ts = ts
    symbol = order.symbol
    resting = load_i8(account.resting_of, symbol) - 1
    store_i8(account.resting_of, symbol, resting)
    if resting == 0:
        # With nothing at rest the sum is zero by definition, whatever rounding left of it.
        store_f8(account.pending, symbol, 0.0)
    elif is_unconditional(order.kind):
        store_f8(account.pending, symbol, load_f8(account.pending, symbol) - order.quantity)
    account.done += 1


@njit(cache=True)
def end_order(account: Any, order: Any, state: int, reason: int, ts: int) -> None:
    """Give an order its final state; without a fill, what waits for it ends with it."""
    _end_one(account, order, state, reason, ts)
    if order.children != 0 and state != FILLED:
        for index in range(account.resting + account.inbox_count):
            child = order_at(known_address(account, index))
            if child.parent == order.order_id and child.state < FILLED:
                _end_one(account, child, CANCELLED, ENTRY_ENDED, ts)


@njit(cache=True)
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


@njit(cache=True)
def _find(account: Any, order_id: int) -> int:
    """Return the address of an order at rest, 0 if it is unknown or done."""
    address = _search(account.book, account.resting, order_id)
    if address == 0:
        address = _search(account.inbox, account.inbox_count, order_id)
    if address == 0 or order_at(address).state >= FILLED:
        return 0
    return address


@njit(cache=True)
def cancel(account: Any, order_id: int) -> bool:
    """Cancel an order that still rests, and what waits for it; False if unknown or done."""
    address = _find(account, order_id)
    if address == 0:
        return False
    end_order(account, order_at(address), CANCELLED, BY_STRATEGY, account.now)
    return True


@njit(cache=True)
def replace(account: Any, order_id: int, quantity: float, limit: float, stop: float) -> bool:
    """Change an order at rest; NaN leaves a value as it is. False if it is unknown or done.

    ValueError for a quantity of another sign or zero, and for a price the order does not have.
    """
    address = _find(account, order_id)
    if address == 0:
        return False
    order = order_at(address)
    same_side = quantity * order.quantity > 0.0 and np.isfinite(quantity)
    if not np.isnan(quantity) and not same_side:
        raise ValueError("replace cannot turn an order around: its quantity keeps its sign")
    if np.isnan(order.limit) and not np.isnan(limit):
        raise ValueError("replace cannot give a limit to an order that has none")
    if np.isnan(order.stop) and not np.isnan(stop):
        raise ValueError("replace cannot give a stop to an order that has none")
    if not np.isnan(quantity):
        if is_unconditional(order.kind):
            change = quantity - order.quantity
            store_f8(account.pending, order.symbol, load_f8(account.pending, order.symbol) + change)
        order.quantity = quantity
    if not np.isnan(limit):
        order.limit = limit
    if not np.isnan(stop):
        order.stop = stop
    unsettle(account, order.symbol)
    return True


@njit(cache=True)
def one_cancels_other(account: Any, first: int, second: int) -> bool:
    """Have a fill of either order cancel the other; False if one is unknown or done."""
    one, other = _find(account, first), _find(account, second)
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

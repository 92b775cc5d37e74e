"""Limits that an order must keep before it goes out, and what the account's kind allows.

An order is judged when it is placed, at the price it names (its limit, else its stop, else the last
close), and with all orders at rest on its side as if they were filled, too; of other symbols with
those of the side that leads to the larger position. One that only reduces a position is not held up
by limits of money. Nothing is resized: an order is accepted as it is, or rejected with the name of
the limit, the value found and the value allowed.
"""

from typing import Any

import numpy as np

from pipeline.codes import (
    BUYING_POWER,
    CASH,
    FILLED,
    HOURS,
    LEVERAGE,
    LOT,
    NO_PRICE,
    NO_REASON,
    OPEN_POSITIONS,
    ORDER_VOLUME,
    PER_SYMBOL,
    PER_TRADE,
    SHORT_SALE,
    VOLUME,
)
from pipeline.execution.account import marked_equity
from pipeline.execution.orders import add_units, known_address, left_of, order_at, whole_lots
from pipeline.execution.tolerance import exceeds
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, store_f8


@kernel()
def price_of(account: Any, order: Any) -> float:
    """Return the price at which an order is valued; NaN before the symbol's first bar."""
    if np.isfinite(order.limit):
        return order.limit
    if np.isfinite(order.stop):
        return order.stop
    return load_f8(account.last_price, order.symbol)


@kernel()
def _sum_resting(account: Any) -> float:
    """Sum per symbol what the orders at rest would buy and sell; what the buys would cost.

    Orders that only close what another one opened do not count.
    """
    for symbol in range(account.symbols):
        store_f8(account.buys, symbol, 0.0)
        store_f8(account.sells, symbol, 0.0)
    cost = 0.0
    for index in range(account.resting + account.inbox_count):
        order = order_at(known_address(account, index))
        if order.state >= FILLED or order.parent != 0:
            continue
        symbol, left = order.symbol, left_of(account, order)
        if left > 0.0:
            store_f8(account.buys, symbol, load_f8(account.buys, symbol) + left)
            cost += left * price_of(account, order) * load_f8(account.multiplier, symbol)
        else:
            store_f8(account.sells, symbol, load_f8(account.sells, symbol) - left)
    return cost


@kernel()
def _led_to(account: Any, symbol: int, buys: bool) -> float:
    """Return the size of the position, in units, that the orders at rest of one side lead to."""
    held, slack = load_f8(account.position, symbol), load_f8(account.slack, symbol)
    more = load_f8(account.buys, symbol) if buys else -load_f8(account.sells, symbol)
    return abs(add_units(account, symbol, held, more, slack))


@kernel()
def _largest(account: Any, symbol: int) -> float:
    """Return the size of the largest position, in units, that the orders at rest can lead to."""
    return max(_led_to(account, symbol, True), _led_to(account, symbol, False))


@kernel()
def _exposure(account: Any, order: Any, price: float) -> float:
    """Return what all positions come to, long and short, if the orders at rest are filled.

    Of the order's symbol those on its side count, at ``price``; of others the side that leads to
    the larger position, at the last close.
    """
    total = 0.0
    for symbol in range(account.symbols):
        if symbol == order.symbol:
            units, at = _led_to(account, symbol, order.quantity > 0.0), price
        else:
            units, at = _largest(account, symbol), load_f8(account.last_price, symbol)
        if units != 0.0:
            total += units * at * load_f8(account.multiplier, symbol)
    return total


@kernel()
def _open_positions(account: Any) -> float:
    count = 0.0
    for symbol in range(account.symbols):
        if _largest(account, symbol) != 0.0:
            count += 1.0
    return count


@kernel()
def _reduces(account: Any, order: Any) -> bool:
    """Whether an order, with those at rest on its side, only makes a position smaller."""
    symbol = order.symbol
    held, slack = load_f8(account.position, symbol), load_f8(account.slack, symbol)
    if held * order.quantity >= 0.0:
        return False
    side = account.sells if order.quantity < 0.0 else account.buys
    return add_units(account, symbol, load_f8(side, symbol), -abs(held), slack) <= 0.0


@kernel()
def _watch_sale(account: Any, order: Any) -> None:
    """Note that an order, placed just now, makes a position smaller.

    Those that lacked room at this moment were refused beside it.
    """
    if order.ts != account.now:
        return
    account.reduced_ts = account.now
    if account.lacking_ts == account.now:
        account.beside_sales += account.lacking
        account.lacking = 0


@kernel()
def _watch_lack(account: Any, order: Any) -> None:
    """Count an order, placed just now, that is refused for want of room beside one that sells.

    Without one so far it waits for one of this moment.
    """
    if order.ts != account.now:
        return
    if account.reduced_ts == account.now:
        account.beside_sales += 1
        return
    if account.lacking_ts != account.now:
        account.lacking_ts = account.now
        account.lacking = 0
    account.lacking += 1


@kernel()
def _refuse(order: Any, reason: int, found: float, allowed: float) -> int:
    order.found = found
    order.allowed = allowed
    return reason


@kernel()
def _last_volume(account: Any, symbol: int) -> float:
    """Return the volume of a symbol's last base bar, 0 before the first."""
    if account.prices == 0:
        return 0.0
    row = load_i8(account.base_cursor, symbol)
    if row < 0:  # outside the lane's universe
        return 0.0
    at = symbol * account.stride + row
    volume = load_f8(account.prices, VOLUME * account.plane + at)
    return volume if volume > 0.0 else 0.0


@kernel()
def _refusal_of_size(account: Any, order: Any) -> int:
    """Judge what does not depend on money: lots, hours, and the volume of the last bar."""
    symbol, size = order.symbol, abs(order.quantity)
    lot = load_f8(account.lot, symbol)
    if lot > 0.0 and whole_lots(account, symbol, size) != size:
        return _refuse(order, LOT, size, lot)
    if account.now < account.hours_from:
        return _refuse(order, HOURS, float(account.now), float(account.hours_from))
    if account.now > account.hours_until:
        return _refuse(order, HOURS, float(account.now), float(account.hours_until))
    if account.max_order_volume < np.inf:
        allowed = account.max_order_volume * _last_volume(account, symbol)
        if exceeds(size, allowed):
            return _refuse(order, ORDER_VOLUME, size, allowed)
    return NO_REASON


@kernel(forceinline=True)
def refusal(account: Any, order: Any) -> int:
    """Return why an order, new or just changed, is rejected; NO_REASON if it is not.

    Notes in the order the value found and the value allowed.
    """
    reason = _refusal_of_size(account, order)
    if reason == NO_REASON and np.isnan(load_f8(account.multiplier, order.symbol)):
        return _refuse(order, NO_PRICE, np.nan, np.nan)  # foreign, and there is no rate yet
    if reason != NO_REASON or account.limited == 0:
        return reason
    return _refusal_by_limits(account, order)


@kernel()
def _refusal_by_limits(account: Any, order: Any) -> int:
    """Do as `refusal` where the run sets limits, for an order of an allowed size."""
    cost = _sum_resting(account)
    if _reduces(account, order):
        _watch_sale(account, order)
        return NO_REASON
    reason = _refusal_of_value(account, order, cost)
    if reason in (OPEN_POSITIONS, BUYING_POWER, LEVERAGE, CASH):
        _watch_lack(account, order)
    return reason


@kernel()
def _refusal_of_value(account: Any, order: Any, cost: float) -> int:
    """Judge what an order opens; ``cost``: what all orders at rest to buy would cost."""
    price = price_of(account, order)
    if not np.isfinite(price):
        return _refuse(order, NO_PRICE, price, np.nan)
    symbol = order.symbol
    unit = price * load_f8(account.multiplier, symbol)
    value = abs(order.quantity) * unit
    if exceeds(value, account.max_per_trade):
        return _refuse(order, PER_TRADE, value, account.max_per_trade)
    of_symbol = _led_to(account, symbol, order.quantity > 0.0) * unit
    if exceeds(of_symbol, account.max_per_symbol):
        return _refuse(order, PER_SYMBOL, of_symbol, account.max_per_symbol)
    positions = _open_positions(account)
    if positions > account.max_open_positions:
        return _refuse(order, OPEN_POSITIONS, positions, account.max_open_positions)
    exposure = _exposure(account, order, price)
    if np.isnan(exposure) and min(account.max_buying_power, account.leverage) < np.inf:
        return _refuse(order, NO_PRICE, exposure, np.nan)  # of another symbol, before its first bar
    if exceeds(exposure, account.max_buying_power):
        return _refuse(order, BUYING_POWER, exposure, account.max_buying_power)
    if account.leverage < np.inf:
        allowed = account.leverage * marked_equity(account)
        if exceeds(exposure, allowed):
            return _refuse(order, LEVERAGE, exposure, allowed)
    if account.cash_only != 0:
        if order.quantity < 0.0:
            held = max(load_f8(account.position, symbol), 0.0)
            return _refuse(order, SHORT_SALE, load_f8(account.sells, symbol), held)
        if exceeds(cost, account.cash):
            return _refuse(order, CASH, cost, account.cash)
    return NO_REASON

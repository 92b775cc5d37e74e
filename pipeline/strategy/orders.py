"""What ``ctx`` may do with orders, as compiled operations and as methods for interpreted code.

Quantities are signed (+ buy, - sell) and in units; prices are in the symbol's currency. Everything
that places an order returns its id. ``until`` is a value of `strategy.tif` or a time in ns UTC.
"""

import math
from typing import Any

import numpy as np

from pipeline.execution import orders, placing
from pipeline.execution.account import account_at, marked_equity
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8
from pipeline.strategy.compiled.records import context_at


@kernel()
def market(context: int, symbol: int, quantity: float) -> int:
    """See `Orders.market`; so for all operations here."""
    return placing.place_market(account_at(context_at(context).account), symbol, quantity)


@kernel()
def market_on_open(context: int, symbol: int, quantity: float) -> int:
    """See `Orders.market_on_open`."""
    account = account_at(context_at(context).account)
    return placing.place(account, symbol, quantity, orders.ON_OPEN, np.nan, np.nan, orders.GTC)


@kernel()
def market_on_close(context: int, symbol: int, quantity: float) -> int:
    """See `Orders.market_on_close`."""
    account = account_at(context_at(context).account)
    return placing.place(account, symbol, quantity, orders.ON_CLOSE, np.nan, np.nan, orders.GTC)


@kernel()
def limit(context: int, symbol: int, quantity: float, price: float, until: int) -> int:
    """See `Orders.limit`."""
    return placing.place(
        account_at(context_at(context).account),
        symbol,
        quantity,
        orders.LIMIT,
        price,
        np.nan,
        until,
    )


@kernel()
def stop(context: int, symbol: int, quantity: float, price: float, until: int) -> int:
    """See `Orders.stop`."""
    return placing.place(
        account_at(context_at(context).account), symbol, quantity, orders.STOP, np.nan, price, until
    )


@kernel()
def stop_limit(
    context: int, symbol: int, quantity: float, stop: float, limit: float, until: int
) -> int:
    """See `Orders.stop_limit`."""
    account = account_at(context_at(context).account)
    return placing.place(account, symbol, quantity, orders.STOP_LIMIT, limit, stop, until)


@kernel()
def trailing_stop(
    context: int, symbol: int, quantity: float, amount: float, percent: float, until: int
) -> int:
    """See `Orders.trailing_stop`."""
    account = account_at(context_at(context).account)
    return placing.place_trailing(account, symbol, quantity, amount, 0.01 * percent, until)


@kernel()
def bracket(
    context: int,
    symbol: int,
    quantity: float,
    stop_loss: float,
    take_profit: float,
    limit: float,
    stop: float,
    until: int,
) -> int:
    """See `Orders.bracket`."""
    account = account_at(context_at(context).account)
    return placing.place_bracket(
        account, symbol, quantity, stop_loss, take_profit, limit, stop, until
    )


@kernel()
def target(context: int, symbol: int, quantity: float) -> int:
    """See `Orders.target`."""
    return placing.place_target(account_at(context_at(context).account), symbol, quantity)


@kernel()
def on_target(context: int, symbol: int, quantity: float) -> bool:
    """Whether position and pending orders of a symbol come to ``quantity``, to the last bit."""
    return placing.on_target(account_at(context_at(context).account), symbol, quantity)


@kernel()
def target_value(context: int, symbol: int, value: float) -> int:
    """See `Orders.target_value`."""
    account = account_at(context_at(context).account)
    orders.check_symbol(account, symbol)
    unit = load_f8(account.last_price, symbol) * load_f8(account.multiplier, symbol)
    if not unit > 0.0:
        raise ValueError("a value can be had only of a symbol with a last price, and rate, above 0")
    units = value / unit
    return placing.place_target(account, symbol, orders.whole_lots(account, symbol, units))


@kernel()
def target_percent(context: int, symbol: int, percent: float) -> int:
    """See `Orders.target_percent`."""
    return target_value(
        context, symbol, 0.01 * percent * marked_equity(account_at(context_at(context).account))
    )


@kernel()
def replace(context: int, order_id: int, quantity: float, limit: float, stop: float) -> bool:
    """See `Orders.replace`."""
    return placing.replace(account_at(context_at(context).account), order_id, quantity, limit, stop)


@kernel()
def one_cancels_other(context: int, first: int, second: int) -> bool:
    """See `Orders.one_cancels_other`."""
    return placing.one_cancels_other(account_at(context_at(context).account), first, second)


@kernel()
def cancel(context: int, order_id: int) -> bool:
    """See `Orders.cancel`."""
    return placing.cancel(account_at(context_at(context).account), order_id)


class Orders:
    """The order methods of ``ctx``; each has the same name in a compiled strategy."""

    __slots__ = ()

    _address: int
    _position: Any
    _pending: Any

    def market(self, symbol: int, quantity: float) -> int:
        """Buy or sell at the next open."""
        return market(self._address, symbol, float(quantity))

    def market_on_open(self, symbol: int, quantity: float) -> int:
        """Buy or sell at the open of the next session (of this one, placed as it opens)."""
        return market_on_open(self._address, symbol, float(quantity))

    def market_on_close(self, symbol: int, quantity: float) -> int:
        """Buy or sell at the close of the session's last bar; expires if there is no such bar."""
        return market_on_close(self._address, symbol, float(quantity))

    def limit(self, symbol: int, quantity: float, price: float, until: int = orders.GTC) -> int:
        """Buy at ``price`` or lower, sell at ``price`` or higher."""
        return limit(self._address, symbol, float(quantity), float(price), until)

    def stop(self, symbol: int, quantity: float, price: float, until: int = orders.GTC) -> int:
        """Buy once the market is at ``price`` or higher, sell once it is there or lower."""
        return stop(self._address, symbol, float(quantity), float(price), until)

    def stop_limit(
        self, symbol: int, quantity: float, stop: float, limit: float, until: int = orders.GTC
    ) -> int:
        """Place a limit order once the market has reached ``stop``."""
        return stop_limit(self._address, symbol, float(quantity), float(stop), float(limit), until)

    def trailing_stop(
        self,
        symbol: int,
        quantity: float,
        amount: float = math.nan,
        percent: float = math.nan,
        until: int = orders.GTC,
    ) -> int:
        """Stop that follows the best price at an ``amount`` in price, or ``percent`` of it.

        It starts from the last close and moves at the end of each bar: a stop to sell by the bar's
        high, one to buy by its low.
        """
        return trailing_stop(
            self._address, symbol, float(quantity), float(amount), float(percent), until
        )

    def bracket(
        self,
        symbol: int,
        quantity: float,
        stop_loss: float = math.nan,
        take_profit: float = math.nan,
        limit: float = math.nan,
        stop: float = math.nan,
        until: int = orders.GTC,
    ) -> int:
        """Enter, protected by a stop-loss and a take-profit that become live with the entry's fill.

        The entry is a market order, or waits for ``limit``, ``stop`` or both. The stop-loss has
        the entry's id + 1, the take-profit the next one. The fill of one cancels the other; what
        is not live yet ends with the entry; neither does more than close the position.
        """
        return bracket(
            self._address,
            symbol,
            float(quantity),
            float(stop_loss),
            float(take_profit),
            float(limit),
            float(stop),
            until,
        )

    def target(self, symbol: int, quantity: float) -> int:
        """Order what is missing to hold ``quantity``, `pending` counted; 0 if nothing is."""
        if symbol >= 0 and quantity == self._position[symbol] and self._pending[symbol] == 0.0:
            return 0
        return target(self._address, symbol, float(quantity))

    def target_value(self, symbol: int, value: float) -> int:
        """`target` of as many units as are worth ``value``, in account currency, at the last close.

        Whole lots, where the instrument has lots, else fractions.
        """
        return target_value(self._address, symbol, float(value))

    def target_percent(self, symbol: int, percent: float) -> int:
        """`target_value` of so many per cent of equity."""
        return target_percent(self._address, symbol, float(percent))

    def replace(
        self,
        order_id: int,
        quantity: float = math.nan,
        limit: float = math.nan,
        stop: float = math.nan,
    ) -> bool:
        """Change what is given of an order at rest; False if it is unknown or done."""
        return replace(self._address, order_id, float(quantity), float(limit), float(stop))

    def one_cancels_other(self, first: int, second: int) -> bool:
        """Have a fill of either order cancel the other; False if one is unknown or done."""
        return one_cancels_other(self._address, first, second)

    def cancel(self, order_id: int) -> bool:
        """Cancel an order at rest and what waits for it; False if it is unknown or done."""
        return cancel(self._address, order_id)

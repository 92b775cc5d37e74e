"""What ``ctx`` may do with orders, as compiled functions over the address of a CONTEXT record.

Each does what the method of `strategy.orders.Orders` by the same name says.
"""

import numpy as np

from pipeline.execution import orders, placing
from pipeline.execution.account import account_at, marked_equity
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8
from pipeline.strategy.compiled.records import context_at


@kernel()
def market(context: int, symbol: int, quantity: float) -> int:
    """See `Orders.market`."""
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

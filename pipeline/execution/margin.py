"""The margin an account must keep: below it everything is closed at the next opens."""

from typing import Any

import numpy as np

from pipeline.codes import CANCELLED, FILLED, GTC, LIQUIDATION, MARKET
from pipeline.execution.account import value_at_close
from pipeline.execution.orders import add_units, end_order, known_address, order_at
from pipeline.execution.placing import append_order, newest, rest
from pipeline.execution.tolerance import exceeds
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8


@kernel()
def _value_held(account: Any) -> float:
    """Return what all positions, long and short, are worth at their last closes."""
    value = 0.0
    for symbol in range(account.symbols):
        units = abs(load_f8(account.position, symbol))
        if units != 0.0:
            value += value_at_close(account, symbol, units)
    return value


@kernel()
def keep_margin(account: Any) -> None:
    """Liquidate an account, just marked, whose equity is below the maintenance margin.

    Cancels all orders at rest and orders, at the market, the opposite of every position. While such
    orders rest (under a volume cap it may take several bars) only what is new is cancelled.
    """
    value = _value_held(account)
    if value == 0.0 or not exceeds(account.maintenance * value, account.equity):
        return
    for index in range(account.resting + account.inbox_count):
        order = order_at(known_address(account, index))
        if order.state < FILLED and order.reason != LIQUIDATION:
            end_order(account, order, CANCELLED, LIQUIDATION, account.now)
    ordered = False
    for symbol in range(account.symbols):
        position, slack = load_f8(account.position, symbol), load_f8(account.slack, symbol)
        held = add_units(account, symbol, position, load_f8(account.pending, symbol), slack)
        if held != 0.0:
            append_order(account, symbol, -held, MARKET, np.nan, np.nan, GTC)
            order = order_at(newest(account))
            order.reason = LIQUIDATION
            rest(account, order)
            ordered = True
    account.liquidations += ordered

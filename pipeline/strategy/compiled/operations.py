"""What ``ctx`` may do with orders, as one compiled function over the address of a CONTEXT record.

`operate` does each by its number. A hook calls it by its address (`do`), so it is compiled once for
all hooks, and a hook without it: what a strategy does when it places an order is a hundred times as
much code as most hooks are. Interpreted strategies call the same machine code (`entry`).
"""

from functools import cache
from math import nan
from typing import Any

import numpy as np
from numba import types

from pipeline.codes import ORDER_KINDS, TRAILING_STOP
from pipeline.execution import orders, placing
from pipeline.execution.account import account_at, marked_equity
from pipeline.native.call import caller
from pipeline.native.compiler import compiled_for
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8
from pipeline.strategy.compiled.records import context_at
from pipeline.strategy.compiled.stretch import show, stirred

#: Operations by number, behind those that place one order of a kind (`codes.ORDER_KINDS`).
(BRACKET, TARGET, TARGET_VALUE, TARGET_PERCENT, REPLACE, ONE_CANCELS_OTHER, CANCEL, EXIT) = range(
    len(ORDER_KINDS), len(ORDER_KINDS) + 8
)

#: How many times the equity are more than a strategy means, unless `leverage` allows for more.
FAR = 5.0
#: A trailing stop at so many per cent of the price, or less, is likely meant as a fraction.
NARROW = 0.1

#: What is raised for a value of a symbol that has no price. Compiled code names no symbol; the
#: interpreted context, which repeats a call that has raised, does.
NO_PRICE = "a value can be had only of a symbol with a last price, and rate, above 0"

SIGNATURE = types.int64(*[types.int64] * 5, *[types.float64] * 5)
#: (address of `operate`, its arguments) -> what it returns, for compiled code.
call_operate = caller(SIGNATURE)


def operate(
    context: int,
    seen: int,
    operation: int,
    first: int,
    second: int,
    quantity: float,
    limit: float,
    stop: float,
    stop_loss: float,
    take_profit: float,
) -> int:
    """Do what the method of `strategy.orders.Orders` says; return its order id, or 1 for True.

    ``context``: address of a CONTEXT. ``seen``: bars of the stretch before the present one, which
    the operation makes the present one. What the other arguments are, by ``operation``:

    - an order kind: symbol, until, quantity, limit, stop; of a trailing stop in place of the prices
      its distance as an amount and in per cent
    - BRACKET: symbol, until, quantity, limit, stop, stop_loss, take_profit
    - TARGET, TARGET_VALUE, TARGET_PERCENT: symbol, nothing, the target in units, in account
      currency or as a fraction of equity
    - REPLACE: order id, nothing, quantity, limit, stop
    - ONE_CANCELS_OTHER: two order ids; CANCEL: an order id; EXIT: a symbol

    Raises what the functions of `execution.placing` raise.
    """
    record = context_at(context)
    account = account_at(record.account)
    if seen > 0:
        show(context, seen)
    record.stirred = 1
    given = operation, first, second, quantity, limit, stop, stop_loss, take_profit
    result = _operate(account, *given)
    record.stirred = stirred(account)
    return result


@kernel()
def _operate(
    account: Any,
    operation: int,
    first: int,
    second: int,
    quantity: float,
    limit: float,
    stop: float,
    stop_loss: float,
    take_profit: float,
) -> int:
    """Do as `operate` says, to an account that shows the present."""
    if operation == TRAILING_STOP:
        account.narrow += 0.0 < stop <= NARROW
        return placing.place_trailing(account, first, quantity, limit, 0.01 * stop, second)
    if operation < BRACKET:
        return placing.place(account, first, quantity, operation, limit, stop, second)
    if operation == BRACKET:
        if np.isnan(limit) and np.isnan(stop):
            _watch_levels(account, first, quantity, stop_loss, take_profit)
        return placing.place_bracket(
            account, first, quantity, stop_loss, take_profit, limit, stop, second
        )
    if operation == REPLACE:
        return int(placing.replace(account, first, quantity, limit, stop))
    if operation == ONE_CANCELS_OTHER:
        return int(placing.one_cancels_other(account, first, second))
    if operation == CANCEL:
        return int(placing.cancel(account, first))
    if operation == EXIT:
        return placing.place_exit(account, first)
    units = quantity
    if operation != TARGET:
        value = quantity
        if operation == TARGET_PERCENT:
            _watch_fraction(account, quantity)
            equity = marked_equity(account)
            # Half of a debt is no position: it would be one on the other side.
            value = 0.0 if equity <= 0.0 else quantity * equity
        orders.check_symbol(account, first)
        unit = load_f8(account.last_price, first) * load_f8(account.multiplier, first)
        # Nothing is nothing at any price, also before the first one.
        units = 0.0
        if value != 0.0:
            if not unit > 0.0:
                raise ValueError(NO_PRICE)
            units = orders.whole_lots(account, first, value / unit)
    return placing.place_target(account, first, units)


@kernel()
def _watch_fraction(account: Any, fraction: float) -> None:
    """Count a fraction of equity that no account is meant to reach, as 50 where 0.5 is meant."""
    far = FAR if account.leverage == np.inf else max(FAR, account.leverage)
    if abs(fraction) > far:
        account.far_targets += 1
        if abs(fraction) > abs(account.farthest_target):
            account.farthest_target = fraction


@kernel()
def _watch_levels(
    account: Any, symbol: int, quantity: float, stop_loss: float, take_profit: float
) -> None:
    """Count a bracket of a market order of which a leg would fill at once, at the last close."""
    orders.check_symbol(account, symbol)
    last = load_f8(account.last_price, symbol)
    side = 1.0 if quantity > 0.0 else -1.0
    account.crossed += side * (take_profit - last) <= 0.0 or side * (last - stop_loss) <= 0.0


@cache
def entry() -> Any:
    """Return `operate` as an entry: compiled, or its code loaded, when it is first asked for."""
    return compiled_for(SIGNATURE, operate)


def do(
    context: int,
    operation: int,
    first: int,
    second: int = 0,
    quantity: float = nan,
    limit: float = nan,
    stop: float = nan,
    stop_loss: float = nan,
    take_profit: float = nan,
) -> int:
    """Call `operate` from Python; it takes no number but of the types that it was compiled for."""
    values = quantity, limit, stop, stop_loss, take_profit
    called = entry()(context, 0, operation, first, second, *map(float, values))
    return int(called)

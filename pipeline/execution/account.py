"""One lane's account: cash, positions, what they are worth, and what trading them brought.

    ACCOUNT record (one per lane, 8-byte cells)        arrays it points to
    +-------------------------------------------+
    | the moment, the session, its hours        |
    | the symbols and the slot's base bars -----|----> by symbol: position, last_price, tick, ...
    | cash, equity, what trading came to        |
    | what fills cost, and when                 |----> tiers, actions, a user's function, a bill
    | limits                                    |
    | orders at rest, placed and on their way --|----> ORDER[] book and inbox, MESSAGE[]
    | lots                                      |----> LOT[]
    | the outbox                                |----> FILL[], ORDER[], TRIP[], equity, cash
    +-------------------------------------------+
      every field: `execution.fields`

Writer of every cell: the engine process that owns the lane, from compiled code.
"""

from typing import Any

import numpy as np

from pipeline.execution.broken import NO_VALUE, break_off
from pipeline.execution.fields import FIELDS
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, record_at, store_f8

ACCOUNT: np.dtype[Any] = np.dtype([(field.name, field.cell) for field in FIELDS])

account_at = record_at(ACCOUNT)


@kernel()
def value_at_close(account: Any, symbol: int, units: float) -> float:
    """Return what ``units`` of a symbol are worth at its last close, in account currency."""
    return units * load_f8(account.last_price, symbol) * load_f8(account.multiplier, symbol)


@kernel()
def marked_equity(account: Any) -> float:
    """Cash plus every position at its last close, in symbol order (so the sum is reproducible)."""
    equity = account.cash
    symbol, left = 0, account.held
    while left > 0:
        quantity = load_f8(account.position, symbol)
        if quantity != 0.0:
            equity += value_at_close(account, symbol, quantity)
            left -= 1
        symbol += 1
    return equity


@kernel()
def mark(account: Any) -> None:
    """Revalue the account; append equity and cash to the outbox (room for one slot's moments).

    Counts in ``exposed`` the moments at which something is held.
    """
    account.equity = marked_equity(account)
    if not np.isfinite(account.equity):
        break_off(account, NO_VALUE)
    store_f8(account.equity_out, account.equity_out_count, account.equity)
    store_f8(account.cash_out, account.equity_out_count, account.cash)
    account.equity_out_count += 1
    account.exposed += account.held != 0


@kernel()
def mark_again(account: Any, held: bool) -> None:
    """`mark` once more at the same moment, in place of what was recorded.

    ``held``: whether something was held when it was.
    """
    account.equity_out_count -= 1
    account.exposed -= held
    mark(account)


@kernel()
def mark_run(account: Any, symbol: int, closes: int, count: int) -> None:
    """`mark` at each of ``count`` closes, one or more, of the only symbol that may be held.

    ``closes``: address of the first.
    """
    cash, units = account.cash, load_f8(account.position, symbol)
    multiplier = load_f8(account.multiplier, symbol)
    equity_out = account.equity_out + 8 * account.equity_out_count
    cash_out = account.cash_out + 8 * account.equity_out_count
    for index in range(count):
        store_f8(cash_out, index, cash)
    if account.held == 0:
        for index in range(count):
            store_f8(equity_out, index, cash)
    else:
        for index in range(count):
            store_f8(equity_out, index, cash + units * load_f8(closes, index) * multiplier)
        account.exposed += count
    account.equity_out_count += count
    account.equity = load_f8(equity_out, count - 1)
    if not np.isfinite(account.equity):
        break_off(account, NO_VALUE)


@kernel()
def weigh(account: Any, equity: float) -> None:
    """Note what all positions are worth by ``equity``, and the cash, if none was so extreme yet.

    An equity of zero or below has no multiple. The caller asks for it after the fills of a moment
    and at a session's close: these moments are the same in every walk, and at each bar it would
    take as long as the mark.
    """
    value = 0.0
    symbol, left = 0, account.held
    while left > 0:
        quantity = load_f8(account.position, symbol)
        if quantity != 0.0:
            value += abs(value_at_close(account, symbol, quantity))
            left -= 1
        symbol += 1
    if equity > 0.0 and value / equity > account.highest_leverage:
        account.highest_leverage = value / equity
    if account.cash < account.lowest_cash:
        account.lowest_cash = account.cash


@kernel()
def record_session(account: Any) -> None:
    """Append the equity at a session's close to the outbox, with what was booked since the mark."""
    equity = marked_equity(account)
    store_f8(account.session_out, account.session_out_count, equity)
    account.session_out_count += 1
    weigh(account, equity)


@kernel()
def empty_outbox(account: Any) -> None:
    """Forget what lies in the outbox: it has been taken."""
    account.fills_out_count = account.orders_out_count = account.trips_out_count = 0
    account.equity_out_count = account.session_out_count = 0
    account.orders_told = 0


@kernel()
def empty_outbox_at(account: int) -> None:
    """`empty_outbox` for callers from Python: ``account`` is the record's address."""
    empty_outbox(account_at(account))

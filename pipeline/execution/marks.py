"""Marks of orders: how an order was likely meant, and fills that turn out otherwise.

They decide nothing. What is counted here are figures of the lane, of which its notes tell.
"""

from typing import Any

from pipeline.codes import LIMIT, MARKET, TRAILING_STOP
from pipeline.execution.lots import lot_address, lot_at
from pipeline.execution.orders import add_units
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8

#: When it was placed, it could only make a position smaller, orders that wait for a time counted
#: as filled.
CLOSING = 1
#: It has been counted, because a fill of it left a position on its own side.
COUNTED = 2
#: It was placed between a session's close and the open of the next one, as in on_session_close.
AFTER_CLOSE = 4


@kernel()
def marks_of(account: Any, order: Any) -> int:
    """Return the marks of an order that is being placed."""
    marks = AFTER_CLOSE if account.between != 0 else 0
    if LIMIT <= order.kind <= TRAILING_STOP and _closes(account, order):
        marks |= CLOSING
    return marks


@kernel()
def _closes(account: Any, order: Any) -> bool:
    """Whether a new order could only make smaller what is held once those at market are filled."""
    symbol = order.symbol
    slack = load_f8(account.slack, symbol)
    position, pending = load_f8(account.position, symbol), load_f8(account.pending, symbol)
    held = add_units(account, symbol, position, pending, slack)
    if held * order.quantity >= 0.0:
        return False
    return add_units(account, symbol, abs(order.quantity), -abs(held), slack) <= 0.0


@kernel()
def watch_side(account: Any, order: Any) -> None:
    """Count an order that leaves a position on its own side though it was to close one, once."""
    if order.quantity * load_f8(account.position, order.symbol) <= 0.0 or order.marks & COUNTED:
        return
    if order.kind == TRAILING_STOP:
        account.trailing_opened += 1
    elif order.marks & CLOSING:
        account.left_over += 1
    order.marks |= COUNTED


@kernel()
def watch_night(account: Any, order: Any, quantity: float, bar_ts: int) -> None:
    """Count a session in which a market order from after the close before ends what was held then.

    The order has the mark AFTER_CLOSE, and ``quantity`` of it is about to be booked, in a bar that
    opened at ``bar_ts``. It does not count where sessions follow each other without a pause, so
    that it fills at that close, nor for a position that was opened in this session.
    """
    symbol = order.symbol
    number = load_i8(account.first_lot, symbol)
    if order.kind != MARKET or order.ts >= bar_ts or number == 0:
        return
    if lot_at(lot_address(account, number)).entry_ts >= account.session_open:
        return
    held, slack = load_f8(account.position, symbol), load_f8(account.slack, symbol)
    if add_units(account, symbol, held, quantity, slack) != 0.0:
        return
    if account.late_session != account.session_open:
        account.late_session = account.session_open
        account.late_exits += 1

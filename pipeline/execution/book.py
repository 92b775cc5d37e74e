"""The book of a lane: what becomes of its orders between moments and when a session closes."""

from typing import Any

from pipeline.codes import DAY, EXPIRED, FILLED, ON_CLOSE, OUT_OF_TIME
from pipeline.execution.account import account_at
from pipeline.execution.orders import ORDER, end_order, known_address, order_at
from pipeline.native.kernel import kernel
from pipeline.native.memory import copy_record

_ORDER_SIZE = ORDER.itemsize


_copy_order = copy_record(ORDER)


@kernel()
def _report(account: Any, address: int) -> None:
    """Append an order to the outbox; only count it if nobody looks at it, not even ``on_order``."""
    if account.tabled != 0 or account.book_reserve != 0:
        _copy_order(account.orders_out + account.orders_out_count * _ORDER_SIZE, address)
    account.orders_out_count += 1


@kernel()
def check_room(account: Any) -> None:
    """Note in ``full`` whether some moment's orders or fills might not fit now.

    Or whether none may begin, because a cost could not be found. An order is filled once a moment
    at most; a fill opens one lot, and closes what is open and a part of one more. ``book_reserve``:
    orders that may move to the book within a moment, where ``on_order`` is told of ended ones.
    """
    at_most = account.resting + account.inbox_capacity
    fills = account.resting + (account.inbox_capacity if account.this_close != 0 else 0)
    account.full = (
        account.resting + account.book_reserve > account.book_capacity
        or account.orders_out_count + at_most > account.orders_out_capacity
        or account.fills_out_count + fills > account.fills_out_capacity
        or account.trips_out_count + account.open_lots + 2 * fills > account.trips_out_capacity
        or (account.fifo != 0 and account.open_lots + fills > account.lots_capacity)
        or (
            account.delayed != 0
            and account.in_flight + account.inbox_capacity > account.message_capacity
        )
        or account.broken != 0
    )


@kernel()
def _move(account: Any, orders: int, count: int, kept: int) -> int:
    """Report those of ``count`` orders that have ended, and append the others to the book.

    ``orders``: address of the first. ``kept``: orders that the book has. Returns how many it then
    has.
    """
    book = account.book
    for index in range(count):
        address = orders + index * _ORDER_SIZE
        if order_at(address).state >= FILLED:
            _report(account, address)
        else:
            target = book + kept * _ORDER_SIZE
            if target != address:
                _copy_order(target, address)
            kept += 1
    return kept


@kernel()
def end_moment(account: Any) -> None:
    """Move orders that have ended to the outbox, and new ones to the book.

    The outbox has room for them, or ``full`` would have kept the moment before from beginning. The
    book may have to be enlarged first: nothing is moved then, and ``full`` says so.
    """
    if account.done == 0 and account.inbox_count == 0:
        return
    if account.resting + account.inbox_count > account.book_capacity:
        account.full = 1
        return
    kept = account.resting
    if account.done != 0:
        kept = _move(account, account.book, kept, 0)
    account.resting = _move(account, account.inbox, account.inbox_count, kept)
    account.inbox_count = 0
    account.done = 0
    check_room(account)


@kernel()
def empty_inbox(account: Any) -> None:
    """Move what is in the inbox to the book, also what is done, which the next moment reports.

    The caller has seen to it that there is room.
    """
    for index in range(account.inbox_count):
        target = account.book + (account.resting + index) * _ORDER_SIZE
        _copy_order(target, account.inbox + index * _ORDER_SIZE)
    account.resting += account.inbox_count
    account.inbox_count = 0
    check_room(account)


@kernel()
def close_orders(account: Any) -> None:
    """At a session's close, end what was placed before it and lasts no longer.

    Day orders, orders on a close that had no bar, and orders whose time is over. What is placed at
    the very close, as on daily bars, belongs to the next session.
    """
    now = account.now
    for index in range(account.resting + account.inbox_count):
        order = order_at(known_address(account, index))
        if order.state < FILLED:
            of_session = order.until == DAY or order.kind == ON_CLOSE
            if (of_session and order.ts < now) or 0 < order.until <= now:
                end_order(account, order, EXPIRED, OUT_OF_TIME, now)


@kernel()
def end_moment_at(account: int) -> None:
    """`end_moment` for callers from Python: ``account`` is the record's address."""
    end_moment(account_at(account))


@kernel()
def empty_inbox_at(account: int) -> None:
    """`empty_inbox` for callers from Python: ``account`` is the record's address."""
    empty_inbox(account_at(account))


@kernel()
def check_room_at(account: int) -> None:
    """`check_room` for callers from Python: ``account`` is the record's address."""
    check_room(account_at(account))

"""What happens at a moment, in order; and the steps that every walk performs by the same code.

A moment is an instant at which bars close or a session opens or closes. A lane performs these steps
at each of them, whether its strategy is compiled (`walk`) or interpreted (`interpreted`):

 1. Funding that has fallen due since the moment before is charged for the positions held.
 2. Orders that have ended are reported to the outbox, orders that the strategy placed since the
    moment before move to the book, and the time becomes the moment's. If outbox or book might not
    hold all that can happen at a moment, the walk stops before it and makes room.
 3. Orders at rest meet the base bars that close, symbols in configuration order.
 4. The closes become the last prices, and the strategy may read the bars (the cursors move).
 5. If a base bar has closed, the account is valued: currencies are converted, equity and cash are
    recorded, and an account without enough margin is liquidated.
 6. on_fill is called for each fill.
 7. on_order is called for each order that has ended.
 8. on_bar is called for each bar, shorter intervals first, symbols in configuration order; on_bars
    follows the bars of each interval.
 9. If the terms fill market orders at the close at which they are placed (``this_close``), these
    orders are filled, the account is valued anew, and on_fill is called for their fills. What is
    ordered from then on waits for the next open.
10. If a session closes, its equity is recorded, its orders end, its quality is graded, and
    on_session_close is called.
11. If a session opens, what came due before it is booked, states that are reset by session get
    their first values, and on_session_open is called.

Where a step is performed, a comment names its number.
"""

from typing import Any, NamedTuple

from pipeline.codes import CLOSE
from pipeline.execution.account import account_at, mark, mark_again, weigh
from pipeline.execution.book import end_moment
from pipeline.execution.currency import convert
from pipeline.execution.funding import charge_funding
from pipeline.execution.margin import keep_margin
from pipeline.execution.matching import match_bar, match_close
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, store_f8, store_i8
from pipeline.strategy.compiled.records import context_at, table_at
from pipeline.tape.schedule import (
    MOMENT,
    ROW_MASK,
    SYMBOL_MASK,
    SYMBOL_SHIFT,
    TABLE_SHIFT,
    moment_at,
)

MOMENT_SIZE = MOMENT.itemsize


class View(NamedTuple):
    """Addresses that stand still while a slot is walked.

    ``moments``: MOMENT[]. ``entries``: the schedule's cells. ``cursor``: the context's last known
    rows. ``last_price``: the account's last prices. ``ts``, ``close_ts``, ``opens``, ``closes``:
    columns of the base table. ``plane``: cells from one of its columns to the next. ``stride``:
    rows that each symbol has in a column.

    They are copied out of their records for speed: the compiler must assume that any store through
    an address changes a record's fields, and would load them again at every moment.
    """

    moments: int
    entries: int
    cursor: int
    last_price: int
    ts: int
    close_ts: int
    opens: int
    closes: int
    plane: int
    stride: int


@kernel()
def view_of(context: Any) -> View:
    """Return the addresses of the slot that a lane has taken up."""
    base = table_at(context.tables)
    return View(
        context.moments,
        context.entries,
        context.cursor,
        account_at(context.account).last_price,
        base.ts,
        base.close_ts,
        base.values,
        base.values + 8 * CLOSE * base.plane,
        base.plane,
        base.stride,
    )


@kernel()
def begin_of(context: Any, index: int) -> int:
    """Return where the bars of moment ``index`` begin in the entries."""
    if index == 0:
        return 0
    return moment_at(context.moments + (index - 1) * MOMENT_SIZE).end


@kernel()
def begin_moment(account: Any, t: int) -> int:
    """Begin a moment at time ``t``; return the number of fills in the outbox before it.

    Returns -1, and does not begin, if the outbox must first be emptied or the book enlarged.
    """
    # Step 2
    if account.done != 0 or account.inbox_count != 0:
        end_moment(account)
    if account.full != 0:
        return -1
    account.now = t
    before: int = account.fills_out_count
    return before


@kernel()
def match(account: Any, view: View, symbol: int, at: int) -> None:
    """Let orders at rest meet a base bar; ``at``: its place in a column."""
    # Step 3
    match_bar(account, symbol, load_i8(view.ts, at), view.close_ts, view.opens, view.plane, at)


@kernel(forceinline=True)
def value(account: Any, before: int) -> None:
    """Value the account after base bars have closed.

    ``before``: number of fills in the outbox before the moment.
    """
    # Step 5
    if account.foreign != 0:
        convert(account)
    mark(account)
    if account.fills_out_count > before:
        weigh(account, account.equity)
    if account.maintenance > 0.0:
        keep_margin(account)


@kernel()
def open_here(account: Any, view: View, moment: Any, begin: int) -> int:
    """Do what comes before the strategy at a moment whose entries begin at ``begin``.

    Returns what `begin_moment` does.
    """
    # Step 2
    before = begin_moment(account, moment.t)
    if before < 0:
        return before
    # Step 3
    base_end = moment.base_end
    if account.resting > 0:
        for place in range(begin, base_end):
            entry = load_i8(view.entries, place)
            symbol = (entry >> SYMBOL_SHIFT) & SYMBOL_MASK
            match(account, view, symbol, symbol * view.stride + (entry & ROW_MASK))
    # Step 4. Most moments have one bar: an end that is read from memory keeps the compiler from
    # unrolling the loops.
    place = begin
    while place < moment.base_end:
        entry = load_i8(view.entries, place)
        symbol = (entry >> SYMBOL_SHIFT) & SYMBOL_MASK
        row = entry & ROW_MASK
        store_f8(view.last_price, symbol, load_f8(view.closes, symbol * view.stride + row))
        store_i8(view.cursor, symbol, row)
        place += 1
    while place < moment.end:
        entry = load_i8(view.entries, place)
        symbol = (entry >> SYMBOL_SHIFT) & SYMBOL_MASK
        cell = (entry >> TABLE_SHIFT) * account.symbols + symbol
        store_i8(view.cursor, cell, entry & ROW_MASK)
        place += 1
    # Step 5
    if base_end > begin:
        value(account, before)
    return before


@kernel()
def open_moment(context_address: int, index: int, begin: int) -> int:
    """Perform steps 1 to 5 of moment number ``index``, for an interpreted strategy.

    ``begin``: where its entries begin. Returns what `begin_moment` does.
    """
    context = context_at(context_address)
    account = account_at(context.account)
    moment = moment_at(context.moments + index * MOMENT_SIZE)
    # Step 1
    if moment.t > account.next_funding:
        charge_funding(account, moment.t)
    # Steps 2 to 5
    return open_here(account, view_of(context), moment, begin)


@kernel()
def fill_at_close(context_address: int, before: int) -> int:
    """Fill the market orders placed at this moment at the closes of its bars.

    ``before``: number of fills in the outbox before the moment. Returns their number before these.
    """
    # Step 9
    context = context_at(context_address)
    account = account_at(context.account)
    base = table_at(context.tables)
    until: int = account.fills_out_count
    held = account.held != 0
    match_close(account, before, base.ts, base.close_ts, base.values, base.plane, base.stride)
    if account.fills_out_count > until:
        mark_again(account, held)
        weigh(account, account.equity)
    return until

"""What a moment brings to a lane's account, before its strategy is called and after.

Resting orders meet the base bars that close at it, and the account is marked; market orders may
fill at these closes once the strategy has placed them. It is the same code whether the strategy is
compiled (`lane_loop`) or interpreted (`interpreted`).
"""

from typing import Any, NamedTuple

from pipeline.codes import CLOSE
from pipeline.execution.account import account_at, mark
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

    In locals they cost nothing; in their records each would be loaded again at every moment,
    because a store through an address may change any field, as far as the compiler knows.
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
    """Begin a moment; the number of fills in the outbox before it.

    -1, with nothing done, if the outbox or the book must first be emptied or enlarged.
    """
    if account.done != 0 or account.inbox_count != 0:
        end_moment(account)
    if account.full != 0:
        return -1
    account.now = t
    before: int = account.fills_out_count
    return before


@kernel()
def match(account: Any, view: View, symbol: int, at: int) -> None:
    """Let orders at rest meet the base bar at a place in its columns."""
    match_bar(account, symbol, load_i8(view.ts, at), view.close_ts, view.opens, view.plane, at)


@kernel()
def value(account: Any) -> None:
    """Mark the account where base bars have closed."""
    if account.foreign != 0:
        convert(account)
    mark(account)
    if account.maintenance > 0.0:
        keep_margin(account)


@kernel()
def open_here(account: Any, view: View, moment: Any, begin: int) -> int:
    """Do at a moment, whose bars begin at ``begin``, what comes before the strategy.

    Returns what `begin_moment` does.
    """
    before = begin_moment(account, moment.t)
    if before < 0:
        return before
    base_end = moment.base_end
    if account.resting > 0:
        for place in range(begin, base_end):
            entry = load_i8(view.entries, place)
            symbol = (entry >> SYMBOL_SHIFT) & SYMBOL_MASK
            match(account, view, symbol, symbol * view.stride + (entry & ROW_MASK))
    # Ends that are read from memory keep the compiler from unrolling what mostly runs once.
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
    if base_end > begin:
        value(account)
    return before


@kernel()
def open_moment(context_address: int, index: int, begin: int) -> int:
    """Open moment number ``index``, for the walk of an interpreted strategy."""
    context = context_at(context_address)
    account = account_at(context.account)
    moment = moment_at(context.moments + index * MOMENT_SIZE)
    if moment.t > account.next_funding:
        charge_funding(account, moment.t)
    return open_here(account, view_of(context), moment, begin)


@kernel()
def fill_at_close(context_address: int, before: int) -> int:
    """Fill this moment's market orders at its bars' closes; fills in the outbox until then.

    ``before``: those before the moment.
    """
    context = context_at(context_address)
    account = account_at(context.account)
    base = table_at(context.tables)
    until: int = account.fills_out_count
    match_close(account, before, base.ts, base.close_ts, base.values, base.plane, base.stride)
    return until

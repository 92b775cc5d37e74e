"""Walks the moments of a slot with one lane's compiled strategy.

What happens at a moment, and in which order, is listed as numbered steps in `moment`. A comment
names the number of a step where it is performed.

Often a symbol's base bar is the only bar of a moment, and so are its next bars of theirs: the bars
are a stretch (`strategy.compiled.stretch`). Such moments are not looked at one by one. Nor does the
walk leave the strategy's hook before that has made work for the market or a price that an order
waits for is reached. Afterwards the account is marked over all these bars at once.
"""

from typing import Any, NamedTuple

import numpy as np

from pipeline.execution.account import account_at, mark_run
from pipeline.execution.book import empty_inbox, end_moment
from pipeline.execution.funding import charge_funding
from pipeline.execution.lots import watch_lots
from pipeline.lane.hook_calls import (
    BARS_COUNT,
    call_fills,
    call_orders,
    call_sessions,
    calls,
    load_bars,
)
from pipeline.lane.moment import (
    MOMENT_SIZE,
    View,
    begin_moment,
    begin_of,
    fill_at_close,
    match,
    open_here,
    value,
    view_of,
)
from pipeline.lane.program import HOOK_INDEX, program_at
from pipeline.lane.warm_up import is_ready, warms_up
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, store_f8, store_i8
from pipeline.strategy.compiled.bar_record import bar_at, find_values
from pipeline.strategy.compiled.hooks import call_hook, call_stretch
from pipeline.strategy.compiled.records import TABLE, context_at, table_at
from pipeline.strategy.compiled.stretch import stirred
from pipeline.tape.schedule import (
    ROW_MASK,
    SYMBOL_MASK,
    SYMBOL_SHIFT,
    TABLE_SHIFT,
    first_after,
    moment_at,
)

_FILL, _ORDER = HOOK_INDEX["on_fill"], HOOK_INDEX["on_order"]
_BAR, _BARS = HOOK_INDEX["on_bar"], HOOK_INDEX["on_bars"]
_TABLE_SIZE = TABLE.itemsize


class Wanted(NamedTuple):
    """What a strategy wants to be called for; it stands still while moments are walked.

    ``fills``, ``orders``, ``bars``: whether it defines on_fill, on_order and on_bars.
    ``on_bar``: address of its on_bar, 0 if it defines none.
    ``intervals``: bit i is set if it wants bars of interval i.
    ``own``: address of the first symbol's self record. ``size``: bytes of such a record.
    """

    fills: bool
    orders: bool
    bars: bool
    on_bar: int
    intervals: int
    own: int
    size: int


class Shown(NamedTuple):
    """The interval whose bars are being shown: number, whether on_bar wants it, rows a symbol."""

    table: int
    called: bool
    stride: int


@kernel()
def _wanted_by(program: Any) -> Wanted:
    """Return what the strategy of a PROGRAM record wants."""
    return Wanted(
        calls(program, _FILL),
        calls(program, _ORDER),
        calls(program, _BARS),
        program.on_bar if calls(program, _BAR) else 0,
        program.intervals,
        program.self,
        8 * program.self_cells,
    )


@kernel()
def _goes_on(account: Any, symbol: int, told: bool) -> bool:
    """Whether the next bars change nothing but prices and the value of the symbol's position.

    That holds until the hook makes work for the market or an order at rest meets a price it waits
    for. ``told``: whether on_order was called at this moment. Orders that ended within on_order
    are told at the next moment. Until then they stay in the book, because the outbox is emptied
    when a slot ends.
    """
    if account.done != 0 and account.inbox_count == 0 and not told:
        end_moment(account)
    # Orders that must look at every bar leave no quiet range (`execution.orders.unsettle`).
    at_rest = load_i8(account.resting_of, symbol) != 0
    if at_rest and load_f8(account.quiet_high, symbol) == -np.inf:
        return False
    if account.full != 0 or stirred(account):
        return False
    # Positions in other symbols, foreign currencies and margin need a look at every moment.
    if account.held != (load_f8(account.position, symbol) != 0.0):
        return False
    return account.foreign == 0 and (account.maintenance == 0.0 or account.held == 0)


@kernel(forceinline=True)
def _pass_over(account: Any, view: View, bar: Any, seen: int, count: int) -> None:
    """Perform steps 2 to 5 for bars ``seen`` to ``count`` - 1 of a stretch, which on_bar has seen.

    The account has been marked up to the bar before, and nothing has happened since.
    """
    symbol, last = bar.symbol, bar.at + count - 1
    # Step 2
    account.now = load_i8(view.close_ts, last)
    # Step 3
    if bar.watched != 0:
        store_i8(account.met, symbol, load_i8(view.ts, last))
    # Step 4
    store_f8(view.last_price, symbol, load_f8(view.closes, last))
    store_i8(view.cursor, symbol, last - symbol * view.stride)
    # Step 5
    mark_run(account, symbol, view.closes + 8 * (bar.at + seen), count - seen)


@kernel()
def _walk_stretch(context_address: int, program_address: int, entry: int, count: int) -> int:
    """Walk ``count`` moments, each of which is the next base bar of one symbol; return how many.

    It returns less than ``count`` only for want of room. ``entry``: the first bar's cell in the
    schedule. Neither moments nor further entries are read: from bar to bar only the row changes.
    Steps 1, 10 and 11 do not occur: `walk_slot` stops at funding times, and at a moment of a
    stretch no session opens or closes.
    """
    context = context_at(context_address)
    account = account_at(context.account)
    program = program_at(program_address)
    view = view_of(context)
    symbol = (entry >> SYMBOL_SHIFT) & SYMBOL_MASK
    row = entry & ROW_MASK
    first = symbol * view.stride + row
    own = program.self + 8 * program.self_cells * symbol
    fills, orders = calls(program, _FILL), calls(program, _ORDER)
    bar = bar_at(program.bar)
    bar.index, bar.table, bar.symbol, bar.at = 0, context.tables, symbol, first
    find_values(context, program.bindings, program.binding_count, 0, symbol, first)
    ready = is_ready(context, program, 0, symbol)
    index = 0
    while index < count:
        at = first + index
        # Step 2
        before = begin_moment(account, load_i8(view.close_ts, at))
        if before < 0:
            return index
        # Step 3
        if account.resting > 0:
            match(account, view, symbol, at)
        # Step 4
        store_f8(view.last_price, symbol, load_f8(view.closes, at))
        store_i8(view.cursor, symbol, row + index)
        # Step 5
        value(account, before)
        # Step 6
        if fills:
            call_fills(context_address, program_address, before)
        # Step 7
        if orders:
            call_orders(context_address, program_address)
        # Step 8, for as many bars as nothing else happens at
        bar.watched = load_i8(account.resting_of, symbol) != 0
        context.hook = _BAR
        context.symbol = symbol
        if not ready and not warms_up(context, program, 0, symbol):
            ready = True
            find_values(context, program.bindings, program.binding_count, 0, symbol, first)
        seen = index + 1
        if ready:
            until = count if _goes_on(account, symbol, orders) else seen
            seen = call_stretch(program.on_bar, (own, program.bar, context_address, index, until))
        index += 1
        if seen > index:
            before = account.fills_out_count
            _pass_over(account, view, bar, index, seen)
            index = seen
        # Step 9
        if account.this_close != 0:
            before = fill_at_close(context_address, before)
            if fills:
                call_fills(context_address, program_address, before)
    return count


@kernel(forceinline=True)
def _show_bars(
    context_address: int,
    program_address: int,
    view: View,
    wanted: Wanted,
    shown: Shown,
    begin: int,
    end: int,
    ahead: int,
) -> tuple[int, Shown]:
    """Call on_bar and on_bars for the bars of a moment, entries[begin:end].

    ``ahead``: how many moments after this one are the next base bar each of the same symbol; on_bar
    may go on over them. Returns for how many moments it was called, and the interval shown last.
    """
    context = context_at(context_address)
    account = account_at(context.account)
    program = program_at(program_address)
    bar = bar_at(program.bar)
    table, called, stride = shown.table, shown.called, shown.stride
    place = group = begin
    while place < end:
        entry = load_i8(view.entries, place)
        place += 1
        if entry >> TABLE_SHIFT != table:
            table = entry >> TABLE_SHIFT
            called = wanted.on_bar != 0 and (wanted.intervals >> table) & 1 == 1
            bar.index = table
            bar.table = context.tables + table * _TABLE_SIZE
            stride = table_at(bar.table).stride
        if called:
            symbol = (entry >> SYMBOL_SHIFT) & SYMBOL_MASK
        if called and (
            is_ready(context, program, table, symbol)
            or not warms_up(context, program, table, symbol)
        ):
            context.hook = _BAR
            context.symbol = symbol
            bar.symbol = symbol
            at = symbol * stride + (entry & ROW_MASK)
            bar.at = at
            bar.watched = load_i8(account.resting_of, symbol) != 0
            find_values(context, program.bindings, program.binding_count, table, symbol, at)
            seen = 1
            # If nobody wants the longer bars of this moment, a stretch begins here.
            if ahead > 0 and wanted.intervals == 1 and account.this_close == 0:
                seen += ahead * _goes_on(account, symbol, wanted.orders)
            own = wanted.own + symbol * wanted.size
            seen = call_stretch(wanted.on_bar, (own, program.bar, context_address, 0, seen))
            if seen > 1:
                _pass_over(account, view, bar, 1, seen)
                return seen, Shown(table, called, stride)
        if wanted.bars and (place == end or load_i8(view.entries, place) >> TABLE_SHIFT != table):
            if (wanted.intervals >> table) & 1 == 1:
                context.hook = _BARS
                context.symbol = -1
                load_bars(context_address, program_address, group, place, table)
                own = wanted.own + account.symbols * wanted.size
                if load_i8(program.bars, BARS_COUNT) > 0:
                    call_hook(program.on_bars, (own, program.bars, context_address))
            group = place
    return 1, Shown(table, called, stride)


@kernel()
def _walk_until(context_address: int, program_address: int, index: int, count: int) -> int:
    """Walk moments index..count-1, between which no funding time comes; as `walk_slot`."""
    context = context_at(context_address)
    account = account_at(context.account)
    view = view_of(context)
    wanted = _wanted_by(program_at(program_address))
    in_stretches = wanted.on_bar != 0 and wanted.intervals & 1 == 1 and not wanted.bars
    shown = Shown(-1, False, 0)
    begin = begin_of(context, index)
    m = index
    while m < count:
        moment = moment_at(view.moments + m * MOMENT_SIZE)
        ahead = min(moment.ahead, count - m - 1) if in_stretches else 0
        if ahead > 0 and moment.end == begin + 1:
            entry = load_i8(view.entries, begin)
            walked = _walk_stretch(context_address, program_address, entry, ahead + 1)
            m += walked
            begin += walked
            shown = Shown(-1, False, 0)
            if walked <= ahead:
                return m
            continue
        # Steps 2 to 5
        before = open_here(account, view, moment, begin)
        if before < 0:
            return m
        # Step 6
        if wanted.fills:
            call_fills(context_address, program_address, before)
        # Step 7
        if wanted.orders:
            call_orders(context_address, program_address)
        # Step 8
        start, begin = begin, moment.end
        walked, shown = _show_bars(
            context_address, program_address, view, wanted, shown, start, begin, ahead
        )
        m += walked
        begin += walked - 1
        # Step 9. A moment without bars may be at the same time as the one before it, at which all
        # was filled.
        if account.this_close != 0 and begin > start:
            before = fill_at_close(context_address, before)
            if wanted.fills:
                call_fills(context_address, program_address, before)
        # Steps 10 and 11
        if moment.flags != 0:
            call_sessions(context_address, program_address, moment.flags)
    return count


@kernel()
def end_walk(context_address: int, index: int, count: int) -> int:
    """Leave a slot of ``count`` moments that was walked up to ``index``; as `walk_slot`.

    What the strategy placed last moves to the book, because the next lane uses the same inbox.
    What has ended is reported at this lane's next moment.
    """
    account = account_at(context_at(context_address).account)
    if index < count:
        return index
    watch_lots(account)
    if account.broken != 0 or account.resting + account.inbox_count > account.book_capacity:
        return -1
    if account.inbox_count != 0:
        empty_inbox(account)
    return count


# The walk releases the interpreter's lock, so that a thread can end the process while a hook does
# not return.
@kernel(nogil=True)
def walk_slot(context_address: int, program_address: int, index: int, count: int) -> int:
    """Walk the ``count`` moments of the slot that a lane has taken up, from ``index`` on.

    Returns ``count`` at the end; or, for want of room, the moment it stopped before
    (`begin_moment`); or -1 if at the end the book had no room for the inbox, or if a fill's
    commission could not be found. What a hook raises passes through; the context then names the
    hook and the symbol, the account the time.
    """
    context = context_at(context_address)
    account = account_at(context.account)
    while True:
        # Moments up to the next funding time, so that none has to look for one.
        until = first_after(context.moments, index, count, account.next_funding)
        index = _walk_until(context_address, program_address, index, until)
        if index < until or until == count:
            return end_walk(context_address, index, count)
        # Step 1
        charge_funding(account, moment_at(context.moments + until * MOMENT_SIZE).t)

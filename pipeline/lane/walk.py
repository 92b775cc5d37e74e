"""The moments of a slot, walked by one lane: what happens at each, in the order that binds all.

At a moment t: resting orders meet the base bars that close at t; the account is marked; the
strategy is called, shorter intervals first, then symbols in order; sessions close, sessions open.

Where one moment after the other is but the next base bar of one symbol, the lane does not look at
moments at all, and does not leave the strategy's hook until that has placed an order, or a price
has come to one at rest (`strategy.bar_run`); then it marks the account over all these bars at once.
"""

from typing import Any

import numpy as np

from pipeline.execution.account import account_at, mark_run
from pipeline.execution.book import empty_inbox, end_moment
from pipeline.execution.funding import charge_funding
from pipeline.execution.lots import watch_lots
from pipeline.lane.hook_calls import (
    HOOK_INDEX,
    call_fills,
    call_orders,
    call_sessions,
    calls,
    load_bars,
    program_at,
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
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, store_f8, store_i8
from pipeline.strategy.compiled.bar_record import bar_at
from pipeline.strategy.compiled.bar_run import stirred
from pipeline.strategy.compiled.hooks import call_hook, call_run
from pipeline.strategy.compiled.records import TABLE, context_at, table_at
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


@kernel()
def _runs_on(account: Any, symbol: int, told: bool) -> bool:
    """Whether the next bars change but prices, and with them what the symbol's position is worth.

    Until a hook, or a price that an order at rest waits for, says otherwise. ``told``: whether
    `on_order` was called for what had ended; what ends in it is for the next moment to tell, and
    stays in the book until then, because a slot's end empties the outbox.
    """
    if account.done != 0 and account.inbox_count == 0 and not told:
        end_moment(account)
    # Orders that are to look at every bar leave no quiet range (`orders.unsettle`).
    at_rest = load_i8(account.resting_of, symbol) != 0
    if at_rest and load_f8(account.quiet_high, symbol) == -np.inf:
        return False
    if account.full != 0 or stirred(account):
        return False
    # What else is held would have to be marked, and a rate or a margin looked at, at each moment.
    if account.held != (load_f8(account.position, symbol) != 0.0):
        return False
    return account.foreign == 0 and (account.maintenance == 0.0 or account.held == 0)


@kernel()
def _end_run(account: Any, view: View, symbol: int, at: int, seen: int, watched: bool) -> None:
    """Mark the account over a run of ``seen`` bars from ``at`` on, without the first.

    ``watched``: orders at rest have met them.
    """
    mark_run(account, symbol, view.closes + 8 * (at + 1), seen - 1)
    if watched:
        store_i8(account.met, symbol, load_i8(view.ts, at + seen - 1))


@kernel()
def _run_alike(context_address: int, program_address: int, entry: int, count: int) -> int:
    """Walk ``count`` moments that are but a symbol's next base bar each; how many were.

    Fewer only for want of room. No moment and no entry has to be looked at: from bar to bar all
    that moves is the row, and with a strategy that rarely trades, they would come from far away.
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
    bar.index, bar.table, bar.symbol = 0, context.tables, symbol
    index = 0
    while index < count:
        at = first + index
        before = begin_moment(account, load_i8(view.close_ts, at))
        if before < 0:
            return index
        if account.resting > 0:
            match(account, view, symbol, at)
        store_f8(view.last_price, symbol, load_f8(view.closes, at))
        store_i8(view.cursor, symbol, row + index)
        value(account)
        if fills:
            call_fills(context_address, program_address, before)
        if orders:
            call_orders(context_address, program_address)
        watched = load_i8(account.resting_of, symbol) != 0
        context.hook = _BAR
        context.symbol = symbol
        bar.at = at
        seen = count - index if _runs_on(account, symbol, orders) else 1
        seen = call_run(program.on_bar, own, program.bar, context_address, seen)
        index += seen
        if seen > 1:
            before = account.fills_out_count
            _end_run(account, view, symbol, at, seen, watched)
        if account.this_close != 0:
            before = fill_at_close(context_address, before)
            if fills:
                call_fills(context_address, program_address, before)
    return count


@kernel()
def _run_until(context_address: int, program_address: int, index: int, count: int) -> int:
    """Walk moments index..count-1, between which no funding time comes; as `walk_slot`."""
    context = context_at(context_address)
    account = account_at(context.account)
    program = program_at(program_address)
    view = view_of(context)
    bar = bar_at(program.bar)
    fills, orders = calls(program, _FILL), calls(program, _ORDER)
    bars = calls(program, _BARS)
    wanted = program.intervals
    on_bar = program.on_bar if calls(program, _BAR) else 0
    on_alike = on_bar != 0 and wanted & 1 == 1 and not bars
    only_base = wanted == 1
    own, self_size = program.self, 8 * program.self_cells
    lane_self = own + account.symbols * self_size
    table, called, stride = -1, False, 0
    begin = begin_of(context, index)
    m = index
    while m < count:
        moment = moment_at(view.moments + m * MOMENT_SIZE)
        ahead = min(moment.ahead, count - m - 1) if on_alike else 0
        if ahead > 0 and moment.end == begin + 1:
            alike = ahead + 1
            entry = load_i8(view.entries, begin)
            walked = _run_alike(context_address, program_address, entry, alike)
            m += walked
            begin += walked
            table = -1
            if walked < alike:
                return m
            continue
        before = open_here(account, view, moment, begin)
        if before < 0:
            return m
        m += 1
        if fills:
            call_fills(context_address, program_address, before)
        if orders:
            call_orders(context_address, program_address)
        place = start = group = begin
        begin = moment.end
        while place < begin:
            entry = load_i8(view.entries, place)
            place += 1
            if entry >> TABLE_SHIFT != table:
                table = entry >> TABLE_SHIFT
                called = on_bar != 0 and (wanted >> table) & 1 == 1
                bar.index = table
                bar.table = context.tables + table * _TABLE_SIZE
                stride = table_at(bar.table).stride
            if called:
                symbol = (entry >> SYMBOL_SHIFT) & SYMBOL_MASK
                context.hook = _BAR
                context.symbol = symbol
                bar.symbol = symbol
                at = symbol * stride + (entry & ROW_MASK)
                bar.at = at
                seen = 1
                watched = load_i8(account.resting_of, symbol) != 0
                # Longer bars that nobody wants are over: from here on it is a run.
                if ahead > 0 and only_base and account.this_close == 0:
                    seen += ahead * _runs_on(account, symbol, orders)
                self_ = own + symbol * self_size
                seen = call_run(on_bar, self_, program.bar, context_address, seen)
                if seen > 1:
                    _end_run(account, view, symbol, at, seen, watched)
                    m += seen - 1
                    begin += seen - 1
                    break
            if bars and (place == begin or load_i8(view.entries, place) >> TABLE_SHIFT != table):
                if (wanted >> table) & 1 == 1:
                    context.hook = _BARS
                    context.symbol = -1
                    load_bars(context_address, program_address, group, place, table)
                    call_hook(program.on_bars, lane_self, program.bars, context_address)
                group = place
        # Without bars it may be the instant of the moment before, at which all was filled.
        if account.this_close != 0 and begin > start:
            before = fill_at_close(context_address, before)
            if fills:
                call_fills(context_address, program_address, before)
        if moment.flags != 0:
            call_sessions(context_address, program_address, moment.flags)
    return count


@kernel()
def end_walk(context_address: int, index: int, count: int) -> int:
    """Leave a slot of ``count`` moments that was walked up to ``index``; what `walk_slot` returns.

    The inbox is left to the next lane: what is done is reported at this lane's next moment.
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


# The interpreter's lock is not held, so that a thread can end the process while a hook does not
# return.
@kernel(nogil=True)
def walk_slot(context_address: int, program_address: int, index: int, count: int) -> int:
    """Walk the ``count`` moments of the slot that a lane has taken up from ``index`` on.

    Returns ``count``; or, for want of room, the moment it stopped before (see `begin_moment`); or
    -1, if the inbox could not be moved to the book at the end, or a cost could not be found at its
    last moments. What a hook raises passes through; the context then says in which hook, for which
    symbol and when.
    """
    context = context_at(context_address)
    account = account_at(context.account)
    while True:
        # Between funding times, so that no moment has to look at the clock for them.
        until = first_after(context.moments, index, count, account.next_funding)
        index = _run_until(context_address, program_address, index, until)
        if index < until or until == count:
            return end_walk(context_address, index, count)
        charge_funding(account, moment_at(context.moments + until * MOMENT_SIZE).t)

"""The moments of a slot, walked by one lane: what happens at each, in the order that binds all.

At a moment t: resting orders meet the base bars that close at t; the account is marked; the
strategy is called, shorter intervals first, then symbols in order; sessions close, sessions open.
`open_moment` does what comes before the strategy; it is the same code whether the strategy behind
it is compiled (`walk_slot`) or interpreted (`stages.interpreted`).
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit, types

from pipeline.execution.account import account_at, mark, mark_run
from pipeline.execution.book import empty_inbox, end_moment
from pipeline.execution.currency import convert
from pipeline.execution.fills import FILL
from pipeline.execution.funding import charge_funding
from pipeline.execution.lots import watch_lots
from pipeline.execution.margin import keep_margin
from pipeline.execution.matching import match_bar, match_close
from pipeline.execution.memory import load_f8, load_i8, record_at, store_f8, store_i8
from pipeline.execution.orders import ORDER, order_at
from pipeline.stages.schedule import (
    CLOSES,
    MOMENT,
    OPENS,
    ROW_MASK,
    SYMBOL_MASK,
    SYMBOL_SHIFT,
    TABLE_SHIFT,
    first_after,
    moment_at,
)
from pipeline.stages.session_turn import close_session, open_session
from pipeline.stages.slot import SESSION
from pipeline.stages.slot_view import begin_slot
from pipeline.strategy.bar import bar_at, bound_place
from pipeline.strategy.bar_run import stirred
from pipeline.strategy.compiled import call_hook, call_run
from pipeline.strategy.records import TABLE, context_at, table_at
from pipeline.strategy.strategy import HOOKS

#: What a lane's strategy is to the loop: where its records lie and what it wants to be called for.
#: ``self``: one record per symbol and one of the lane's own; ``bindings``: BINDING[n];
#: ``intervals``: bit i set if it wants bars of interval i; ``resets`` i8[n, 2]: cell of a self
#: record and the bits it gets when a session opens; the rest: addresses of the compiled hooks.
PROGRAM: np.dtype[Any] = np.dtype(
    [
        (name, "i8")
        for name in (
            *("self", "self_cells", "bar", "bars", "bindings", "binding_count"),
            *("intervals", "hooks", "resets", "reset_count"),
            *HOOKS,
        )
    ]
)
program_at = record_at(PROGRAM)

HOOK_INDEX = {name: index for index, name in enumerate(HOOKS)}
_SESSION_OPEN, _FILL = HOOK_INDEX["on_session_open"], HOOK_INDEX["on_fill"]
_ORDER = HOOK_INDEX["on_order"]
_BAR, _BARS = HOOK_INDEX["on_bar"], HOOK_INDEX["on_bars"]
_SESSION_CLOSE = HOOK_INDEX["on_session_close"]

_FILL_SIZE = FILL.itemsize
_ORDER_SIZE = ORDER.itemsize
_MOMENT_SIZE = MOMENT.itemsize
_SESSION_SIZE = SESSION.itemsize
_TABLE_SIZE = TABLE.itemsize

#: Leading cells of a bars record: ts, interval, count.
BARS_CELLS = 3
_PRICES, _CLOSE = 5, 3


class _View(NamedTuple):
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


@njit(cache=True)
def _view_of(context: Any) -> _View:
    base = table_at(context.tables)
    return _View(
        context.moments,
        context.entries,
        context.cursor,
        account_at(context.account).last_price,
        base.ts,
        base.close_ts,
        base.values,
        base.values + 8 * _CLOSE * base.plane,
        base.plane,
        base.stride,
    )


@njit(cache=True)
def begin_of(context: Any, index: int) -> int:
    """Return where the bars of moment ``index`` begin in the entries."""
    if index == 0:
        return 0
    return moment_at(context.moments + (index - 1) * _MOMENT_SIZE).end


@njit(cache=True, inline="always")
def _begin_moment(account: Any, t: int) -> int:
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


@njit(cache=True, inline="always")
def _match(account: Any, view: _View, symbol: int, at: int) -> None:
    """Let orders at rest meet the base bar at a place in its columns."""
    match_bar(account, symbol, load_i8(view.ts, at), view.close_ts, view.opens, view.plane, at)


@njit(cache=True, inline="always")
def _value(account: Any) -> None:
    """Mark the account where base bars have closed."""
    if account.foreign != 0:
        convert(account)
    mark(account)
    if account.maintenance > 0.0:
        keep_margin(account)


@njit(cache=True, inline="always")
def _open_moment(account: Any, view: _View, moment: Any, begin: int) -> int:
    """Do at a moment, whose bars begin at ``begin``, what comes before the strategy.

    Returns what `_begin_moment` does.
    """
    before = _begin_moment(account, moment.t)
    if before < 0:
        return before
    base_end = moment.base_end
    if account.resting > 0:
        for place in range(begin, base_end):
            entry = load_i8(view.entries, place)
            symbol = (entry >> SYMBOL_SHIFT) & SYMBOL_MASK
            _match(account, view, symbol, symbol * view.stride + (entry & ROW_MASK))
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
        _value(account)
    return before


@njit(types.int64(types.int64, types.int64, types.int64), cache=True)
def open_moment(context_address: int, index: int, begin: int) -> int:
    """`_open_moment` number ``index``, for the walk of an interpreted strategy."""
    context = context_at(context_address)
    account = account_at(context.account)
    moment = moment_at(context.moments + index * _MOMENT_SIZE)
    if moment.t > account.next_funding:
        charge_funding(account, moment.t)
    return _open_moment(account, _view_of(context), moment, begin)


@njit(cache=True)
def load_bars(context_address: int, program_address: int, begin: int, end: int, index: int) -> int:
    """Fill the bars record with the bars of one interval in entries[begin:end]; where they end.

    Symbols without a bar at this moment have present 0 and NaN in every column.
    """
    context = context_at(context_address)
    program = program_at(program_address)
    symbols = account_at(context.account).symbols
    table = table_at(context.tables + index * _TABLE_SIZE)
    columns = _PRICES + program.binding_count
    for symbol in range(symbols):
        store_i8(program.bars, BARS_CELLS + symbol, 0)
    for cell in range(columns * symbols):
        store_f8(program.bars, BARS_CELLS + symbols + cell, np.nan)
    place = begin
    while place < end:
        entry = load_i8(context.entries, place)
        if entry >> TABLE_SHIFT != index:
            break
        symbol = (entry >> SYMBOL_SHIFT) & SYMBOL_MASK
        row = entry & ROW_MASK
        store_i8(program.bars, BARS_CELLS + symbol, 1)
        at = BARS_CELLS + symbols + symbol
        of = symbol * table.stride + row
        for price in range(_PRICES):
            value = load_f8(table.values, price * table.plane + of)
            store_f8(program.bars, at + price * symbols, value)
        for binding in range(program.binding_count):
            known = bound_place(context, program.bindings, binding, index, symbol, of)
            store_f8(program.bars, at + (_PRICES + binding) * symbols, load_f8(known, 0))
        place += 1
    store_i8(program.bars, 0, account_at(context.account).now)
    store_i8(program.bars, 1, table.interval)
    store_i8(program.bars, 2, place - begin)
    return place


@njit(cache=True)
def _reset_state(program: Any, symbols: int) -> None:
    for reset in range(program.reset_count):
        cell = load_i8(program.resets, 2 * reset)
        for record in range(symbols + 1):
            at = record * program.self_cells + cell
            store_i8(program.self, at, load_i8(program.resets, 2 * reset + 1))


@njit(cache=True)
def _calls(program: Any, hook: int) -> bool:
    return (program.hooks >> hook) & 1 == 1


@njit(cache=True)
def _call_fills(context_address: int, program_address: int, before: int) -> None:
    """Call on_fill for the fills in the outbox from ``before`` on."""
    context = context_at(context_address)
    account = account_at(context.account)
    program = program_at(program_address)
    context.hook = _FILL
    for fill in range(before, account.fills_out_count):
        address = account.fills_out + fill * _FILL_SIZE
        context.symbol = load_i8(address, 1)
        own = program.self + 8 * program.self_cells * context.symbol
        call_hook(program.on_fill, own, address, context_address)


@njit(cache=True)
def report_orders(context_address: int) -> int:
    """Report the orders that have ended; the first in the outbox that `on_order` was not told."""
    account = account_at(context_at(context_address).account)
    end_moment(account)
    first = account.orders_told
    account.orders_told = account.orders_out_count
    return first


@njit(cache=True)
def _call_orders(context_address: int, program_address: int) -> None:
    """Call on_order for each order that has ended since it was last called."""
    context = context_at(context_address)
    account = account_at(context.account)
    program = program_at(program_address)
    context.hook = _ORDER
    for index in range(report_orders(context_address), account.orders_out_count):
        address = account.orders_out + index * _ORDER_SIZE
        context.symbol = order_at(address).symbol
        own = program.self + 8 * program.self_cells * context.symbol
        call_hook(program.on_order, own, address, context_address)


@njit(cache=True)
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


@njit(cache=True)
def _call_sessions(context_address: int, program_address: int, flags: int) -> None:
    """Close and open sessions, and call the hooks for it."""
    context = context_at(context_address)
    program = program_at(program_address)
    symbols = account_at(context.account).symbols
    lane_self = program.self + 8 * program.self_cells * symbols
    context.symbol = -1
    if flags & CLOSES:
        address = context.sessions + close_session(context_address) * _SESSION_SIZE
        context.hook = _SESSION_CLOSE
        call_hook(program.on_session_close, lane_self, address, context_address)
    if flags & OPENS:
        address = context.sessions + open_session(context_address) * _SESSION_SIZE
        _reset_state(program, symbols)
        context.hook = _SESSION_OPEN
        call_hook(program.on_session_open, lane_self, address, context_address)


@njit(cache=True, inline="always")
def _runs_on(account: Any, symbol: int) -> bool:
    """Whether the next bars change but prices, and with them what the symbol's position is worth.

    Until a hook, or a price that an order at rest waits for, says otherwise.
    """
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


@njit(cache=True)
def _run_alike(context_address: int, program_address: int, entry: int, count: int) -> int:
    """Walk ``count`` moments that are but a symbol's next base bar each; how many were.

    Fewer only for want of room. No moment and no entry has to be looked at: from bar to bar all
    that moves is the row, and with a strategy that rarely trades, they would come from far away.
    """
    context = context_at(context_address)
    account = account_at(context.account)
    program = program_at(program_address)
    view = _view_of(context)
    symbol = (entry >> SYMBOL_SHIFT) & SYMBOL_MASK
    row = entry & ROW_MASK
    first = symbol * view.stride + row
    own = program.self + 8 * program.self_cells * symbol
    fills, orders = _calls(program, _FILL), _calls(program, _ORDER)
    bar = bar_at(program.bar)
    bar.index, bar.table, bar.symbol = 0, context.tables, symbol
    index = 0
    while index < count:
        at = first + index
        before = _begin_moment(account, load_i8(view.close_ts, at))
        if before < 0:
            return index
        if account.resting > 0:
            _match(account, view, symbol, at)
        store_f8(view.last_price, symbol, load_f8(view.closes, at))
        store_i8(view.cursor, symbol, row + index)
        _value(account)
        if fills:
            _call_fills(context_address, program_address, before)
        if orders:
            _call_orders(context_address, program_address)
        if account.done != 0 and account.inbox_count == 0:
            end_moment(account)
        watched = load_i8(account.resting_of, symbol) != 0
        context.hook = _BAR
        context.symbol = symbol
        bar.at = at
        seen = count - index if _runs_on(account, symbol) else 1
        seen = call_run(program.on_bar, own, program.bar, context_address, seen)
        index += seen
        if seen > 1:
            before = account.fills_out_count
            mark_run(account, symbol, view.closes + 8 * (at + 1), seen - 1)
            if watched:
                store_i8(account.met, symbol, load_i8(view.ts, at + seen - 1))
        if account.this_close != 0:
            before = fill_at_close(context_address, before)
            if fills:
                _call_fills(context_address, program_address, before)
    return count


@njit(cache=True)
def _run_until(context_address: int, program_address: int, index: int, count: int) -> int:
    """`_run_moments` where no funding time comes between."""
    context = context_at(context_address)
    account = account_at(context.account)
    program = program_at(program_address)
    view = _view_of(context)
    bar = bar_at(program.bar)
    fills, orders = _calls(program, _FILL), _calls(program, _ORDER)
    bars = _calls(program, _BARS)
    wanted = program.intervals
    on_bar = program.on_bar if _calls(program, _BAR) else 0
    on_alike = on_bar != 0 and wanted & 1 == 1 and not bars
    own, self_size = program.self, 8 * program.self_cells
    lane_self = own + account.symbols * self_size
    table, called, stride = -1, False, 0
    begin = begin_of(context, index)
    m = index
    while m < count:
        moment = moment_at(view.moments + m * _MOMENT_SIZE)
        if moment.alike > 1 and on_alike:
            alike = min(moment.alike, count - m)
            entry = load_i8(view.entries, begin)
            walked = _run_alike(context_address, program_address, entry, alike)
            m += walked
            begin += walked
            table = -1
            if walked < alike:
                return m
            continue
        before = _open_moment(account, view, moment, begin)
        if before < 0:
            return m
        m += 1
        if fills:
            _call_fills(context_address, program_address, before)
        if orders:
            _call_orders(context_address, program_address)
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
                bar.at = symbol * stride + (entry & ROW_MASK)
                call_run(on_bar, own + symbol * self_size, program.bar, context_address, 1)
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
                _call_fills(context_address, program_address, before)
        if moment.flags != 0:
            _call_sessions(context_address, program_address, moment.flags)
    return count


@njit(cache=True)
def _run_moments(context_address: int, program_address: int, index: int, count: int) -> int:
    """Walk moments index..count-1 with compiled hooks; the moment it stopped before, or count.

    It stops early only for want of room (see `_open_moment`). What a hook raises passes through;
    the context then says in which hook, for which symbol and when.
    """
    context = context_at(context_address)
    account = account_at(context.account)
    while True:
        # Between funding times, so that no moment has to look at the clock for them.
        until = first_after(context.moments, index, count, account.next_funding)
        index = _run_until(context_address, program_address, index, until)
        if index < until or until == count:
            return index
        charge_funding(account, moment_at(context.moments + until * _MOMENT_SIZE).t)


@njit(types.int64(types.int64, types.int64, types.int64), cache=True)
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
@njit(types.int64(*4 * (types.int64,)), cache=True, nogil=True)
def walk_on(context_address: int, program_address: int, index: int, count: int) -> int:
    """Walk a slot from moment ``index`` on with compiled hooks; as `walk_slot`."""
    index = _run_moments(context_address, program_address, index, count)
    return end_walk(context_address, index, count)


@njit(types.int64(*6 * (types.int64,)), cache=True, nogil=True)
def walk_slot(
    context_address: int, program_address: int, bindings: int, bound: int, view: int, count: int
) -> int:
    """Have a lane take up a slot (see `begin_slot`) and walk its ``count`` moments.

    Returns ``count``; or, for want of room, the moment it stopped before; or -1, if the inbox could
    not be moved to the book at the end, or a cost could not be found at its last moments.
    """
    begin_slot(context_address, bindings, bound, view)
    return walk_on(context_address, program_address, 0, count)

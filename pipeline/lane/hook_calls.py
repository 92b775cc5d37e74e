"""Calls of a compiled strategy's hooks, and what the hooks are given."""

from typing import Any

import numpy as np

from pipeline.codes import PRICES
from pipeline.execution.account import account_at
from pipeline.execution.book import end_moment
from pipeline.execution.fills import FILL
from pipeline.execution.orders import ORDER, order_at
from pipeline.lane.program import HOOK_INDEX, program_at
from pipeline.lane.session_turn import close_session, open_session
from pipeline.lane.warm_up import is_ready, warms_up
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, store_f8, store_i8
from pipeline.strategy.compiled.bar_record import BINDING, binding_at, find_values
from pipeline.strategy.compiled.hooks import call_hook
from pipeline.strategy.compiled.records import TABLE, context_at, table_at
from pipeline.tape.schedule import (
    CLOSES,
    OPENS,
    ROW_MASK,
    SYMBOL_MASK,
    SYMBOL_SHIFT,
    TABLE_SHIFT,
)
from pipeline.tape.slot import SESSION

_SESSION_OPEN, _SESSION_CLOSE = HOOK_INDEX["on_session_open"], HOOK_INDEX["on_session_close"]
_FILL, _ORDER = HOOK_INDEX["on_fill"], HOOK_INDEX["on_order"]

_FILL_SIZE = FILL.itemsize
_ORDER_SIZE = ORDER.itemsize
_SESSION_SIZE = SESSION.itemsize
_TABLE_SIZE = TABLE.itemsize
_BINDING_SIZE = BINDING.itemsize

#: Leading cells of a bars record: ts, interval, count; and the place of the last.
BARS_CELLS = 3
BARS_COUNT = 2


@kernel()
def load_bars(context_address: int, program_address: int, begin: int, end: int, index: int) -> int:
    """Write the bars of interval ``index`` in entries[begin:end] into the record for on_bars.

    Returns where the bars of that interval end. A symbol without a bar at this moment, or whose
    bars the strategy is not ready for, has 0 in ``present`` and NaN in every column.
    """
    context = context_at(context_address)
    program = program_at(program_address)
    symbols = account_at(context.account).symbols
    table = table_at(context.tables + index * _TABLE_SIZE)
    columns = PRICES + program.binding_count
    for symbol in range(symbols):
        store_i8(program.bars, BARS_CELLS + symbol, 0)
    for cell in range(columns * symbols):
        store_f8(program.bars, BARS_CELLS + symbols + cell, np.nan)
    shown = 0
    place = begin
    while place < end:
        entry = load_i8(context.entries, place)
        if entry >> TABLE_SHIFT != index:
            break
        place += 1
        symbol = (entry >> SYMBOL_SHIFT) & SYMBOL_MASK
        ready = is_ready(context, program, index, symbol)
        if not ready and warms_up(context, program, index, symbol):
            continue
        shown += 1
        row = entry & ROW_MASK
        store_i8(program.bars, BARS_CELLS + symbol, 1)
        at = BARS_CELLS + symbols + symbol
        of = symbol * table.stride + row
        for price in range(PRICES):
            value = load_f8(table.values, price * table.plane + of)
            store_f8(program.bars, at + price * symbols, value)
        find_values(context, program.bindings, program.binding_count, index, symbol, of)
        for binding in range(program.binding_count):
            known = binding_at(program.bindings + binding * _BINDING_SIZE).known
            store_f8(program.bars, at + (PRICES + binding) * symbols, load_f8(known, 0))
    store_i8(program.bars, 0, account_at(context.account).now)
    store_i8(program.bars, 1, table.interval)
    store_i8(program.bars, BARS_COUNT, shown)
    return place


@kernel()
def _reset_state(program: Any, symbols: int) -> None:
    """Give all states that are reset by session their first values."""
    for reset in range(program.reset_count):
        cell = load_i8(program.resets, 2 * reset)
        for record in range(symbols + 1):
            at = record * program.self_cells + cell
            store_i8(program.self, at, load_i8(program.resets, 2 * reset + 1))


@kernel()
def calls(program: Any, hook: int) -> bool:
    """Whether a strategy defines hook number ``hook``."""
    return (program.hooks >> hook) & 1 == 1


@kernel()
def call_fills(context_address: int, program_address: int, before: int) -> None:
    """Call on_fill for the fills in the outbox from number ``before`` on."""
    # Step 6, and step 9
    context = context_at(context_address)
    account = account_at(context.account)
    program = program_at(program_address)
    context.hook = _FILL
    for fill in range(before, account.fills_out_count):
        address = account.fills_out + fill * _FILL_SIZE
        context.symbol = load_i8(address, 1)
        own = program.self + 8 * program.self_cells * context.symbol
        call_hook(program.on_fill, (own, address, context_address))


@kernel()
def report_orders(context_address: int) -> int:
    """Move the orders that have ended to the outbox, to be told to on_order.

    Returns the number of the first in the outbox that on_order has not been told.
    """
    account = account_at(context_at(context_address).account)
    end_moment(account)
    first = account.orders_told
    account.orders_told = account.orders_out_count
    return first


@kernel()
def call_orders(context_address: int, program_address: int) -> None:
    """Call on_order for each order that has ended since it was last called."""
    # Step 7
    context = context_at(context_address)
    account = account_at(context.account)
    program = program_at(program_address)
    context.hook = _ORDER
    for index in range(report_orders(context_address), account.orders_out_count):
        address = account.orders_out + index * _ORDER_SIZE
        context.symbol = order_at(address).symbol
        own = program.self + 8 * program.self_cells * context.symbol
        call_hook(program.on_order, (own, address, context_address))


@kernel()
def call_sessions(context_address: int, program_address: int, flags: int) -> None:
    """Close and open sessions as the ``flags`` of a moment say, and call the hooks for it."""
    context = context_at(context_address)
    program = program_at(program_address)
    symbols = account_at(context.account).symbols
    lane_self = program.self + 8 * program.self_cells * symbols
    context.symbol = -1
    # Step 10
    if flags & CLOSES:
        address = context.sessions + close_session(context_address) * _SESSION_SIZE
        context.hook = _SESSION_CLOSE
        call_hook(program.on_session_close, (lane_self, address, context_address))
    # Step 11
    if flags & OPENS:
        address = context.sessions + open_session(context_address) * _SESSION_SIZE
        _reset_state(program, symbols)
        context.hook = _SESSION_OPEN
        call_hook(program.on_session_open, (lane_self, address, context_address))

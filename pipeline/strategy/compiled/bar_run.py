"""A run of base bars of one symbol, for a hook that is called at one after the other.

Nothing comes between these bars: no other symbol's, no longer interval's, no session's end. What a
walk of moments would look up at each of them is so looked up once. A bar of a longer interval, or
of a moment at which there are others, is a run of one.
"""

from typing import Any, NamedTuple

from pipeline.execution.account import account_at
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, store_f8, store_i8
from pipeline.strategy.compiled.bar_record import bar_at, bound_place
from pipeline.strategy.compiled.records import context_at, table_at

_HIGH, _LOW, _CLOSE = 1, 2, 3


class BarRun(NamedTuple):
    """Addresses of its first bar: times, prices, and the cells of the account that follow it.

    ``at``, ``row``: its place in a column, and among its symbol's rows; ``plane``: cells from one
    column to the next; ``watched``: whether orders of the symbol are at rest, which have nothing to
    do while prices stay between ``quiet_low`` and ``quiet_high``.
    """

    symbol: int
    table: int
    at: int
    row: int
    plane: int
    close_ts: int
    prices: int
    highs: int
    lows: int
    closes: int
    last_price: int
    cursor: int
    watched: bool
    quiet_low: int
    quiet_high: int


@kernel()
def bar_run(context_address: int, bar: Any) -> BarRun:
    """Return the run that begins with a bar (a BAR record)."""
    context = context_at(context_address)
    account = account_at(context.account)
    table = table_at(bar.table)
    symbol = bar.symbol
    prices = table.values + 8 * bar.at
    column = 8 * table.plane
    last_price = account.last_price + 8 * symbol
    # A bar of another interval, which is a run of its own, brings no price: it stays as it is.
    closes = prices + _CLOSE * column if bar.index == 0 else last_price
    return BarRun(
        symbol,
        bar.table,
        bar.at,
        bar.at - symbol * table.stride,
        table.plane,
        table.close_ts + 8 * bar.at,
        prices,
        prices + _HIGH * column,
        prices + _LOW * column,
        closes,
        last_price,
        context.cursor + 8 * (bar.index * account.symbols + symbol),
        load_i8(account.resting_of, symbol) != 0,
        account.quiet_low + 8 * symbol,
        account.quiet_high + 8 * symbol,
    )


@kernel()
def stirred(account: Any) -> bool:
    """Whether orders were placed or have ended, or word is on its way to one."""
    return (account.inbox_count | account.done | account.in_flight) != 0


@kernel()
def changed(context: Any, account: Any) -> bool:
    """Whether the hook has left the market something to see to, since this was last asked."""
    if context.asked == 0:
        return False
    context.asked = 0
    return stirred(account)


@kernel()
def met(run: BarRun, index: int) -> bool:
    """Whether orders at rest have something to do in bar ``index`` of a run."""
    return run.watched and not (
        load_f8(run.highs, index) < load_f8(run.quiet_high, 0)
        and load_f8(run.lows, index) > load_f8(run.quiet_low, 0)
    )


@kernel()
def show(
    account: Any, close_ts: int, closes: int, last_price: int, cursor: int, row: int, index: int
) -> None:
    """Write the time, last price and cursor of a run's bar ``index``; fields as in BarRun."""
    account.now = load_i8(close_ts, index)
    store_f8(last_price, 0, load_f8(closes, index))
    store_i8(cursor, 0, row + index)


@kernel()
def step(run: BarRun, account: Any, index: int) -> None:
    """Make bar ``index`` of a run the present one."""
    show(account, run.close_ts, run.closes, run.last_price, run.cursor, run.row, index)


@kernel()
def catch_up(context_address: int, bar_address: int) -> None:
    """Make the bar at which a hook raised within a run the present one."""
    account = account_at(context_at(context_address).account)
    step(bar_run(context_address, bar_at(bar_address)), account, 0)


@kernel()
def indicator_at(bar: Any, context: Any, place: int) -> int:
    """Return where the strategy's indicator number ``place`` lies at a bar; see `bound_place`."""
    return bound_place(context, bar.bindings, place, bar.index, bar.symbol, bar.at)

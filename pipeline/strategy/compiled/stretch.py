"""A stretch of base bars of one symbol: a hook is called for one of its bars after the other.

Nothing happens between these bars: no other symbol has a bar, no longer interval ends, no session
opens or closes. So what a walk of moments looks up at each moment is looked up once for the
stretch. A bar of a longer interval is a stretch of one bar, and so is a bar of a moment at which
other bars close too.
"""

from typing import Any, NamedTuple

from pipeline.execution.account import account_at
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, store_f8, store_i8
from pipeline.strategy.compiled.bar_record import bar_at, bound_place
from pipeline.strategy.compiled.records import context_at, table_at

_HIGH, _LOW, _CLOSE = 1, 2, 3


class Stretch(NamedTuple):
    """Where a stretch lies: what is known of its first bar, mostly as addresses.

    ``symbol``: index of its symbol. ``table``: address of the TABLE of its interval.
    ``at``: place of its first bar in a column. ``row``: row of that bar among its symbol's.
    ``plane``: cells from one column to the next.
    ``close_ts``, ``prices``, ``highs``, ``lows``, ``closes``: addresses of the first bar's close
    time, open, high, low and close; the values of the following bars lie behind them.
    ``last_price``, ``cursor``: addresses of the symbol's last price in the account and of its last
    known row in the context.
    ``watched``: whether orders of the symbol are at rest. They have nothing to do at a bar whose
    prices stay between the values at the addresses ``quiet_low`` and ``quiet_high``.
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
def stretch_from(context_address: int, bar: Any) -> Stretch:
    """Return the stretch that begins with a bar, a BAR record."""
    context = context_at(context_address)
    account = account_at(context.account)
    table = table_at(bar.table)
    symbol = bar.symbol
    prices = table.values + 8 * bar.at
    column = 8 * table.plane
    last_price = account.last_price + 8 * symbol
    # The close of a longer bar is no new price: `show` then writes the last price over itself.
    closes = prices + _CLOSE * column if bar.index == 0 else last_price
    return Stretch(
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
    """Whether the market has work: orders were placed or have ended, or a message is under way."""
    return (account.inbox_count | account.done | account.in_flight) != 0


@kernel()
def changed(context: Any, account: Any) -> bool:
    """Whether the hook has made work for the market since this function was last called.

    A hook that has called no operation of ``ctx`` has made none.
    """
    if context.asked == 0:
        return False
    context.asked = 0
    return stirred(account)


@kernel()
def met(stretch: Stretch, index: int) -> bool:
    """Whether bar ``index`` of a stretch reaches a price that orders at rest wait for."""
    return stretch.watched and not (
        load_f8(stretch.highs, index) < load_f8(stretch.quiet_high, 0)
        and load_f8(stretch.lows, index) > load_f8(stretch.quiet_low, 0)
    )


@kernel()
def show(
    account: Any, close_ts: int, closes: int, last_price: int, cursor: int, row: int, index: int
) -> None:
    """Write the time, last price and cursor of bar ``index`` where operations read them.

    The other arguments are fields of `Stretch`.
    """
    account.now = load_i8(close_ts, index)
    store_f8(last_price, 0, load_f8(closes, index))
    store_i8(cursor, 0, row + index)


@kernel()
def step(stretch: Stretch, account: Any, index: int) -> None:
    """Make bar ``index`` of a stretch the present one."""
    row = stretch.row
    show(account, stretch.close_ts, stretch.closes, stretch.last_price, stretch.cursor, row, index)


@kernel()
def catch_up(context_address: int, bar_address: int) -> None:
    """Make the bar of a BAR record the present one, after on_bar has raised at it."""
    account = account_at(context_at(context_address).account)
    step(stretch_from(context_address, bar_at(bar_address)), account, 0)


@kernel()
def indicator_at(bar: Any, context: Any, place: int) -> int:
    """Return the address of the value that indicator number ``place`` has at a bar.

    See `bound_place`.
    """
    return bound_place(context, bar.bindings, place, bar.index, bar.symbol, bar.at)

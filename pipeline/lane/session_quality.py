"""Counts the fills in sessions of which too many bars are missing.

A session is known to be poor for a symbol when it closes: by then the lane has counted its fills,
and the bars are what the symbol has had in all slots, less those before the session.
"""

from typing import Any

from pipeline.execution.account import account_at
from pipeline.market.time.calendars import bars_begun
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_i8, store_i8
from pipeline.strategy.compiled.records import context_at, table_at

_bars_begun = kernel()(bars_begun)


@kernel()
def grade_session(context_address: int, session: Any) -> None:
    """Add the fills of a session that has just closed to ``poor_fills``, symbol by symbol.

    They are poor if the symbol has fewer than ``poor_below`` per cent of the base bars that the
    calendar expects in the session.
    """
    context = context_at(context_address)
    account = account_at(context.account)
    base = table_at(context.tables)
    expected = _bars_begun(
        session.close,
        session.open,
        session.close,
        session.break_start,
        session.break_end,
        base.interval,
    )
    for symbol in range(account.symbols):
        known = load_i8(base.seen, symbol) + load_i8(context.cursor, symbol) - base.first + 1
        present = known - load_i8(account.bars_before, symbol)
        store_i8(account.bars_before, symbol, known)
        if 100.0 * present < account.poor_below * expected:
            account.poor_fills += load_i8(account.fills_of, symbol)
        store_i8(account.fills_of, symbol, 0)

"""Counts the fills in sessions of which too many bars are missing.

Whether a session is poor for a symbol is known when it closes. By then the lane has counted the
symbol's fills in it. The bars of the session are those that the symbol has had so far in the run,
less those before the session.
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
    """Add the fills of a session that has just closed to ``poor_fills``, where it was poor.

    It was poor for a symbol that has fewer than ``poor_below`` per cent of the base bars that the
    calendar expects in it.
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

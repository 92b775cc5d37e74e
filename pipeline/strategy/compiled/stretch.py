"""A stretch of base bars of one symbol: a hook is called for one of its bars after the other.

Nothing happens between these bars: no other symbol has a bar, no longer interval ends, no session
opens or closes. So what a walk of moments looks up at each moment is looked up once for the
stretch. A bar of a longer interval is a stretch of one bar, and so is a bar of a moment at which
other bars close too.
"""

from typing import Any

from pipeline.codes import CLOSE
from pipeline.execution.account import account_at
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, store_f8, store_i8
from pipeline.strategy.compiled.bar_record import bar_at
from pipeline.strategy.compiled.records import context_at, table_at


@kernel()
def stirred(account: Any) -> bool:
    """Whether the market has work: orders were placed or have ended, or a message is under way."""
    return (account.inbox_count | account.done | account.in_flight) != 0


@kernel()
def show(context_address: int, seen: int) -> None:
    """Make the base bar ``seen`` bars behind the lane's BAR the present one.

    Writes its time, its close as the last price, and its row as the last known one, where questions
    and operations read them.
    """
    context = context_at(context_address)
    account = account_at(context.account)
    bar = bar_at(context.bar)
    table = table_at(bar.table)
    at = bar.at + seen
    account.now = load_i8(table.close_ts, at)
    store_f8(account.last_price, bar.symbol, load_f8(table.values, CLOSE * table.plane + at))
    store_i8(context.cursor, bar.symbol, at - bar.symbol * table.stride)

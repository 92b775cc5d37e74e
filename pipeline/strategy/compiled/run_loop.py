"""What is compiled around a user's hook: the loop of ``on_bar``, and the call of any other hook.

`hooks` writes the source of this module into a module of its own for each hook, because Numba keeps
compiled code by module. There it replaces the names that are `_given` here. All of it is compiled
anew after each edit of a hook, so there is little of it.
"""

from collections.abc import Callable
from typing import Any

from pipeline.codes import HIGH, LOW
from pipeline.execution.account import account_at
from pipeline.native.memory import load_f8
from pipeline.strategy.compiled.bar_record import bar_at
from pipeline.strategy.compiled.context import make_context
from pipeline.strategy.compiled.records import context_at, table_at


def _given(*arguments: Any) -> Any:
    """Stand for a name that has a meaning only in the module of a hook."""
    raise NotImplementedError("run_loop is compiled only in the module of a hook")


#: The user's function.
body: Callable[..., Any] = _given
#: Views the self record at an address.
self_record: Callable[[int], Any] = _given
#: Views what the hook is given at an address: the record of bars, a fill, an order or a session.
data_record: Callable[[int], Any] = _given
#: Makes ``bar``; see `bar.bar_maker`.
make_bar: Callable[..., Any] = _given
#: Reads where the indicators' values are; see `bar.values_reader`.
known_values: Callable[[int], Any] = _given


def on_stretch(
    self_address: int, bar_address: int, context_address: int, seen: int, count: int
) -> int:
    """Call on_bar for bar ``seen`` of a stretch and for those behind it, up to ``count``.

    The loop stops behind a bar at which the hook has made work for the market, and before a bar
    that reaches a price which an order waits for. Returns how many bars of the stretch are done.
    """
    own, bar, context = self_record(self_address), bar_at(bar_address), context_at(context_address)
    account, table = account_at(context.account), table_at(bar.table)
    symbol, plane, watched = bar.symbol, table.plane, bar.watched != 0
    prices = table.values + 8 * bar.at
    first = symbol, bar.table, bar.at, prices, plane, known_values(bar.bindings)
    context.stirred = 0
    while True:
        bar.seen = seen  # if the hook raises, this says at which bar
        body(own, make_bar(*first, seen), make_context(context_address, seen))
        seen += 1
        if seen >= count or context.stirred != 0:
            return seen
        if watched and not (
            load_f8(prices, HIGH * plane + seen) < load_f8(account.quiet_high, symbol)
            and load_f8(prices, LOW * plane + seen) > load_f8(account.quiet_low, symbol)
        ):
            return seen


def with_data(self_address: int, data_address: int, context_address: int) -> None:
    """Call a hook that is given a record."""
    body(self_record(self_address), data_record(data_address), make_context(context_address, 0))


def without_data(self_address: int, data_address: int, context_address: int) -> None:
    """Call a hook that is given nothing but ``ctx``."""
    body(self_record(self_address), make_context(context_address, 0))

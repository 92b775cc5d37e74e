"""What is compiled around a user's hook: the loop of ``on_bar``, and the call of any other hook.

`hooks` writes the source of this module into a module of its own for each hook, because Numba keeps
compiled code by module. There it replaces the names that are `_given` here.
"""

from collections.abc import Callable
from typing import Any

from pipeline.execution.account import account_at
from pipeline.strategy.compiled.bar_record import bar_at
from pipeline.strategy.compiled.context import as_context, stretch_context
from pipeline.strategy.compiled.records import context_at
from pipeline.strategy.compiled.stretch import changed, met, step, stretch_from


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
#: (BAR record, CONTEXT record) -> addresses of the indicators' values at the bar, in a tuple.
columns_at: Callable[[Any, Any], Any] = _given
#: (these addresses, number of a bar in the stretch) -> the indicators' values, in a tuple.
values_of: Callable[[Any, int], Any] = _given


def on_stretch(self_address: int, bar_address: int, context_address: int, count: int) -> int:
    """Call on_bar for up to ``count`` bars of a stretch; return for how many it was called.

    The loop stops behind a bar at which the hook has made work for the market, and before a bar
    that reaches a price which an order waits for.
    """
    own, bar = self_record(self_address), bar_at(bar_address)
    context = context_at(context_address)
    account = account_at(context.account)
    stretch = stretch_from(context_address, bar)
    columns = columns_at(bar, context)
    context.asked = seen = 0
    while seen < count and (seen == 0 or not (changed(context, account) or met(stretch, seen))):
        bar.at = stretch.at + seen  # if the hook raises, this says at which bar
        place = stretch.symbol, stretch.table, bar.at, stretch.prices + 8 * seen, stretch.plane
        moving = stretch.close_ts, stretch.closes, stretch.last_price, stretch.cursor, stretch.row
        ctx = stretch_context(context_address, *moving, seen)
        body(own, make_bar(*place, values_of(columns, seen)), ctx)
        seen += 1
    if seen > 1:
        step(stretch, account, seen - 1)
    return seen


def with_data(self_address: int, data_address: int, context_address: int) -> None:
    """Call a hook that is given a record."""
    body(self_record(self_address), data_record(data_address), as_context(context_address))


def without_data(self_address: int, data_address: int, context_address: int) -> None:
    """Call a hook that is given nothing but ``ctx``."""
    body(self_record(self_address), as_context(context_address))

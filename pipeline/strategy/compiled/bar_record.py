"""Where a bar lies: its place in the tables of the slot, and where a strategy's indicators are.

    BAR record (one per lane)                 BINDING record (one per indicator of the strategy)
    +-------------------------------------+   +-------------------------------------------------+
    | table -> TABLE, index: its interval |   | table:  index of its interval                   |
    | symbol, at: place in a column       |   | column: which of that interval's columns        |
    | seen:  bars of the stretch before it|   | values -> that column in the current slot       |
    | watched: 1 if orders of the symbol  |   | known  -> its value at the BAR                  |
    |   are at rest                       |   +-------------------------------------------------+
    | bindings -> BINDING[]               |
    +-------------------------------------+

A call of on_bar begins with a BAR, the first one of a stretch (`stretch`): ``at`` is its place, and
the bar at hand lies ``seen`` rows behind it. What the hook sees is made of these
(`strategy.compiled.bar`). Writer of every cell: the engine process that owns the lane.
"""

from typing import Any

import numpy as np

from pipeline.execution.account import account_at
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_i8, record_at
from pipeline.strategy.compiled.records import TABLE, context_at, table_at

BAR: np.dtype[Any] = np.dtype(
    [(name, "i8") for name in ("table", "index", "symbol", "at", "seen", "watched", "bindings")]
)
BINDING: np.dtype[Any] = np.dtype([(name, "i8") for name in ("table", "column", "values", "known")])

bar_at = record_at(BAR)
binding_at = record_at(BINDING)

_TABLE_SIZE = TABLE.itemsize
_BINDING_SIZE = BINDING.itemsize


@kernel()
def bind_columns(context_address: int, bindings: int, count: int) -> None:
    """Find where the strategy's indicators lie in the slot just taken."""
    context = context_at(context_address)
    for place in range(count):
        bound = binding_at(bindings + place * _BINDING_SIZE)
        table = table_at(context.tables + bound.table * _TABLE_SIZE)
        bound.values = table.values + 8 * bound.column * table.plane


@kernel()
def find_values(context: Any, bindings: int, count: int, index: int, symbol: int, at: int) -> None:
    """Find where the bound indicators' values at a bar lie: of this bar, or the last known.

    ``index``: the bar's interval. ``at``: its place in a column of that interval.
    """
    for place in range(count):
        bound = binding_at(bindings + place * _BINDING_SIZE)
        known = at
        if bound.table != index:
            table = table_at(context.tables + bound.table * _TABLE_SIZE)
            symbols = account_at(context.account).symbols
            row = load_i8(context.cursor, bound.table * symbols + symbol)
            known = symbol * table.stride + row
        bound.known = bound.values + 8 * known

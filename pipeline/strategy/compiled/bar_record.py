"""Where a bar lies: its place in the tables of the slot, and where a strategy's indicators are.

    BAR record (one per lane)                 BINDING record (one per indicator of the strategy)
    +-------------------------------------+   +-------------------------------------------------+
    | table -> TABLE, index: its interval |   | table:  index of its interval                   |
    | symbol, at: place in a column       |   | column: which of that interval's columns        |
    | bindings -> BINDING[]               |   | values -> that column in the current slot       |
    +-------------------------------------+   +-------------------------------------------------+

A call of on_bar begins with a BAR; what the hook sees is made of it (`strategy.compiled.bar`).
Writer of every cell: the engine process that owns the lane.
"""

from typing import Any

import numpy as np

from pipeline.execution.account import account_at
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_i8, record_at
from pipeline.strategy.compiled.records import TABLE, context_at, table_at

BAR: np.dtype[Any] = np.dtype(
    [(name, "i8") for name in ("table", "index", "symbol", "at", "bindings")]
)
BINDING: np.dtype[Any] = np.dtype([(name, "i8") for name in ("table", "column", "values")])

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
def bound_place(context: Any, bindings: int, place: int, index: int, symbol: int, at: int) -> int:
    """Return where one bound indicator's value at a bar lies: of this bar, or its last known.

    ``at``: the bar's place in a column of its own interval ``index``.
    """
    bound = binding_at(bindings + place * _BINDING_SIZE)
    if bound.table == index:
        return bound.values + 8 * at
    table = table_at(context.tables + bound.table * _TABLE_SIZE)
    symbols = account_at(context.account).symbols
    row = load_i8(context.cursor, bound.table * symbols + symbol)
    return bound.values + 8 * (symbol * table.stride + row)

"""A bar as strategies see it: a place in the slot's tables, read when it is asked for.

    BAR record (one per lane)                 BINDING record (one per indicator of the strategy)
    +-------------------------------------+   +-------------------------------------------------+
    | table -> TABLE, index: its interval |   | table:  index of its interval                   |
    | symbol, at: place in a column       |   | column: which of that interval's columns        |
    | bindings -> BINDING[]               |   | values -> that column in the current slot       |
    +-------------------------------------+   +-------------------------------------------------+

It is where a call of on_bar begins; what the hook sees is made of it (`compiled_bar`). Writer of
every cell: the engine process that owns the lane.
"""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pipeline.execution.account import account_at
from pipeline.market.bars import PRICE_COLUMNS
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_i8, record_at
from pipeline.strategy.compiled.records import TABLE, context_at, table_at

BAR: np.dtype[Any] = np.dtype(
    [(name, "i8") for name in ("table", "index", "symbol", "at", "bindings")]
)
BINDING: np.dtype[Any] = np.dtype([(name, "i8") for name in ("table", "column", "values")])

#: Field names that every bar has; an indicator cannot take them.
BAR_FIELDS = ("symbol", "interval", "ts", "close_ts", *PRICE_COLUMNS)

bar_at = record_at(BAR)
binding_at = record_at(BINDING)

_TABLE_SIZE = TABLE.itemsize
_BINDING_SIZE = BINDING.itemsize


class Bar(Protocol):
    """One finished bar as ``on_bar`` sees it, with the strategy's indicators as attributes.

    ``symbol``: index in the run's symbols. ``interval``: its length in ns. ``ts``, ``close_ts``:
    open and close, ns UTC. An indicator bound to another interval shows its last known value.
    Valid until the hook returns.
    """

    symbol: int
    interval: int
    ts: int
    close_ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float

    def __getattr__(self, name: str) -> Any: ...


class Bars(Protocol):
    """All bars of one interval that closed at one moment, as ``on_bars`` sees them.

    ``ts``: that moment, ns UTC. ``interval``: their length in ns. ``count``: how many there are.
    ``present``: i8[symbols], 1 where a symbol has one. Prices and indicators are arrays by symbol,
    f8[symbols], NaN where it has none. Valid until the hook returns.
    """

    ts: int
    interval: int
    count: int
    present: npt.NDArray[np.int64]
    open: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    close: npt.NDArray[np.float64]
    volume: npt.NDArray[np.float64]

    def __getattr__(self, name: str) -> Any: ...


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

"""What a strategy may ask: the context, as compiled operations and as a Python object.

What it may do, place orders, is in `strategy.orders`. Rows behind the cursor are the future, and no
operation here reaches them.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.execution import lots
from pipeline.execution.account import account_at, marked_equity
from pipeline.execution.orders import check_symbol
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8
from pipeline.strategy.compiled.records import TABLE, context_at, table_at
from pipeline.strategy.orders import Orders

_TABLE_SIZE = TABLE.itemsize


def column_key(name: str) -> int:
    """The number under which compiled code knows a column name."""
    return zlib.crc32(name.encode())


# --- operations: one source for compiled and interpreted strategies -----------------------------


@kernel()
def now(context: int) -> int:
    """Present moment, ns UTC."""
    return account_at(context_at(context).account).now


@kernel()
def cash(context: int) -> float:
    """Cash in account currency."""
    return account_at(context_at(context).account).cash


@kernel()
def equity(context: int) -> float:
    """Cash plus positions at their last closes."""
    return marked_equity(account_at(context_at(context).account))


@kernel()
def _of_symbol(context: int, symbol: int, array: int) -> float:
    check_symbol(account_at(context_at(context).account), symbol)
    return load_f8(array, symbol)


@kernel()
def position(context: int, symbol: int) -> float:
    """Units held of a symbol, negative when short."""
    return _of_symbol(context, symbol, account_at(context_at(context).account).position)


@kernel()
def pending(context: int, symbol: int) -> float:
    """Signed sum of a symbol's unfilled orders that wait for no price."""
    return _of_symbol(context, symbol, account_at(context_at(context).account).pending)


@kernel()
def last_price(context: int, symbol: int) -> float:
    """Last close of a symbol, NaN before the first."""
    return _of_symbol(context, symbol, account_at(context_at(context).account).last_price)


@kernel()
def rate(context: int, symbol: int) -> float:
    """Account currency for 1 of a symbol's currency, NaN before there is a rate."""
    return _of_symbol(context, symbol, account_at(context_at(context).account).rate)


@kernel()
def realised(context: int, symbol: int) -> float:
    """Profit of what was closed of a symbol, less all commission paid for it."""
    return _of_symbol(context, symbol, account_at(context_at(context).account).realised)


@kernel()
def unrealised(context: int, symbol: int) -> float:
    """Profit of what is held of a symbol, at its last close."""
    account = account_at(context_at(context).account)
    check_symbol(account, symbol)
    return lots.unrealised(account, symbol)


@kernel()
def average_price(context: int, symbol: int) -> float:
    """Average price of what is held of a symbol, NaN when flat."""
    account = account_at(context_at(context).account)
    check_symbol(account, symbol)
    return lots.average_price(account, symbol)


@kernel()
def _interval_index(context: Any, interval: int) -> int:
    if interval == 0:
        return 0
    for index in range(context.intervals):
        if table_at(context.tables + index * _TABLE_SIZE).interval == interval:
            return index
    raise ValueError("interval is not one of this run's streams")


@kernel()
def _known_rows(context: Any, table: Any, index: int, symbol: int) -> int:
    cursor = load_i8(context.cursor, index * account_at(context.account).symbols + symbol)
    if cursor < 0:  # outside the lane's universe
        return 0
    return load_i8(table.seen, symbol) + cursor - table.first + 1


@kernel()
def count(context: int, symbol: int, interval: int) -> int:
    """Bars of a symbol and interval (ns; 0 = base) closed so far in the run."""
    record = context_at(context)
    check_symbol(account_at(record.account), symbol)
    index = _interval_index(record, interval)
    return _known_rows(record, table_at(record.tables + index * _TABLE_SIZE), index, symbol)


@kernel()
def window_span(
    context: int, symbol: int, key: int, rows: int, interval: int
) -> tuple[int, int, int]:
    """Where the last ``rows`` known values of a column lie: (table, offset in its values, length).

    Shorter at the start of a run. Raises ValueError if ``rows`` is above the declared lookback,
    KeyError for an unknown column, IndexError for an unknown symbol.
    """
    record = context_at(context)
    check_symbol(account_at(record.account), symbol)
    if rows < 1 or rows > record.lookback:
        raise ValueError("a window must have 1 to `lookback` rows; raise the strategy's lookback")
    found = -1
    for name in range(record.name_count):
        if load_i8(record.names, 3 * name) == key:
            found = name
            break
    if found < 0:
        raise KeyError("no such column")
    index = load_i8(record.names, 3 * found + 1)
    if index < 0:
        index = _interval_index(record, interval)
    table = table_at(record.tables + index * _TABLE_SIZE)
    length = min(rows, _known_rows(record, table, index, symbol))
    end = load_i8(record.cursor, index * account_at(record.account).symbols + symbol) + 1
    column = load_i8(record.names, 3 * found + 2)
    row = column * table.plane + symbol * table.stride
    return index, row + end - length, length


class Context(Orders):
    """The context of an interpreted strategy; a compiled one has the same names.

    Symbols are indices in the run's symbols, as ``bar.symbol`` gives them.
    """

    __slots__ = ("_address", "_context", "_keys", "_pending", "_position", "_values", "data")

    def __init__(
        self,
        context: npt.NDArray[Any],
        position: npt.NDArray[np.float64],
        pending: npt.NDArray[np.float64],
        data: Any = None,
    ) -> None:
        #: The run's SessionData: bars, indicators, session facts and quality up to now. Interpreted
        #: strategies only; `window` and `count` are there for both.
        self.data = data
        self._context = context
        self._address = int(context.ctypes.data)
        # Memoryviews: an item costs a third of a NumPy item, and `target` reads two per bar.
        self._position = position.data
        self._pending = pending.data
        self._values: Sequence[npt.NDArray[np.float64]] = ()
        self._keys: dict[str, int] = {}

    def bind(self, values: Sequence[npt.NDArray[np.float64]]) -> None:
        """Point at the current slot's value arrays, one flat f8 view per interval (engine only)."""
        self._values = values

    @property
    def now(self) -> int:
        """The present moment, ns UTC: the close of the bars being shown."""
        return now(self._address)

    @property
    def cash(self) -> float:
        """Cash in account currency."""
        return cash(self._address)

    @property
    def equity(self) -> float:
        """Cash plus all positions at their last closes."""
        return equity(self._address)

    @property
    def session_date(self) -> int:
        """The trading date at 00:00Z, ns."""
        return int(self._context["session_date"][0])

    @property
    def session_open(self) -> int:
        """When the session opened, ns UTC."""
        return int(self._context["session_open"][0])

    @property
    def session_close(self) -> int:
        """When the session closes by the calendar, ns UTC."""
        return int(self._context["session_close"][0])

    def position(self, symbol: int) -> float:
        """Units held; negative when short."""
        return position(self._address, symbol)

    def pending(self, symbol: int) -> float:
        """Signed sum of the unfilled orders that wait for no price: market, on open, on close."""
        return pending(self._address, symbol)

    def last_price(self, symbol: int) -> float:
        """The symbol's last close; NaN before its first bar."""
        return last_price(self._address, symbol)

    def rate(self, symbol: int) -> float:
        """Account currency for 1 of the symbol's currency; NaN before its pair's first close."""
        return rate(self._address, symbol)

    def average_price(self, symbol: int) -> float:
        """Average price of the units held; NaN when flat."""
        return average_price(self._address, symbol)

    def unrealised(self, symbol: int) -> float:
        """What the units held would bring at the last close above their cost, before commission."""
        return unrealised(self._address, symbol)

    def realised(self, symbol: int) -> float:
        """What trading the symbol has brought so far: profit of all closed, less all commission."""
        return realised(self._address, symbol)

    def count(self, symbol: int, interval: int = 0) -> int:
        """Bars of a symbol closed so far in the run; ``interval`` in ns, 0 = base."""
        return count(self._address, symbol, interval)

    def window(
        self, symbol: int, column: str, rows: int, interval: int = 0
    ) -> npt.NDArray[np.float64]:
        """The last ``rows`` values of a column, oldest first: f8[<= rows], no copy.

        ``column``: open, high, low, close, volume or one of the strategy's indicator names.
        ``interval`` in ns (0 = base) counts for prices; an indicator has its own. The view lies
        in shared memory and is valid until the hook returns.
        """
        key = self._keys.get(column)
        if key is None:
            key = self._keys[column] = column_key(column)
        index, start, length = window_span(self._address, symbol, key, rows, interval)
        return self._values[index][start : start + length]


def name_table(bindings: Mapping[str, tuple[int, int]]) -> npt.NDArray[np.int64]:
    """Column names for compiled code, i8[n, 3]: key, interval index (-1 = as asked), column."""
    rows = [(column_key(name), index, column) for name, (index, column) in bindings.items()]
    if len({row[0] for row in rows}) != len(rows):
        raise ValueError(f"column names collide as keys: {', '.join(bindings)}")
    return np.array(rows, np.int64).reshape(-1, 3)

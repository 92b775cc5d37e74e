"""What ``ctx`` may ask, as compiled functions over the address of a CONTEXT record.

Compiled hooks reach them through `strategy.compiled.context`, interpreted ones through
`lane.interpreted_context`. Rows behind the cursor are the future, and no function here reaches
them.
"""

from typing import Any

from pipeline.execution import lots
from pipeline.execution.account import account_at, marked_equity
from pipeline.execution.orders import check_symbol
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8
from pipeline.strategy.compiled.records import TABLE, context_at, table_at

#: What is raised for an interval that is none of the run's. Compiled code tells no interval; the
#: interpreted context, which repeats a call that has raised, does.
NO_INTERVAL = "interval is not one of this run's streams"

_TABLE_SIZE = TABLE.itemsize


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
    raise ValueError(NO_INTERVAL)


@kernel()
def known_rows(context: Any, table: Any, index: int, symbol: int) -> int:
    """Bars of a symbol closed so far in the run; ``table``: the TABLE of interval ``index``."""
    cursor = load_i8(context.cursor, index * account_at(context.account).symbols + symbol)
    if cursor < 0:  # outside the lane's universe
        return 0
    return load_i8(table.seen, symbol) + cursor - table.first + 1


@kernel()
def symbol(context: int, key: int) -> int:
    """Index of the symbol with a key (`column_names.symbol_key`). KeyError if there is none."""
    record = context_at(context)
    for index in range(account_at(record.account).symbols):
        if load_i8(record.symbol_keys, index) == key:
            return index
    raise KeyError("no such symbol")


@kernel()
def count(context: int, symbol: int, interval: int) -> int:
    """Bars of a symbol and interval (ns; 0 = base) closed so far in the run."""
    record = context_at(context)
    check_symbol(account_at(record.account), symbol)
    index = _interval_index(record, interval)
    return known_rows(record, table_at(record.tables + index * _TABLE_SIZE), index, symbol)


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
    length = min(rows, known_rows(record, table, index, symbol))
    end = load_i8(record.cursor, index * account_at(record.account).symbols + symbol) + 1
    column = load_i8(record.names, 3 * found + 2)
    row = column * table.plane + symbol * table.stride
    return index, row + end - length, length

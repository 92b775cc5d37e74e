"""Warm-up: a strategy is called for a series of bars from the first bar at which it is ready.

A series is the bars of one symbol and interval. A strategy is ready when each of its indicators has
a value at the bar, or from the bar that its ``warmup`` counts to. From then on it is called for
every bar of the series.

A lane has one cell per interval and symbol, i8[intervals, symbols], in which a series stands as

- 0 before its first bar
- minus a bit mask while it warms up: bit i is set if indicator number i had no value at the last
  bar (`_LAST_BIT` stands for all indicators that follow it, and for bars that ``warmup`` counts)
- the session's date in ns, above 0, in which the strategy was ready; 1 if it needs no warm-up
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.execution.account import account_at
from pipeline.lane.program import program_at
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, store_i8
from pipeline.strategy.compiled.bar_record import BINDING, binding_at, find_values
from pipeline.strategy.compiled.questions import known_rows
from pipeline.strategy.compiled.records import TABLE, context_at, table_at
from pipeline.tape.slot import BarTable

#: PROGRAM.warmup of a strategy that waits for its indicators.
INDICATORS = -1
_FROM_THE_START = 1
_LAST_BIT = 61
_TABLE_SIZE = TABLE.itemsize
_BINDING_SIZE = BINDING.itemsize


def ready_cells(
    intervals: int, symbols: int, warmup: int | None, indicators: int
) -> npt.NDArray[np.int64]:
    """Return the cells of a lane at the start, i8[intervals, symbols].

    ``warmup`` is the strategy's: a number of bars, or None to wait for its ``indicators``.
    """
    waits = indicators > 0 if warmup is None else warmup > 1
    return np.full((intervals, symbols), 0 if waits else _FROM_THE_START, np.int64)


@kernel()
def is_ready(context: Any, program: Any, index: int, symbol: int) -> bool:
    """Whether the strategy is called for every bar of a series; ``index``: its interval."""
    return load_i8(program.ready, index * account_at(context.account).symbols + symbol) > 0


@kernel()
def warms_up(context: Any, program: Any, index: int, symbol: int) -> bool:
    """Whether the strategy is not called for the last known bar of a series; write that down.

    Afterwards the bindings know the values at that bar.
    """
    cell = index * account_at(context.account).symbols + symbol
    if load_i8(program.ready, cell) > 0:
        return False
    table = table_at(context.tables + index * _TABLE_SIZE)
    at = symbol * table.stride + load_i8(context.cursor, cell)
    find_values(context, program.bindings, program.binding_count, index, symbol, at)
    missing = 0
    if program.warmup == INDICATORS:
        for place in range(program.binding_count):
            value = load_f8(binding_at(program.bindings + place * _BINDING_SIZE).known, 0)
            if value != value:
                missing |= 1 << min(place, _LAST_BIT)
    elif known_rows(context, table, index, symbol) < program.warmup:
        missing = 1 << _LAST_BIT
    if missing != 0:
        store_i8(program.ready, cell, -missing)
        return True
    store_i8(program.ready, cell, max(context.session_date, _FROM_THE_START))
    return False


@kernel()
def warms_up_at(context_address: int, program_address: int, index: int, symbol: int) -> bool:
    """Do as `warms_up`, by the addresses of a CONTEXT and a PROGRAM."""
    return warms_up(context_at(context_address), program_at(program_address), index, symbol)


def first_called(ready: npt.NDArray[np.int64], wanted: Sequence[int]) -> Any:
    """Return the date of the session in which a strategy was first ready.

    It is in ns, 0 if the strategy needs no warm-up or has seen no bar, and -1 if it warmed up to
    the end. ``wanted``: the intervals that it is called for. For the cells of several lanes,
    i8[lanes, intervals, symbols], it is i8[lanes].
    """
    seen = ready[..., list(wanted), :]
    latest = np.iinfo(np.int64).max
    first = np.where(seen > 0, seen, latest).min(axis=(-2, -1))
    waited = np.where((seen < 0).any(axis=(-2, -1)), -1, 0)
    date = np.where(first == _FROM_THE_START, 0, first)
    return np.where(first == latest, waited, date)[()]


def never_ready(
    ready: npt.NDArray[np.int64],
    wanted: Sequence[int],
    intervals: Sequence[str],
    symbols: Sequence[str],
    indicators: Sequence[str],
    watch: "ValueWatch | None" = None,
) -> Iterator[tuple[str, bool]]:
    """Give each series with bars for which the strategy or an indicator of it was never ready.

    A series is named with what was not ready in brackets. Beside it stands whether the strategy
    waited for that to the end, and so was never called. ``watch``: that of a strategy that does not
    wait for its indicators.
    """
    for index in wanted:
        for symbol, cell in enumerate(ready[index].tolist()):
            if watch is None:
                missing = _missing(-cell, indicators) if cell < 0 else []
            else:
                missing = ["warmup"] * (cell < 0) + watch.without_value(index, symbol)
            if missing:
                yield f"{symbols[symbol]} {intervals[index]} ({', '.join(missing)})", cell < 0


def _missing(mask: int, indicators: Sequence[str]) -> list[str]:
    """Return what a series waits for whose cell is minus a bit mask."""
    return [name for place, name in enumerate(indicators) if mask >> min(place, _LAST_BIT) & 1]


class ValueWatch:
    """Looks for the first value of each indicator, for a strategy that does not wait for it.

    ``bindings``: name, index of the interval and index of the column of each indicator.
    ``universe``: the symbols that the strategy trades.
    """

    def __init__(
        self,
        bindings: Sequence[tuple[str, int, int]],
        intervals: int,
        symbols: int,
        universe: npt.NDArray[np.int64],
    ) -> None:
        self._bindings = bindings
        self._bars = np.zeros((intervals, symbols), bool)
        #: bool[indicators, symbols]: whether an indicator has had no value yet.
        self._waiting = np.zeros((len(bindings), symbols), bool)
        self._waiting[:, universe] = True
        self._done = not bindings

    def look(self, tables: Sequence[BarTable]) -> None:
        """Look at the fresh bars of a slot, given its tables."""
        if self._done:
            return
        for index, table in enumerate(tables):
            self._bars[index] = table.seen + table.count > 0
        for place, (_, index, column) in enumerate(self._bindings):
            table = tables[index]
            for symbol in np.flatnonzero(self._waiting[place]).tolist():
                end = table.first + int(table.count[symbol])
                fresh = table.values[column, symbol, table.first : end]
                # Most indicators keep having a value, so the last bar tells most.
                has = len(fresh) > 0 and (fresh[-1] == fresh[-1] or not np.isnan(fresh).all())
                self._waiting[place, symbol] = not has
        self._done = not self._waiting.any()

    def without_value(self, index: int, symbol: int) -> list[str]:
        """Return the names of the indicators that had no value at any bar of a series."""
        if not self._bars[index, symbol]:
            return []
        waiting = self._waiting[:, symbol].tolist()
        return [one[0] for one, waits in zip(self._bindings, waiting, strict=True) if waits]

"""The runner of a plan: it computes the indicator columns of one interval and keeps their state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import HookError, text_of
from pipeline.market.indicators.declared import WHOLE_BAR, Indicator, source_power
from pipeline.market.indicators.kinds import code_of
from pipeline.market.indicators.layout import CUSTOM, KINDS, state_powers
from pipeline.market.indicators.own_function import place
from pipeline.market.indicators.own_loop import compile_function, loop_for
from pipeline.market.indicators.plan import IndicatorPlan, PlannedIndicator
from pipeline.market.indicators.split_scaling import rescale_cells
from pipeline.market.indicators.table import WORK, compute_plan

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_NO_SESSIONS = np.zeros((1, 1), np.int64)


@dataclass(frozen=True)
class _OwnFunction:
    """A user's indicator, ready to run."""

    planned: PlannedIndicator
    """The indicator, with the places of its column and state."""
    functions: tuple[Any, Any]
    """The first two arguments of `own_loop.run_own`: one is the compiled function, one is None."""
    params: Floats
    """The numbers that the function gets."""


class PlanRunner:
    """Computes the indicator columns of one interval for a range of symbols.

    The runner owns their state, float64[len(symbols), state_size], which is zero at first.
    ``symbols`` (step 1) are indices of the second axis of ``values``. A processor makes one runner
    per interval for its own symbols. Making a runner compiles the kinds of the plan, or loads them
    from disk, and compiles the user's functions (StrategyError if one cannot be compiled).
    """

    def __init__(self, plan: IndicatorPlan, interval: str, symbols: range) -> None:
        if symbols.step != 1:
            raise ValueError(f"symbols must be a range of step 1, was {symbols}")
        self._table = plan.table(interval)
        self._symbols = symbols
        self.state: Floats = np.zeros((len(symbols), self._table.state_size))
        own = [one for one in self._table.indicators if one.indicator.function is not None]
        built_in = [one for one in self._table.indicators if one.indicator.function is None]
        self._built_in = _works(built_in)
        self._own = [_prepared(one) for one in own]

    def compute(
        self,
        values: Floats,
        first: int,
        counts: Integers,
        session_of_row: Integers | None = None,
    ) -> None:
        """Fill the indicator columns of the fresh rows, in place.

        ``values`` is float64[C, S, R] with the columns of the interval's table; the rows of a
        symbol are adjacent in memory. Symbol s has the fresh rows ``first`` to ``first + counts[s]
        - 1``, which follow those of the call before. No other rows are read or written. ``counts``
        is int64[S]. ``session_of_row`` int64[S, R] has a number below 2**53 for each session; it is
        read in fresh rows only, and only if the table needs sessions.

        Raises HookError if a user's function raises. The columns and the state are then
        incomplete. Raises ValueError for arrays of another shape or layout.
        """
        self._check(values, first, counts, session_of_row)
        counts = np.ascontiguousarray(counts, np.int64)
        steps = (values.strides[0] // 8, values.strides[1] // 8, first)
        symbols = (self._symbols.start, self._symbols.stop)
        if self._built_in.size:
            sessions = _NO_SESSIONS
            if session_of_row is not None and self._table.needs_sessions:
                sessions = session_of_row
            of_rows = (sessions.ctypes.data, sessions.strides[0] // 8)
            compute_plan(
                self._built_in.ctypes.data,
                self._built_in.size,
                values.ctypes.data,
                *steps,
                counts.ctypes.data,
                *of_rows,
                *symbols,
                self.state.ctypes.data,
                self.state.shape[1],
            )
        for own in self._own:
            self._run(own, (_flat(values), *steps, counts), symbols)

    def split(self, symbol: int, ratio: float) -> None:
        """Put the state of a symbol on the scale after a split. Call it before the rows after it.

        The state of a user's own function that does not declare its powers becomes zero.
        """
        cells = self.state[symbol - self._symbols.start]
        for planned in self._table.indicators:
            own = cells[slice(*planned.state)]
            powers = _state_powers(planned.indicator)
            if powers is None:
                own[:] = 0.0
            else:
                rescale_cells(own, ratio, powers)

    def reset(self) -> None:
        """Forget the past of every symbol, so that its next row is the first of its series."""
        self.state[:] = 0.0

    def _check(
        self, values: Floats, first: int, counts: Integers, session_of_row: Integers | None
    ) -> None:
        """Refuse arrays in which the kernels, which check no bounds, would miss the rows."""
        name = self._table.interval
        columns, symbols, rows = values.shape
        if columns != len(self._table.columns):
            raise ValueError(
                f"values of {name} must have {len(self._table.columns)} columns, had {columns}"
            )
        if values.dtype != np.float64 or values.strides[2] != 8:
            raise ValueError(f"values of {name} must be float64 with the rows adjacent in memory")
        if not self._symbols.stop <= symbols == counts.size:
            raise ValueError(
                f"values and counts of {name} must have the same symbols, at least "
                f"{self._symbols.stop}, had {symbols} and {counts.size}"
            )
        last = first + int(np.maximum.reduce(counts, initial=0))
        if first < 0 or last > rows:
            raise ValueError(f"fresh rows of {name} must be in 0 to {rows}, were {first} to {last}")
        if not self._table.needs_sessions:
            return
        if session_of_row is None or session_of_row.shape != (symbols, rows):
            raise ValueError(f"{name} has vwap and needs session_of_row int64[{symbols}, {rows}]")
        if session_of_row.dtype != np.int64 or session_of_row.strides[1] != 8:
            raise ValueError(f"session_of_row of {name} must be int64 with its rows adjacent")

    def _run(self, own: _OwnFunction, table: tuple[Any, ...], symbols: tuple[int, int]) -> None:
        indicator = own.planned.indicator
        target = own.planned.columns[0]
        at = np.zeros(2, np.int64)
        state = (self.state, *own.planned.state, at)
        try:
            loop_for(indicator.kind)(
                *own.functions,
                own.params,
                indicator.warmup,
                _source(indicator),
                target,
                *table,
                *symbols,
                *state,
            )
        except Exception as problem:
            raise HookError(
                f"{place(indicator.function, problem)}: indicator {indicator.label} on "
                f"{self._table.interval} failed at symbol {at[0]}, row {at[1]}: "
                f"{type(problem).__name__}: {text_of(problem)}"
            ) from problem


def _flat(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return one vector over all the memory that an array spans, including the gaps in it."""
    if array.flags.c_contiguous:
        return array.reshape(-1)
    pairs = zip(array.shape, array.strides, strict=True)
    span = 1 + sum((size - 1) * stride for size, stride in pairs) // array.itemsize
    return as_strided(array, (span,), (array.itemsize,))


def _state_powers(indicator: Indicator) -> npt.NDArray[np.int8] | None:
    """Return the power of the price of each cell of an indicator's state; None: not known."""
    kind = KINDS[indicator.kind]
    if kind == CUSTOM:
        if indicator.power is None:
            return None
        return np.array([0, *indicator.state_powers], np.int8)
    period = int(indicator.params[0]) if indicator.params else 0
    return np.array(state_powers(kind, period, source_power(indicator)), np.int8)


def _prepared(planned: PlannedIndicator) -> _OwnFunction:
    indicator = planned.indicator
    is_window = indicator.kind == "window"
    params = np.array(indicator.params[1:] if is_window else indicator.params, np.float64)
    function = compile_function(indicator)
    return _OwnFunction(planned, (None, function) if is_window else (function, None), params)


def _works(built_in: Sequence[PlannedIndicator]) -> npt.NDArray[Any]:
    """Return the records of `table.WORK`, of which `compute_plan` gets the address."""
    works = np.zeros(len(built_in), WORK)
    works["outputs"] = -1
    for work, one in zip(works, built_in, strict=True):
        work["code"] = code_of(KINDS[one.indicator.kind])
        work["params"][: len(one.indicator.params)] = one.indicator.params
        work["source"] = _source(one.indicator)
        work["outputs"][: len(one.columns)] = one.columns
        begin, end = one.state
        work["first_cell"], work["cell_count"] = begin, end - begin
    return works


def _source(indicator: Indicator) -> int:
    return 0 if indicator.column == WHOLE_BAR else PRICE_COLUMNS.index(indicator.column)

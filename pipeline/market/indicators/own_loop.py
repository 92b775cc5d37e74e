"""The loop that calls a user's own functions, which are compiled in the process that runs them.

A user's function is compiled to a fixed signature and handed to the loop as a first-class function.
So the loop itself is compiled once and kept on disk, whichever function it calls.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import float64, int64, njit, types, void

from pipeline.codes import PRICES
from pipeline.errors import StrategyError
from pipeline.market.indicators.declared import Indicator
from pipeline.native.compiler import compiled_for, get_ready_to_compile
from pipeline.native.refusals import why_not_compiled
from pipeline.native.users import UsersPipeline

_VECTOR = float64[::1]
_ARGUMENTS = {"custom": 3, "window": 2}
_compiled: dict[tuple[Any, ...], Any] = {}


def compile_function(indicator: Indicator) -> Any:
    """Compile the user's function of a custom or window indicator, once per process.

    Raises StrategyError with the function's file and line and the compiler's reason.
    """
    key = (indicator.kind, indicator.function_key)
    if key not in _compiled:
        signature = float64(*(_VECTOR,) * _ARGUMENTS[indicator.kind])
        get_ready_to_compile()
        try:
            _compiled[key] = njit(signature, pipeline_class=UsersPipeline)(indicator.function)
        except Exception as problem:  # noqa: BLE001 - Numba raises errors of every class
            name = f"indicator {indicator.label}"
            why = why_not_compiled(name, indicator.function, problem)
            raise StrategyError(why).behind(problem) from None
    return _compiled[key]


@cache
def loop_for(kind: str) -> Any:
    """Return `run_own`, compiled for the functions of a kind ("custom" or "window").

    Its signature is spelled out because only then does the compiler take a function by address.
    """
    function = types.FunctionType(float64(*(_VECTOR,) * _ARGUMENTS[kind]))
    functions = (function, types.none) if kind == "custom" else (types.none, function)
    table = (float64[::1], int64, int64, int64, int64[::1], int64, int64)
    state = (float64[:, ::1], int64, int64)
    signature = void(*functions, _VECTOR, int64, int64, int64, *table, *state, int64[::1])
    return compiled_for(signature, run_own)


def run_own(
    custom: Any,
    window: Any,
    params: Any,
    warmup: int,
    source: int,
    target: int,
    values: Any,
    column_step: int,
    symbol_step: int,
    first: int,
    counts: Any,
    symbol_lo: int,
    symbol_hi: int,
    state: Any,
    begin: int,
    end: int,
    at: Any,
) -> None:
    """Call a user's function for every fresh row of symbols lo to hi - 1, and write its results.

    The function is ``custom(state, bar, params)`` or ``window(window, params)``; the other one is
    None, and the compiler leaves its branch out. A window is over column ``source``. The results go
    to column ``target``; the first ``warmup`` rows of the series are NaN. ``values``, its steps,
    ``first`` and ``counts`` are as in `table.compute_plan`.

    The indicator's cells are ``begin`` to ``end - 1`` of each row of ``state`` float64[hi - lo, N].
    A window is a slice of a buffer of twice its length in these cells: a row is one store, and the
    buffer is shifted once per window length. ``at`` int64[2] is set to the symbol and row being
    computed, for the message if the function raises.
    """
    n = warmup + 1  # rows of a window
    bar = np.empty(PRICES)
    for s in range(symbol_lo, symbol_hi):
        cells = state[s - symbol_lo, begin:end]
        seen = int(cells[0])
        own = cells[1:]
        at[0] = s
        for r in range(first, first + counts[s]):
            at[1] = r
            row = s * symbol_step + r
            result = np.nan
            if custom is not None:
                for c in range(PRICES):
                    bar[c] = values[c * column_step + row]
                result = custom(own, bar, params)
            if window is not None:
                if seen == 2 * n:
                    for j in range(n - 1):
                        own[j] = own[n + 1 + j]
                    seen = n - 1
                own[seen] = values[source * column_step + row]
                if seen >= warmup:
                    result = window(own[seen - warmup : seen + 1], params)
            seen += 1
            values[target * column_step + row] = result if seen > warmup else np.nan
        cells[0] = seen

"""All built-in indicators of one bar table, computed in one compiled call.

::

    runner -> compute_plan   for each symbol, for each indicator: where its fresh rows lie
                  |
                  +-- by address -> the function of its kind (`kinds`) -> the indicator's kernel

Each kind is compiled for itself, so that a run compiles only the kinds of its plan.
"""

from __future__ import annotations

import numpy as np
from numba import types

from pipeline.market.indicators.layout import MOST_OUTPUTS, MOST_PARAMS
from pipeline.native.call import caller
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_i8, record_at

WORK = np.dtype(
    [
        ("code", "i8"),
        ("params", "f8", (MOST_PARAMS,)),
        ("source", "i8"),
        ("outputs", "i8", (MOST_OUTPUTS,)),
        ("first_cell", "i8"),
        ("cell_count", "i8"),
        ("rows", "i8"),
        ("column_step", "i8"),
        ("count", "i8"),
        ("sessions", "i8"),
        ("cells", "i8"),
    ]
)
"""One indicator of a plan, as its compiled function sees it.

::

    code         address of the compiled function of its kind (`kinds.code_of`)
    params       its numbers
    source       the price column that it reads
    outputs      the columns of its outputs; -1 for one that is not wanted
    first_cell   where its cells begin in a symbol's row of the state
    cell_count   the number of its cells

and, of the symbol that is being computed:

    rows         address of the first fresh row in column 0
    column_step  numbers from a row in one column to the same row in the next
    count        the number of fresh rows
    sessions     address of the number of the first fresh row's session
    cells        address of the indicator's cells
"""

_CELL = 8
_WORK_SIZE = WORK.itemsize

#: The record at an address.
work_at = record_at(WORK)
#: What the function of a kind is: (address of its record) -> None.
SIGNATURE = types.void(types.int64)
_compute = caller(SIGNATURE)


@kernel()
def compute_plan(
    works: int,
    indicators: int,
    values: int,
    column_step: int,
    symbol_step: int,
    first: int,
    counts: int,
    sessions: int,
    session_step: int,
    symbol_lo: int,
    symbol_hi: int,
    state: int,
    state_step: int,
) -> None:
    """Compute the built-in indicators of one table for symbols lo to hi - 1.

    All arguments are integers; steps and ``first`` count numbers of 8 bytes. ``works`` is the
    address of as many records of WORK as there are ``indicators``.

    ``values`` is the address of the table: row r of symbol s in column c is at c * column_step
    + s * symbol_step + r. ``sessions`` is laid out likewise, with one column. ``first`` and
    ``counts``, the address of int64[S], are those of `runner.PlanRunner.compute`. ``state`` is the
    address of the row of symbol lo, and ``state_step`` leads to the next symbol's.

    The outer loop is over symbols, so that a symbol's rows stay in the processor's cache while all
    indicators read them.
    """
    for s in range(symbol_lo, symbol_hi):
        count = load_i8(counts, s)
        if count <= 0:
            continue
        for i in range(indicators):
            at = works + i * _WORK_SIZE
            work = work_at(at)
            work.rows = values + (s * symbol_step + first) * _CELL
            work.column_step = column_step
            work.count = count
            work.sessions = sessions + (s * session_step + first) * _CELL
            work.cells = state + ((s - symbol_lo) * state_step + work.first_cell) * _CELL
            _compute(work.code, (at,))

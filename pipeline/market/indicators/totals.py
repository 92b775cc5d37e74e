"""Running totals of traded volume.

The total of vwap begins anew with every session. The total of obv never does, so whatever each
addition rounds away is added up in a cell of its own (Knuth's TwoSum). So there is no drift, and as
everything is carried from row to row, the result does not depend on how rows are cut into calls.

Every kernel takes the fresh rows of its source columns, ``out`` (the same rows of its own column)
and ``cells`` (its state, see `layout`), all float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.native.kernel import kernel


@kernel(error_model="numpy")
def vwap(high: Any, low: Any, close: Any, volume: Any, sessions: Any, out: Any, cells: Any) -> None:
    """Write turnover / volume of the session so far, at typical prices; NaN until there is volume.

    ``sessions`` is int64. It has a number below 2**53 for each session, the same in all its rows.
    """
    begun = cells[0]
    session, anchor, turnover, traded = int(cells[1]), cells[2], cells[3], cells[4]
    for i in range(close.size):
        typical = (high[i] + low[i] + close[i]) / 3.0
        if begun == 0.0 or sessions[i] != session:
            begun = 1.0
            session = sessions[i]
            anchor = typical
            turnover = 0.0
            traded = 0.0
        turnover += (typical - anchor) * volume[i]
        traded += volume[i]
        out[i] = anchor + turnover / traded if traded > 0.0 else np.nan
    cells[0], cells[1] = begun, session
    cells[2], cells[3], cells[4] = anchor, turnover, traded


@kernel(error_model="numpy")
def obv(close: Any, volume: Any, out: Any, cells: Any) -> None:
    """Write on-balance volume. ``rest`` adds up what the additions round away (Knuth's TwoSum)."""
    seen, previous, total, rest = cells[0], cells[1], cells[2], cells[3]
    for i in range(close.size):
        step = 0.0
        if seen == 0.0 or close[i] > previous:
            step = volume[i]
        elif close[i] < previous:
            step = -volume[i]
        seen = 1.0
        previous = close[i]
        grown = total + step
        virtual = grown - total
        rest += (total - (grown - virtual)) + (step - virtual)
        total = grown
        out[i] = total + rest
    cells[0], cells[1], cells[2], cells[3] = seen, previous, total, rest

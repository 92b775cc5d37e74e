"""Changes against the value n rows ago, for which the last n values are kept in a ring.

A kernel takes ``x`` (the fresh rows of its source column), ``out`` (the same rows of its own
column), ``n`` >= 1 and ``cells`` (its state, see `layout`), all float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.native.kernel import kernel


@kernel(error_model="numpy")
def roc(x: Any, out: Any, n: int, cells: Any) -> None:
    """Write 100 * (value / value n rows ago - 1), and 0 if that value was 0 (as TA-Lib)."""
    seen, place = int(cells[0]), int(cells[1])
    past = cells[2:]
    for i in range(x.size):
        value = x[i]
        base = past[place]
        past[place] = value
        place += 1
        if place == n:
            place = 0
        if seen < n:
            seen += 1
            out[i] = np.nan
        elif base == 0.0:
            out[i] = 0.0
        else:
            out[i] = (value / base - 1.0) * 100.0
    cells[0], cells[1] = seen, place

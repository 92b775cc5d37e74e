"""Numbers made of a window: sum, mean and the like, as compiled functions for both modes.

NumPy adds up in another order than compiled code does, so its sums differ between the modes in the
last bits. These go from the oldest value to the newest. Each takes the arguments of
`questions.window_span`. A NaN in the window makes any of them NaN, and so does a window without
rows.
"""

import math
from typing import Any

import numpy as np

from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8
from pipeline.strategy.compiled.questions import window_span
from pipeline.strategy.compiled.records import TABLE, context_at, table_at

#: What is raised for a fraction of a quantile that is none; the interpreted context tells it.
NO_FRACTION = "a quantile's fraction must be 0 to 1"

_TABLE_SIZE = TABLE.itemsize


@kernel()
def window_at(context: int, symbol: int, key: int, rows: int, interval: int) -> tuple[int, int]:
    """Return the address of a window's oldest value, and how many values it has."""
    index, start, length = window_span(context, symbol, key, rows, interval)
    table = table_at(context_at(context).tables + index * _TABLE_SIZE)
    return table.values + 8 * start, length


@kernel()
def _sum_of(values: int, count: int) -> float:
    total = 0.0 if count > 0 else math.nan
    for row in range(count):
        total += load_f8(values, row)
    return total


@kernel()
def total(context: int, symbol: int, key: int, rows: int, interval: int) -> float:
    """Return the sum of a window's values."""
    values, count = window_at(context, symbol, key, rows, interval)
    return _sum_of(values, count)


@kernel()
def mean(context: int, symbol: int, key: int, rows: int, interval: int) -> float:
    """Return the arithmetic mean of a window's values."""
    values, count = window_at(context, symbol, key, rows, interval)
    return _sum_of(values, count) / max(count, 1)


@kernel()
def deviation(context: int, symbol: int, key: int, rows: int, interval: int) -> float:
    """Return the standard deviation of a window's values, over their number (as ``np.std``)."""
    values, count = window_at(context, symbol, key, rows, interval)
    middle = _sum_of(values, count) / max(count, 1)
    squares = 0.0 if count > 0 else math.nan
    for row in range(count):
        squares += (load_f8(values, row) - middle) * (load_f8(values, row) - middle)
    return math.sqrt(squares / max(count, 1))


@kernel()
def least(context: int, symbol: int, key: int, rows: int, interval: int) -> float:
    """Return the least of a window's values."""
    values, count = window_at(context, symbol, key, rows, interval)
    found = math.inf if count > 0 else math.nan
    for row in range(count):
        value = load_f8(values, row)
        if value < found or value != value:  # a NaN is taken, and stays
            found = value
    return found


@kernel()
def greatest(context: int, symbol: int, key: int, rows: int, interval: int) -> float:
    """Return the greatest of a window's values."""
    values, count = window_at(context, symbol, key, rows, interval)
    found = -math.inf if count > 0 else math.nan
    for row in range(count):
        value = load_f8(values, row)
        if value > found or value != value:  # a NaN is taken, and stays
            found = value
    return found


@kernel()
def _sort(values: Any) -> None:
    """Sort an array, f8[n], by D. Shell's method; NumPy's sort takes a second to compile."""
    gap = len(values) // 2
    while gap > 0:
        for row in range(gap, len(values)):
            value, place = values[row], row
            while place >= gap and values[place - gap] > value:
                values[place] = values[place - gap]
                place -= gap
            values[place] = value
        gap //= 2


@kernel()
def quantile(
    context: int, symbol: int, key: int, rows: int, interval: int, fraction: float
) -> float:
    """Return the value below which a fraction of a window's values lie, as ``np.quantile``.

    Between two values it is interpolated linearly. Raises ValueError unless 0 <= fraction <= 1.
    """
    if not 0.0 <= fraction <= 1.0:
        raise ValueError(NO_FRACTION)
    values, count = window_at(context, symbol, key, rows, interval)
    ordered = np.empty(count)
    for row in range(count):
        ordered[row] = load_f8(values, row)
        if ordered[row] != ordered[row]:
            return math.nan
    if count == 0:
        return math.nan
    _sort(ordered)
    at = fraction * (count - 1)
    below = int(at)
    above = min(below + 1, count - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)

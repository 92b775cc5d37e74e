"""Indicators over the last n values: averages, deviations, extremes.

A series is cut into blocks of n rows, counted from its first row. Any window of n rows is then the
tail of one block and the head of the next::

        block b-1                block b
    ... | . . x x x x x x x x x x | x x . . . . . . . . . . | ...
            `------ tail -------'   `head'
              n - 1 - place rows     place + 1 rows

The head's sum grows by one addition per row. When a block is complete, the sums of all its tails
are made in one backward pass. That is two additions per row, for windows of any length. Nothing is
ever subtracted from a running sum, so there is no drift after any number of rows. The blocks are
counted from the start of the series, so the result does not depend on how rows are cut into calls.

Values are taken relative to the block's first value (head) and last value (tail). Both values are
in the window whenever head and tail are not empty. So a window far from zero loses no digits, and a
flat window gives exactly its value and a deviation of exactly zero.

Cell 0 of the state is ``place + 1``; 0 means that the series has not begun. Until the first block
is complete, the tails are NaN, which makes the warm-up NaN without a test.

Every kernel takes ``x`` (the fresh rows of the source column), ``out`` (the same rows of its own
column), ``n`` >= 1 and ``cells`` (its state, see `layout`), all float64. The inner loops stay
within one block and contain no tests. ``error_model="numpy"`` saves a test for zero at every
division.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.native.kernel import kernel


@kernel(error_model="numpy")
def sma(x: Any, out: Any, n: int, cells: Any) -> None:
    """Write the mean of the last n values."""
    tail = cells[4:]
    _begin(tail, n, cells)
    place = int(cells[0]) - 1
    anchor, total, last = cells[1], cells[2], cells[3]
    i = 0
    while i < x.size:
        if place == 0:
            anchor = x[i]
            total = 0.0
        run = min(n - place, x.size - i)
        fresh, result, tails = x[i : i + run], out[i : i + run], tail[place:]
        apart = last - anchor
        m = n - 1 - place
        for j in range(run):
            total += fresh[j] - anchor
            older = tails[j + 1] + (m - j) * apart
            result[j] = anchor + (total + older) / n
            tails[j] = fresh[j]  # kept here for the backward pass
        i += run
        place += run
        if place == n:
            place = 0
            last = tail[n - 1]
            behind = 0.0
            for j in range(n - 1, 0, -1):
                behind += tail[j] - last
                tail[j] = behind
    cells[0] = place + 1
    cells[1], cells[2], cells[3] = anchor, total, last


@kernel(error_model="numpy")
def wma(x: Any, out: Any, n: int, cells: Any) -> None:
    """Write the mean of the last n values with weights n (newest) down to 1."""
    tail = cells[5:]
    _begin(tail, n, cells)
    place = int(cells[0]) - 1
    anchor, total, rising, last = cells[1], cells[2], cells[3], cells[4]
    weights = n * (n + 1) / 2
    i = 0
    while i < x.size:
        if place == 0:
            anchor = x[i]
            total = 0.0
            rising = 0.0
        run = min(n - place, x.size - i)
        fresh, result, tails = x[i : i + run], out[i : i + run], tail[place:]
        apart = last - anchor
        for j in range(run):
            away = fresh[j] - anchor
            total += away
            rising += (place + j) * away
            m = float(n - 1 - place - j)
            older = tails[j + 1] + (0.5 * m * (m + 1.0)) * apart
            result[j] = anchor + ((m + 1.0) * total + rising + older) / weights
            tails[j] = fresh[j]
        i += run
        place += run
        if place == n:
            place = 0
            last = tail[n - 1]
            behind = 0.0
            weighted = 0.0
            for j in range(n - 1, 0, -1):
                behind += tail[j] - last
                weighted += behind
                tail[j] = weighted
    cells[0] = place + 1
    cells[1], cells[2], cells[3], cells[4] = anchor, total, rising, last


@kernel(error_model="numpy")
def deviation(
    x: Any, stdev: Any, upper: Any, middle: Any, lower: Any, n: int, width: float, cells: Any
) -> None:
    """Write the population deviation of the last n values and the bands around their mean.

    An output array of length 0 is not written. Head and tail each keep their mean and the sum of
    squared distances from it (Welford). The formula of Chan, Golub and LeVeque
    (doi.org/10.1080/00031305.1983.10483115) joins them and adds positive terms only. The middle
    band equals `sma` to the bit.
    """
    tail, tail_mean, tail_square = _thirds(cells[6:], n)
    if cells[0] == 0.0:
        _begin(tail, n, cells)
        tail_mean[:n] = np.nan
    place = int(cells[0]) - 1
    anchor, total, mean, square, last = cells[1], cells[2], cells[3], cells[4], cells[5]
    share = 1.0 / n
    i = 0
    while i < x.size:
        if place == 0:
            anchor = x[i]
            total = 0.0
            mean = 0.0
            square = 0.0
        run = min(n - place, x.size - i)
        fresh, tails = x[i : i + run], tail[place:]
        means, squares = tail_mean[place:], tail_square[place:]
        apart = last - anchor
        for j in range(run):
            away = fresh[j] - anchor
            total += away
            k = float(place + j + 1)
            step = away - mean
            mean += step * (1.0 / k)
            square += step * (away - mean)
            between = (mean - means[j + 1]) - apart
            joined = square + squares[j + 1] + between * between * (k * (n - k) * share)
            sigma = np.sqrt(joined * share)
            center = anchor + (total + (tails[j + 1] + (n - k) * apart)) / n
            if stdev.size:
                stdev[i + j] = sigma
            if upper.size:
                upper[i + j] = center + width * sigma
            if middle.size:
                middle[i + j] = center
            if lower.size:
                lower[i + j] = center - width * sigma
            tails[j] = fresh[j]
        i += run
        place += run
        if place == n:
            place = 0
            last = tail[n - 1]
            _measure_tails(tail, tail_mean, tail_square, n)
    cells[0] = place + 1
    cells[1], cells[2], cells[3], cells[4], cells[5] = anchor, total, mean, square, last


@kernel(error_model="numpy")
def _measure_tails(tail: Any, tail_mean: Any, tail_square: Any, n: int) -> None:
    """Turn the block's values in ``tail`` into sum, mean and squares of each of its tails."""
    last = tail[n - 1]
    behind = 0.0
    mean = 0.0
    square = 0.0
    for j in range(n - 1, 0, -1):
        away = tail[j] - last
        behind += away
        step = away - mean
        mean += step * (1.0 / (n - j))
        square += step * (away - mean)
        tail[j] = behind
        tail_mean[j] = mean
        tail_square[j] = square


@kernel(error_model="numpy")
def extreme(x: Any, out: Any, n: int, sign: float, cells: Any) -> None:
    """Write the highest (sign 1) or lowest (sign -1) of the last n values.

    It is the block scheme with `max` in place of the sum (van Herk; Gil and Werman), with three
    comparisons per row.
    """
    tail = cells[2:]
    if cells[0] == 0.0:
        _begin(tail, n, cells)
        tail[n] = -np.inf
    place = int(cells[0]) - 1
    best = cells[1]
    i = 0
    while i < x.size:
        if place == 0:
            best = -np.inf
        run = min(n - place, x.size - i)
        fresh, result, tails = x[i : i + run], out[i : i + run], tail[place:]
        for j in range(run):
            value = sign * fresh[j]
            best = max(best, value)
            older = tails[j + 1]
            result[j] = sign * (best if best >= older else older)  # NaN in `older` wins
            tails[j] = value
        i += run
        place += run
        if place == n:
            place = 0
            for j in range(n - 2, 0, -1):
                tail[j] = max(tail[j], tail[j + 1])
    cells[0] = place + 1
    cells[1] = best


@kernel(error_model="numpy")
def _begin(tail: Any, n: int, cells: Any) -> None:
    """Prepare the tails before the first row: the empty one at the end is 0, others are unknown."""
    if cells[0] == 0.0:
        cells[0] = 1.0
        tail[:n] = np.nan
        tail[n] = 0.0


@kernel(error_model="numpy")
def _thirds(cells: Any, n: int) -> Any:
    return cells[: n + 1], cells[n + 1 : 2 * n + 2], cells[2 * n + 2 :]

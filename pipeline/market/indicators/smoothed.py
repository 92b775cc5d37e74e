"""Smoothed averages, and indicators made of them: each value follows from the one before.

A smoothing forgets its past, and with it every rounding error, at its own rate. So there is no
drift, and as everything is carried from row to row, the result does not depend on how rows are cut
into calls.

Every kernel takes the fresh rows of its source columns, ``out`` (the same rows of its own column),
its parameters and ``cells`` (its state, see `layout`), all float64. Cell 0 counts the rows seen, as
far as the kernel needs the count. The warm-up has a loop of its own, so that the long loop does not
test for it. ``error_model="numpy"`` saves a test for zero at every division, and no divisor here
can be zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.native.kernel import kernel

STANDS_STILL = 1e-14
"""TA-Lib's TA_EPSILON: an average move that is smaller counts as zero."""


@kernel(error_model="numpy")
def ema(x: Any, out: Any, n: int, cells: Any) -> None:
    """Write the exponential average with factor 2 / (n + 1). It starts with a mean of n values."""
    seen = int(cells[0])
    first, average = cells[1], cells[2]
    i = 0
    while i < x.size and seen < n:
        if seen == 0:
            first = x[i]
            average = 0.0
        average += x[i] - first
        out[i] = np.nan
        seen += 1
        if seen == n:
            average = first + average / n
            out[i] = average
        i += 1
    factor = 2.0 / (n + 1.0)
    while i < x.size:
        # The step is a difference, so an average that has reached a flat price stays exactly there.
        average += factor * (x[i] - average)
        out[i] = average
        i += 1
    cells[0] = seen
    cells[1], cells[2] = first, average


@kernel(error_model="numpy")
def rsi(x: Any, out: Any, n: int, cells: Any) -> None:
    """Write Wilder's relative strength index over n changes."""
    seen = int(cells[0])
    previous, gain, loss = cells[1], cells[2], cells[3]
    i = 0
    while i < x.size and seen <= n:
        change = x[i] - previous
        previous = x[i]
        out[i] = np.nan
        if seen > 0:
            gain += max(change, 0.0)
            loss += max(-change, 0.0)
        if seen == n:
            gain /= n
            loss /= n
            out[i] = _strength(gain, loss)
        seen += 1
        i += 1
    keep = (n - 1.0) / n
    take = 1.0 / n
    while i < x.size:
        change = x[i] - previous
        previous = x[i]
        gain = gain * keep + max(change, 0.0) * take
        loss = loss * keep + max(-change, 0.0) * take
        out[i] = _strength(gain, loss)
        i += 1
    cells[0] = seen
    cells[1], cells[2], cells[3] = previous, gain, loss


@kernel(error_model="numpy")
def _strength(gain: float, loss: float) -> float:
    total = gain + loss
    return 100.0 * (gain / total) if total >= STANDS_STILL else 0.0


@kernel(error_model="numpy")
def atr(high: Any, low: Any, close: Any, out: Any, n: int, cells: Any) -> None:
    """Write Wilder's average true range. The first row has no close before it, so no range."""
    seen = int(cells[0])
    previous, average = cells[1], cells[2]
    i = 0
    while i < close.size and seen <= n:
        out[i] = np.nan
        if seen > 0:
            average += _true_range(high[i], low[i], previous)
        if seen == n:
            average /= n
            out[i] = average
        previous = close[i]
        seen += 1
        i += 1
    keep = (n - 1.0) / n
    take = 1.0 / n
    while i < close.size:
        average = average * keep + _true_range(high[i], low[i], previous) * take
        out[i] = average
        previous = close[i]
        i += 1
    cells[0] = seen
    cells[1], cells[2] = previous, average


@kernel(error_model="numpy")
def _true_range(high: float, low: float, previous: float) -> float:
    return max(high - low, max(abs(high - previous), abs(low - previous)))


@kernel(error_model="numpy")
def macd(x: Any, line: Any, signal: Any, histogram: Any, periods: Any, cells: Any) -> None:
    """Write the line, signal and histogram of MACD. An output array of length 0 is not written.

    Both averages have their first value at row ``slow``, the mean of the values up to there. The
    signal is the exponential average of the line, which starts with a mean. All three outputs
    start with the signal.
    """
    n_fast, n_slow, n_signal = int(periods[0]), int(periods[1]), int(periods[2])
    seen = int(cells[0])
    anchor, fast, slow, smooth = cells[1], cells[2], cells[3], cells[4]
    fast_factor, slow_factor = 2.0 / (n_fast + 1.0), 2.0 / (n_slow + 1.0)
    signal_factor = 2.0 / (n_signal + 1.0)
    begun = n_slow + n_signal - 1
    for i in range(x.size):
        value = x[i]
        if seen < n_slow:
            if seen == 0:
                anchor = value
            slow += value - anchor
            if seen >= n_slow - n_fast:
                fast += value - anchor
            if seen == n_slow - 1:
                slow = anchor + slow / n_slow
                fast = anchor + fast / n_fast
        else:
            fast += fast_factor * (value - fast)
            slow += slow_factor * (value - slow)
        apart = fast - slow
        if seen >= begun:
            smooth += signal_factor * (apart - smooth)
        else:
            if seen >= n_slow - 1:
                smooth += apart
            seen += 1
            if seen == begun:
                smooth /= n_signal
        ready = seen == begun
        if line.size:
            line[i] = apart if ready else np.nan
        if signal.size:
            signal[i] = smooth if ready else np.nan
        if histogram.size:
            histogram[i] = apart - smooth if ready else np.nan
    cells[0] = seen
    cells[1], cells[2], cells[3], cells[4] = anchor, fast, slow, smooth

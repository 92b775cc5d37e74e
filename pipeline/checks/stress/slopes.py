"""How a measure grows over time: Theil and Sen's slope with its interval.

The slope is the median of the slopes between all pairs of samples, which single spikes do not move
(P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, 1968). Samples of a
process that settles, or that hang together, would make the interval too narrow. So the first fifth
is left out, and the others are put together into a few means before the slope is taken.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from pipeline.checks.stress.result import Slope

_HOUR: Final = 3600.0
#: Share of the time that a process settles.
_SETTLES: Final = 0.2
#: Samples are put together into so many means, and a slope takes so many.
_MEANS: Final = 12
_LEAST: Final = 6
_CONFIDENCE: Final = 0.95


def slope(
    measure: str,
    unit: str,
    seconds: Sequence[float],
    values: Sequence[float],
    *,
    matters: float,
    seen: float,
) -> Slope:
    """Return how a measure grows in an hour.

    It grows if the whole interval is above 0, and if it grows by more than the share ``matters`` of
    its median in an hour, and by more than the share ``seen`` while it was looked at. Where only
    the last is not so, it perhaps grows. With fewer than six samples that settled nothing is said
    to grow, and the interval is 0.
    """
    from scipy.stats import theilslopes

    at, found = np.array(seconds), np.array(values)
    settled = at >= at[0] + _SETTLES * (at[-1] - at[0]) if len(at) else at.astype(bool)
    at, found = at[settled], found[settled]
    if len(at) < _LEAST or at[-1] == at[0]:
        return Slope(measure=measure, unit=unit, per_hour=0.0, low=0.0, high=0.0, grows=False)
    parts = np.array_split(np.arange(len(at)), min(_MEANS, len(at)))
    times = np.array([at[part].mean() for part in parts])
    means = np.array([found[part].mean() for part in parts])
    estimate = theilslopes(means, times, _CONFIDENCE)
    per_hour, low, high = (
        float(value) * _HOUR for value in (estimate.slope, estimate.low_slope, estimate.high_slope)
    )
    usual = float(np.median(found))
    over_all = per_hour * (at[-1] - at[0]) / _HOUR
    perhaps = low > 0 and per_hour > matters * usual
    grows = perhaps and over_all > seen * usual
    return Slope(
        measure=measure,
        unit=unit,
        per_hour=per_hour,
        low=low,
        high=high,
        grows=grows,
        perhaps=perhaps and not grows,
    )

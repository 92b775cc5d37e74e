"""The rule by which prices are said to jump: as at a split, or as when their unit changes."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LEAST: Final = 1.6
"""A price that opens a day at this many times the close before or more, or at this part of it or
less, has jumped. The smallest split that is usual, 3 for 2, is not found: real prices of companies
move as much."""

UNITS: Final = 100.0
"""How many of the smaller unit make one of the larger: pence of a pound, cents of a dollar."""

_UNIT_TOLERANCE: Final = 0.1


def is_jump(times: Floats | float) -> npt.NDArray[np.bool_]:
    """Return whether prices that became so many times as high over night have jumped.

    Ratios that are no numbers above zero tell nothing, and have not.
    """
    down = np.logical_and(np.greater(times, 0.0), np.less_equal(times, 1.0 / LEAST))
    return np.logical_or(np.greater_equal(times, LEAST), down)


def is_unit_step(times: Floats | float) -> npt.NDArray[np.bool_]:
    """Return whether prices became about 100 times as high or as low, at any time of the day."""
    with np.errstate(over="ignore"):
        up, down = np.divide(times, UNITS), np.multiply(times, UNITS)
    return np.logical_or(
        np.abs(np.subtract(up, 1.0)) < _UNIT_TOLERANCE,
        np.abs(np.subtract(down, 1.0)) < _UNIT_TOLERANCE,
    )

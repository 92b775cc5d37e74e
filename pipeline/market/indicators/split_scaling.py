"""Scaling at a split: numbers of the past are put on the scale of the new shares.

Every number has a power of the price. A price (1) is divided by the ratio of new shares to old
shares, a volume (-1) is multiplied by it, and a ratio or an amount of money (0) does not change.
The power of a user's own function may not be known (None).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.codes import PRICE_COLUMNS

Power = int | None

PRICE_POWERS: tuple[Power, ...] = tuple(-1 if name == "volume" else 1 for name in PRICE_COLUMNS)


def rescale(values: npt.NDArray[np.float64], ratio: float, power: Power) -> None:
    """Put values, any view, on the scale after a split, in place. Without a power they become NaN.

    Prices are divided, not multiplied by the inverse, because 1 / 7 would already be rounded.
    """
    if power is None:
        values[...] = np.nan
        return
    for _ in range(power):
        values /= ratio
    for _ in range(-power):
        values *= ratio


def rescale_cells(cells: npt.NDArray[np.float64], ratio: float, powers: npt.NDArray[Any]) -> None:
    """Put cells on the scale after a split, in place. ``powers`` int8[N] has the power of each."""
    for power in np.unique(powers):
        if power:
            own = cells[powers == power]
            rescale(own, ratio, int(power))
            cells[powers == power] = own

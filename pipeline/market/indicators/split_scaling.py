"""What a split does to numbers of the past: how they are put on the scale of the new shares.

Every number has a power of the price. A price (1) is divided by the ratio of new shares to old, a
volume (-1) is multiplied by it, a ratio or an amount of money (0) stays. Of some numbers, those of
a user's own function, it may not be known (None).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.codes import PRICE_COLUMNS

Power = int | None

PRICE_POWERS: tuple[Power, ...] = tuple(-1 if name == "volume" else 1 for name in PRICE_COLUMNS)


def rescale(values: npt.NDArray[np.float64], ratio: float, power: Power) -> None:
    """Put values, any view, on the scale after a split, in place; NaN where it is not known.

    Prices are divided, not multiplied by the inverse: the last of seven for one is exact then.
    """
    if power is None:
        values[...] = np.nan
        return
    for _ in range(power):
        values /= ratio
    for _ in range(-power):
        values *= ratio


def rescale_cells(cells: npt.NDArray[np.float64], ratio: float, powers: npt.NDArray[Any]) -> None:
    """`rescale` for cells of different powers, int8[len(cells)], all known."""
    for power in np.unique(powers):
        if power:
            own = cells[powers == power]
            rescale(own, ratio, int(power))
            cells[powers == power] = own

"""Prices that are whole numbers of a small unit: divided by the layout's rule, or asked about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.market.importers.options import Options

#: From here on, whole prices are more likely of a small unit than of anything that is traded.
_STRANGE: Final = 1e9

Float64Array = npt.NDArray[np.float64]
Scale = Callable[[str, list[Float64Array]], float]
"""Returns the divisor of the prices of a symbol, from its four price columns."""


def scale_of(
    symbol: str,
    prices: Sequence[Float64Array],
    scale: Scale | None,
    options: Options,
    place: str,
) -> float:
    """Return what the prices of a symbol are divided by.

    ``prices`` are those of the first rows, four float64[n > 0]. ``scale`` is the layout's rule.
    DataError if no rule is known and the prices look like fixed point: 4512250000000 for 4512.25.
    """
    if options.scale is not None:
        divisor = 1.0 / options.scale
        return round(divisor) if abs(divisor - round(divisor)) < 1e-6 * divisor else divisor
    divisor = 1.0 if scale is None else scale(symbol, list(prices))
    if divisor == 1 and all(_strange(column) for column in prices):
        raise DataError(
            f"{place}: prices such as {prices[0][0]:.0f} look like fixed point, whole numbers of a "
            "small unit; say what they are multiplied by with --scale, such as --scale 1e-9 (or "
            "--scale 1 if they are right)"
        )
    return divisor


def _strange(column: Float64Array) -> bool:
    return bool((column >= _STRANGE).all() and (column == np.round(column)).all())

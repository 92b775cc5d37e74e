"""What a fill costs: commission, and the price given away to the market."""

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True)
def commission(account: Any, quantity: float, price: float) -> float:
    """Commission of one order's fill in account currency.

    A sum per order, per share and in basis points of the value, of all these at least the minimum
    and at most the maximum.
    """
    size = abs(quantity)
    cost = account.per_share * size + account.basis_points * 1e-4 * size * price
    return min(max(cost + account.per_order, account.minimum), account.maximum)


@njit(cache=True)
def slipped(account: Any, quantity: float, price: float) -> float:
    """Price after slippage: worse by an amount and by basis points of itself."""
    return price + np.copysign(account.slippage + account.slippage_bps * 1e-4 * price, quantity)

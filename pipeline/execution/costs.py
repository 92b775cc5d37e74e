"""What a fill costs."""

from typing import Any

from numba import njit


@njit(cache=True)
def commission(account: Any, quantity: float, price: float) -> float:
    """Commission in account currency: a sum per share plus basis points of the traded value."""
    size = abs(quantity)
    return account.per_share * size + account.basis_points * 1e-4 * size * price

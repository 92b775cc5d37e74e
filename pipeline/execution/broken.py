"""What ends a lane from within: no moment begins any more for an account that is broken.

An account counts with 16 digits. A fill that is worth 1e12 times as much as the whole account
leaves four of them to its equity, and one that is worth more than 1.8e308 leaves no number at all.
Nobody can have meant such an order, and no result can be made of it.
"""

from typing import Any

import numpy as np

from pipeline.native.kernel import kernel
from pipeline.native.memory import record_at

#: Why an account is broken: a cost could not be found; a fill is worth more than the account can
#: count; what it holds is worth no finite number.
NO_COST, TOO_LARGE, NO_VALUE = 1, 2, 3
#: How many times its equity, or its initial cash if that is more, an account can count.
FARTHEST = 1e12

#: The fill that broke an account.
CULPRIT: np.dtype[Any] = np.dtype(
    [
        ("order_id", "i8"),  # Its order.
        ("ts", "i8"),  # When that was placed, ns UTC.
        ("symbol", "i8"),  # Index of the symbol.
        ("kind", "i8"),  # One of `codes.ORDER_KINDS`.
        ("quantity", "f8"),  # The order's quantity, signed.
        ("price", "f8"),  # Price of the fill.
        ("worth", "f8"),  # What was filled is worth, in account currency.
        ("most", "f8"),  # The most that the account can count.
    ]
)

culprit_at = record_at(CULPRIT)


@kernel()
def break_off(account: Any, why: int) -> None:
    """End the lane with this moment; the first reason stands."""
    if account.broken == 0:
        account.broken = why
        account.full = 1


@kernel(forceinline=True)
def check_worth(account: Any, order: Any, price: float, worth: float) -> None:
    """Break off if a fill, just booked, is worth more than the account can count."""
    # A worth that is NaN is not at most anything.
    if not (abs(worth) <= FARTHEST * account.initial_cash and np.isfinite(account.cash)):
        _check_beside_equity(account, order, price, worth)


@kernel()
def _check_beside_equity(account: Any, order: Any, price: float, worth: float) -> None:
    """Do as `check_worth` for a fill that is worth more than the initial cash lets it count."""
    most = FARTHEST * max(abs(account.equity), account.initial_cash)
    if abs(worth) <= most and np.isfinite(account.cash):
        return
    if account.broken == 0:
        culprit = culprit_at(account.culprit)
        culprit.order_id = order.order_id
        culprit.ts = order.ts
        culprit.symbol = order.symbol
        culprit.kind = order.kind
        culprit.quantity = order.quantity
        culprit.price = price
        culprit.worth = worth
        culprit.most = most
    break_off(account, TOO_LARGE)

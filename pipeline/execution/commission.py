"""Commission: what an order owes for all that was filled of it so far.

A fill costs what its order owes now less what it has paid, so an order in parts costs what it
would cost at once. What is owed is asked of a function of the user's own, or it is the sum of what
each fill was charged (flat rates, or tiers by what the lane has traded in the month; one rate for
takers, one for makers) and a part per order, within bounds.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from pipeline.execution.broken import NO_COST, break_off
from pipeline.native import plain
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, record_at

#: One tier: the rates of what is traded in a month beyond some volume, up to the next tier.
TIER: np.dtype[Any] = np.dtype(
    [
        ("above", "f8"),  # Where it begins: what was traded in the month before.
        ("per_share", "f8"),  # Commission per unit.
        ("basis_points", "f8"),  # Commission of a taker, in basis points of the value.
        ("maker_points", "f8"),  # Commission of a maker, likewise.
    ]
)
#: What a user's own function is asked about: one order with all that was filled of it so far. All
#: money is in the symbol's currency, only `traded` is in the account's.
BILL: np.dtype[Any] = np.dtype(
    [
        ("symbol", "i8"),  # Index of the order's symbol.
        ("ts", "i8"),  # Open of the bar that filled it last, ns UTC.
        ("quantity", "f8"),  # Units filled, signed: + buys.
        ("price", "f8"),  # Their average price.
        ("multiplier", "f8"),  # Money per unit and 1 of price.
        ("value", "f8"),  # Units x price x multiplier, without a sign.
        ("maker_value", "f8"),  # The part of that value that was filled as a maker.
        ("traded", "f8"),  # Value that the lane traded in the month before the order's first fill.
        ("paid", "f8"),  # What the order has paid so far.
    ]
)
_TIER_CELLS = TIER.itemsize // 8

bill_at = record_at(BILL)


@intrinsic
def _call_own(typingctx: Any, address: Any, bill: Any) -> Any:
    """Call a function of one address for a number, by its own; NaN if it raises."""
    arguments = (types.int64,)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function_type = context.call_conv.get_function_type(types.float64, arguments)
        pointer = builder.inttoptr(args[0], function_type.as_pointer())
        status, value = context.call_conv.call_function(
            builder, pointer, types.float64, arguments, args[1:]
        )
        nothing = ir.Constant(ir.DoubleType(), float("nan"))
        return builder.select(status.is_error, nothing, value)

    return types.float64(types.int64, types.int64), codegen


if plain.PLAIN:
    _call_own = plain.call_or_nan


@kernel()
def _asked(
    account: Any, order: Any, ts: int, size: float, value: float, multiplier: float, rate: float
) -> float:
    """Ask the user's function, about a fill already noted in the order, what the order owes.

    If it raises or gives no finite number the account is `broken`: no further moment begins, and
    the bill stays as it was for who says what happened.
    """
    if account.broken != 0:
        return order.paid
    bill = bill_at(account.bill)
    if size == abs(order.filled):
        order.charge = account.traded
    account.traded += value * rate
    bill.symbol = order.symbol
    bill.ts = ts
    bill.quantity = order.filled
    bill.price = order.price
    bill.multiplier = multiplier
    bill.value = abs(order.filled * order.price) * multiplier
    bill.maker_value = order.made * multiplier
    bill.traded = order.charge
    bill.paid = order.paid
    found = _call_own(account.own_commission, account.bill)
    if not np.isfinite(found):
        break_off(account, NO_COST)
        return order.paid
    return found


@kernel()
def _charged_by_tiers(account: Any, size: float, value: float, rate: float, maker: bool) -> float:
    """Return what a fill is charged, each part of it by the tier into which it falls.

    Counts it as traded: its value, converted by ``rate``, or, where tiers go by units, its size.
    """
    counted = size if account.tiers_by_units != 0 else value * rate
    before, after = account.traded, account.traded + counted
    account.traded = after
    charge = 0.0
    for tier in range(account.tier_count):
        row = tier * _TIER_CELLS
        begin, end = load_f8(account.tiers, row), np.inf
        if tier + 1 < account.tier_count:
            end = load_f8(account.tiers, row + _TIER_CELLS)
        if before >= end or after < begin:
            continue
        share = 1.0
        if before < begin or after > end:
            share = (min(after, end) - max(before, begin)) / counted
        points = load_f8(account.tiers, row + (3 if maker else 2))
        charge += share * (load_f8(account.tiers, row + 1) * size + points * 1e-4 * value)
    return charge


@kernel()
def owed(account: Any, order: Any, ts: int, quantity: float, price: float, maker: bool) -> float:
    """Return what an order owes in all after a fill, which is noted in the order already.

    ``quantity`` and ``price`` are the fill's, ``ts`` is its bar's open; in the symbol's currency.
    """
    size = abs(quantity)
    multiplier = load_f8(account.point, order.symbol)
    rate = load_f8(account.rate, order.symbol)
    value = abs(quantity * price) * multiplier
    if maker:
        order.made += abs(quantity * price)
    if account.own_commission != 0:
        return _asked(account, order, ts, size, value, multiplier, rate)
    if account.tier_count != 0:
        order.charge += _charged_by_tiers(account, size, value, rate, maker)
    else:
        points = account.maker_points if maker else account.basis_points
        order.charge += account.per_share * size + points * 1e-4 * value
    return min(max(order.charge + account.per_order, account.minimum), account.maximum)


@kernel()
def _month_of(day: int) -> int:
    """Number the months, by a day counted from 1970-01-01.

    Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", ``civil_from_days``: years of 400
    and of 1 begin in March, months of a year have 153 days in five.
    """
    day += 719_468
    era = day // 146_097
    of_era = day - era * 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    return 12 * (400 * era + year) + (5 * of_year + 2) // 153


@kernel()
def begin_month(account: Any, day: int) -> None:
    """Count anew what is traded, where a session that opens is of another month.

    ``day``: the session's date, in days from 1970-01-01.
    """
    month = _month_of(day)
    if month != account.month:
        account.month = month
        account.traded = 0.0

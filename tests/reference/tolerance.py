"""The rules of `pipeline.execution.tolerance` in plain Python, from the rule book's words."""

from decimal import Decimal


def above(amount: float, allowed: float) -> bool:
    """Whether an amount is above what is allowed by more than a billionth of itself."""
    return amount - amount * 1e-9 > allowed


def written(count: float, step: float) -> float:
    """So many steps, multiplied as one would on paper."""
    return float(Decimal(repr(step)) * int(count))


def counted(number: float, step: float) -> float:
    """How many steps a number has: a whole number if it is as good as one."""
    count = number / step
    off = abs(count - round(count))
    return round(count) if off <= 1e-9 or off <= 1e-12 * abs(count) else count


def total(one: float, other: float, *, lot: float = 0.0, slack: float = 0.0) -> float:
    """A sum of quantities: whole lots if there are lots, and zero if no more is left of it.

    ``slack``: by how much it may be off.
    """
    found = one + other
    if lot:
        count = counted(found, lot)
        return written(count, lot) if count == round(count) else found
    nothing = abs(found) <= slack
    return 0.0 if nothing or abs(found) <= 1e-12 * max(abs(one), abs(other)) else found


def off_by(one: float, other: float) -> float:
    """By how much their sum may be off."""
    return 1e-15 * max(abs(one), abs(other))

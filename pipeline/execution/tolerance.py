"""Tolerance: from which difference on two numbers count as different.

Numbers have 16 digits: 0.1 + 0.2 - 0.3 leaves 5.6e-17, and all that 1,000 buys at 1.34 costs
1000.0000000000001. Rounding must not decide a trade, so there is one rule for each kind of number:

- A quantity that a sum leaves is nothing, exactly 0, if it is at most 1e-12 of the larger of the
  two that are added. Of a position it is also nothing if rounding can have made it: 1e-15 of the
  larger number in each sum since the position was flat is counted as its slack (`added`).
- An amount exceeds another only if it is above it by more than 1e-9 of itself (`exceeds`).
- What is counted in steps, as lots and ticks are, has a whole number of them if it is within 1e-9
  of a step, or within 1e-12 of itself (`steps_of`). Lots alone say what is nothing beside them.

A tolerance that only compares may be wide. One that takes what is left of a position for nothing
may not: who holds 2,000,000.0002 and sells 2,000,000 still has to sell the rest. That is why the
error is counted as it comes. Ten thousand fills of 0.1 are 1000.0000000001588, which 1e-15 of a
number would not cover. A fixed part of the position that covers any number of fills would be wide.
"""

import numpy as np

from pipeline.native.kernel import kernel

#: An amount must be above another by more than this part of itself to exceed it.
SHARE = 1e-9
#: What a sum leaves is nothing if it is no more than this part of the larger number in it.
ROUNDING = 1e-12
#: The part of the larger number in a sum by which the sum can be off: some bits of 53.
BITS = 1e-15


@kernel()
def is_nothing(amount: float, among: float) -> bool:
    """Whether an amount of money is nothing beside another."""
    return abs(amount) <= SHARE * abs(among)


@kernel()
def exceeds(amount: float, allowed: float) -> bool:
    """Whether an amount, 0 or above it, is more than what is allowed."""
    return amount * (1.0 - SHARE) > allowed


@kernel()
def slack_of(one: float, other: float) -> float:
    """Return by how much the sum of two quantities can be off, as each is rounded and their sum."""
    return BITS * max(abs(one), abs(other))


@kernel()
def added(one: float, other: float, slack: float) -> float:
    """Return the sum of two quantities, exactly 0 if it is nothing.

    ``slack``: by how much the first can be off already, 0 or more.
    """
    total = one + other
    nothing = max(ROUNDING * max(abs(one), abs(other)), slack)
    return 0.0 if abs(total) <= nothing < np.inf else total


@kernel()
def steps_of(number: float, step: float) -> float:
    """Return how many steps a number has, whole if it is within the tolerance of a whole number."""
    count = number / step
    nearest = np.rint(count)
    if abs(count - nearest) <= max(SHARE, ROUNDING * abs(count)):
        return nearest
    return count


@kernel()
def multiple(count: float, step: float) -> float:
    """Return so many steps as the number that one would write: 3 steps of 0.1 are 0.3.

    No binary fraction is 0.1, so 3 x 0.1 is 0.30000000000000004. 3 / 10 is the number nearest to
    0.3, and so is a price of 0.3 that was read from a file.
    """
    parts = np.rint(1.0 / step)
    if abs(parts * step - 1.0) <= ROUNDING:
        return count / parts
    return count * step


@kernel()
def on_step(number: float, step: float) -> float:
    """Return a number moved to the multiple of a step within whose tolerance it is, if any."""
    count = steps_of(number, step)
    if count != np.rint(count):
        return number
    return multiple(count, step) + 0.0  # never -0.0

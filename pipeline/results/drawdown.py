"""Drawdowns of an equity: how deep, and for how many sessions.

Drawdown is 1 - equity / running peak, zero or positive, above 1 if the equity is negative.
Source: M. Magdon-Ismail, A. Atiya, "Maximum Drawdown", Risk 17 (2004), 99-102.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.native.kernel import kernel

Curve = NDArray[np.float64]


#: Equities looked at together.
_BLOCK = 128
#: Minus infinity as `_ordered`: below it are numbers that are not, as they are above infinity.
_LOWEST = -(0x7FF << 52) - 1


@kernel(forceinline=True)
def _ordered(bits: int) -> int:
    """Return the bits of a float64 as a number that is the greater, the greater the float is.

    Its own inverse.
    """
    return bits ^ ((bits >> 63) & 0x7FFFFFFFFFFFFFFF)


@kernel()
def _climb(state: Curve, equity: Curve) -> None:
    """Carry `state` = (peak, lowest since that peak, deepest drawdown so far) over `equity`."""
    peak, trough, deepest = state[0], state[1], state[2]
    for i in range(len(equity)):
        value = equity[i]
        if value > peak:
            if peak > 0.0:
                deepest = max(deepest, 1.0 - trough / peak)
            peak = value
            trough = value
        elif value < trough:
            trough = value
    state[0], state[1], state[2] = peak, trough, deepest


@kernel()
def absorb_drawdown(state: Curve, equity: Curve) -> None:
    """Carry a `drawdown_state` over the next equities: contiguous, in time order.

    `_climb`, but of a block without a new peak only the lowest equity counts.
    """
    # Whole numbers have no NaN to be careful about, and so several of them are compared at once.
    of_state, of_equity = state.view(np.int64), equity.view(np.int64)
    for begin in range(0, len(equity), _BLOCK):
        block = of_equity[begin : begin + _BLOCK]
        highest = lowest = _ordered(block[0])
        for i in range(len(block)):
            one = _ordered(block[i])
            highest, lowest = max(highest, one), min(lowest, one)
        if highest > _ordered(of_state[0]) or lowest < _LOWEST:
            _climb(state, equity[begin : begin + _BLOCK])
        elif lowest < _ordered(of_state[1]):
            of_state[1] = _ordered(lowest)


def drawdown_state() -> Curve:
    """Return what is known before the first equity: peak, lowest since, deepest drawdown."""
    return np.array([-math.inf, -math.inf, 0.0])


def deepest(state: Curve) -> float:
    """Return the deepest drawdown that a state has seen, 0 before the first.

    Its first peak is the first equity absorbed; peaks that are not positive have no drawdown.
    """
    peak, trough, found = map(float, state)
    return max(found, 1.0 - trough / peak) if peak > 0 else found


def max_drawdown(equity: Curve) -> float:
    """Return the largest 1 - equity / running peak of float64[N], zero or positive."""
    state = drawdown_state()
    absorb_drawdown(state, np.ascontiguousarray(equity))
    return deepest(state)


class Drawdowns(NamedTuple):
    """The drawdowns by session closes; indices are of sessions.

    `depth`: of the deepest, a fraction (0.25 means 25 %); 0, and the next four None and 0, if
    the equity never fell. `start`: the session whose close was the peak, -1 for the cash before
    the first. `bottom`: the deepest session (the first of equals). `recovery`: the first session
    that closed at the peak again or above, None if none did. `sessions`: from start to recovery,
    or to the last session. `longest`: the most sessions that any drawdown lasted, which need not
    be the deepest.
    """

    depth: float
    start: int | None
    bottom: int | None
    recovery: int | None
    sessions: int
    longest: int


def drawdowns(initial: float, closes: Curve) -> Drawdowns:
    """Return the deepest and the longest drawdown of an account.

    `initial` is its equity before the first session and the first peak, `closes` float64[N] its
    equity at each session's close. Without a positive `initial` the depth is NaN.
    """
    if initial <= 0:
        return Drawdowns(math.nan, None, None, None, 0, 0)
    curve = np.concatenate(([initial], closes))
    peaks = np.maximum.accumulate(curve)
    depths = 1.0 - curve / peaks
    bottom = int(np.argmax(depths))
    depth = float(depths[bottom])
    if depth == 0.0:
        return Drawdowns(0.0, None, None, None, 0, 0)
    last = len(curve) - 1
    tops = np.flatnonzero(depths == 0.0)
    ends = np.append(tops[1:], last)
    lengths = ends - tops
    # From one top straight to the next the equity did not fall; from the last one on it did.
    lengths[:-1][lengths[:-1] == 1] = 0
    fall = int(np.searchsorted(tops, bottom)) - 1
    start, end = int(tops[fall]), int(ends[fall])
    return Drawdowns(
        depth,
        start - 1,
        bottom - 1,
        end - 1 if fall < len(tops) - 1 else None,
        end - start,
        int(lengths.max()),
    )

"""Drawdowns of an equity: how deep they are, and how many sessions they last.

Drawdown is 1 - equity / running peak. It is zero or positive, and above 1 if the equity is
negative.
Source: M. Magdon-Ismail, A. Atiya, "Maximum Drawdown", Risk 17 (2004), 99-102.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.native.kernel import kernel
from pipeline.native.memory import integers_of

Curve = NDArray[np.float64]


#: Number of equities that are looked at together.
_BLOCK = 128
#: Minus infinity in the order of `_ordered`. NaN with its sign bit set is below it, and NaN without
#: the sign bit is above infinity.
_LOWEST = -(0x7FF << 52) - 1


@kernel(forceinline=True)
def _ordered(bits: int) -> int:
    """Turn the bits of a float64 into an integer: a greater float gives a greater integer.

    The function is its own inverse.
    """
    return bits ^ ((bits >> 63) & 0x7FFFFFFFFFFFFFFF)


@kernel()
def _climb(state: Curve, equity: Curve) -> None:
    """Carry a `drawdown_state` over the next equities, one after the other."""
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
    """Carry a `drawdown_state` over the next equities float64[N], contiguous and in time order.

    The result is that of `_climb`. A block without a new peak needs only its lowest equity, and
    finding that is faster.
    """
    # Integers have no NaN, so the processor compares several of them at once.
    of_state, of_equity = integers_of(state), integers_of(equity)
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
    """Return the state before the first equity.

    It is float64[3]: the highest equity so far, the lowest equity since then, and the deepest
    drawdown that ended with a new peak.
    """
    return np.array([-math.inf, -math.inf, 0.0])


def deepest(state: Curve) -> float:
    """Return the deepest drawdown that a state has seen, 0 before the first equity.

    The first peak is the first equity absorbed. A peak that is not positive has no drawdown.
    """
    peak, trough, found = map(float, state)
    return max(found, 1.0 - trough / peak) if peak > 0 else found


def max_drawdown(equity: Curve) -> float:
    """Return the largest 1 - equity / running peak of float64[N], zero or positive."""
    state = drawdown_state()
    absorb_drawdown(state, np.ascontiguousarray(equity))
    return deepest(state)


class Drawdowns(NamedTuple):
    """The drawdowns by the closes of the sessions. Sessions are counted from 0.

    If the equity never fell, `depth`, `sessions` and `longest` are 0 and the others are None.
    """

    depth: float
    """Depth of the deepest drawdown, a fraction: 0.25 means 25 %."""
    start: int | None
    """Session whose close was the peak before it; -1 for the cash before the first session."""
    bottom: int | None
    """Session with the lowest close in it, the first one of equals."""
    recovery: int | None
    """First session that closed at the peak again or above it; None if none did."""
    sessions: int
    """Number of sessions from `start` to `recovery`, or to the last session."""
    longest: int
    """Number of sessions of the longest drawdown, which need not be the deepest."""


def drawdowns(initial: float, closes: Curve) -> Drawdowns:
    """Return the deepest and the longest drawdown of an account.

    `initial` is the equity before the first session, and the first peak. `closes` float64[N] is the
    equity at each session's close. If `initial` is not positive, the depth is NaN.
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
    # Between two tops in a row the equity did not fall. After the last top it did.
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

"""Drawdowns of an equity: how deep they are, and how many sessions they last.

Drawdown is 1 - equity / running peak. It is zero or positive, and above 1 if the equity is
negative.
Source: M. Magdon-Ismail, A. Atiya, "Maximum Drawdown", Risk 17 (2004), 99-102.
"""

import math
from typing import Any, NamedTuple

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
    """The drawdowns by the closes of the sessions, which are counted from 0.

    Of a single account all are numbers; of L accounts they are float64[L] and int64[L]. If the
    equity never fell, `depth`, `sessions` and `longest` are 0 and the others are `NEVER`.
    """

    depth: Any
    """Depth of the deepest drawdown, a fraction: 0.25 means 25 %."""
    start: Any
    """Session whose close was the peak before it; -1 for the cash before the first session."""
    bottom: Any
    """Session with the lowest close in it, the first one of equals."""
    recovery: Any
    """First session that closed at the peak again or above it; `NEVER` if none did."""
    sessions: Any
    """Number of sessions from `start` to `recovery`, or to the last session."""
    longest: Any
    """Number of sessions of the longest drawdown, which need not be the deepest."""


#: In place of a session: none.
NEVER = -2


def drawdowns(initial: Any, closes: Curve) -> Drawdowns:
    """Return the deepest and the longest drawdown of an account, or of several.

    `initial` is the equity before the first session, and the first peak; of L accounts it may be
    float64[L]. `closes` float64[N] or float64[L, N] is the equity at each session's close. If
    `initial` is not positive, the depth is NaN, and all else as if the equity never fell.
    """
    curve = np.empty((*closes.shape[:-1], closes.shape[-1] + 1))
    curve[..., :1] = np.asarray(initial)[..., None]
    curve[..., 1:] = closes
    owned = curve[..., 0] > 0
    curve[~owned] = 1.0  # never falls
    depths = 1.0 - curve / np.maximum.accumulate(curve, axis=-1)
    bottom = np.argmax(depths, axis=-1)
    depth = _at(depths, bottom)
    last = curve.shape[-1] - 1
    place, is_top = np.arange(last + 1), depths == 0.0
    top_before = np.maximum.accumulate(np.where(is_top, place, 0), axis=-1)
    later = np.where(is_top, place, last + 1)[..., ::-1]
    top_after = np.minimum.accumulate(later, axis=-1)[..., ::-1]
    # The sessions from the top before up to the top after, or up to the last session.
    lengths = np.where(is_top, 0, np.minimum(top_after, last) - top_before)
    fell = depth > 0.0
    start, end = _at(top_before, bottom), _at(top_after, bottom)
    found = Drawdowns(
        np.where(owned, depth, math.nan),
        np.where(fell, start - 1, NEVER),
        np.where(fell, bottom - 1, NEVER),
        np.where(fell & (end <= last), end - 1, NEVER),
        np.where(fell, np.minimum(end, last) - start, 0),
        lengths.max(axis=-1),
    )
    return Drawdowns(*(one[()] for one in found))


def _at(values: NDArray[Any], place: Any) -> NDArray[Any]:
    """Return the value of each curve at a place."""
    return np.take_along_axis(values, np.asarray(place)[..., None], axis=-1)[..., 0]

"""Figures of a lane's account, from its equity.

Returns are simple, not logarithmic; fractions are fractions (0.25 means 25 %); NaN means that the
figure is not defined for the input.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Curve = NDArray[np.float64]

# Returns that are equal but for rounding scatter by about 1e-16; a real market by far more.
NO_SCATTER = 1e-14


def total_return(initial: float, final: float) -> float:
    """Return final / initial - 1. NaN unless `initial` is positive."""
    return final / initial - 1.0 if initial > 0 else math.nan


def session_returns(initial: float, closes: Curve) -> Curve:
    """Return each session's simple return, r_i = e_i / e_(i-1) - 1, with `initial` before e_0.

    `closes` is the equity at each session's close. A return from an equity that is not positive
    is NaN, and so is every figure made of it: a bankrupt account has no ratios.
    """
    before = np.concatenate(([initial], closes[:-1])) if len(closes) else np.empty(0)
    result = np.full(len(closes), math.nan)
    np.divide(closes, before, out=result, where=before > 0)
    return result - 1.0


def annual_return(initial: float, closes: Curve, sessions_per_year: float) -> float:
    """Return the compound annual growth rate, (final / initial) ** (sessions_per_year / n) - 1.

    Source: CFA Institute, Global Investment Performance Standards (geometric linking). -1 if the
    final equity is not positive; NaN without sessions or without a positive `initial`.
    """
    if not len(closes) or initial <= 0:
        return math.nan
    if closes[-1] <= 0:
        return -1.0
    # In logarithms, because a good hour annualised overflows a power; inf is the honest answer.
    growth = math.log(closes[-1] / initial) * sessions_per_year / len(closes)
    return math.expm1(growth) if growth < 700 else math.inf


def volatility(returns: Curve, sessions_per_year: float) -> float:
    """Return the sample standard deviation (n - 1) times sqrt(sessions_per_year).

    Assumes returns independent of each other. NaN below two sessions.
    """
    if len(returns) < 2:
        return math.nan
    return float(np.std(returns, ddof=1)) * math.sqrt(sessions_per_year)


def sharpe_ratio(returns: Curve, sessions_per_year: float) -> float:
    """Return mean(r) / stdev(r) * sqrt(sessions_per_year), over a riskless rate of zero.

    Source: W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994), 49-58;
    scaled by time as there. NaN below two sessions and where the returns do not vary.
    """
    if len(returns) < 2:
        return math.nan
    scatter = float(np.std(returns, ddof=1))
    if scatter < NO_SCATTER:
        return math.nan
    return float(np.mean(returns)) / scatter * math.sqrt(sessions_per_year)


@njit(cache=True)
def _absorb_drawdown(state: Curve, equity: Curve) -> None:
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


class Drawdown:
    """The maximum drawdown of an equity that arrives in pieces; how it is cut does not show.

    Drawdown is 1 - equity / running peak, zero or positive (above 1 if the equity is negative).
    Its first peak is the first equity absorbed; peaks that are not positive have no drawdown.
    """

    def __init__(self) -> None:
        self._state = np.array([-math.inf, -math.inf, 0.0])

    def absorb(self, equity: Curve) -> None:
        """Absorb the next equities, in time order."""
        _absorb_drawdown(self._state, equity)

    @property
    def maximum(self) -> float:
        """The deepest drawdown so far, 0 before the first."""
        peak, trough, deepest = map(float, self._state)
        return max(deepest, 1.0 - trough / peak) if peak > 0 else deepest


def max_drawdown(equity: Curve) -> float:
    """Return the largest 1 - equity / running peak, zero or positive."""
    drawdown = Drawdown()
    drawdown.absorb(equity)
    return drawdown.maximum


def win_rate(wins: int, round_trips: int) -> float:
    """Return the share of round trips that made money after costs; NaN without any."""
    return wins / round_trips if round_trips else math.nan


def lane_statistics(initial: float, closes: Curve, sessions_per_year: float) -> dict[str, float]:
    """Return what the summary says of a lane's account, by name.

    `initial` is the cash it began with, `closes` its equity at each session's close (float64),
    `sessions_per_year` the calendar's. The drawdown is not here: it is measured at every base
    timestamp (`LaneRecord.max_drawdown`), because closes hide what happens within a session.
    """
    returns = session_returns(initial, closes)
    return {
        "total_return": total_return(initial, float(closes[-1]) if len(closes) else initial),
        "annual_return": annual_return(initial, closes, sessions_per_year),
        "volatility": volatility(returns, sessions_per_year),
        "sharpe_ratio": sharpe_ratio(returns, sessions_per_year),
    }

"""Figures of a lane relative to a benchmark, from the simple returns of both per session.

Arrays are float64[N], with one return for each session. The benchmark's return is NaN in a session
in which it has no price: before its first bar, after its last one and in gaps. A return after a gap
is that since the price before it. A figure is NaN if it is not defined, as for a ruined account.
"""

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.results.statistics import NO_SCATTER, Curve, compounded, sharpe_ratio
from pipeline.results.year import Year


def beta(returns: Curve, benchmark: Curve) -> float:
    """Return cov(r, b) / var(b). It is NaN below two sessions and if b does not vary.

    Source: W. F. Sharpe, "Capital Asset Prices", Journal of Finance 19 (1964), 425-442.
    """
    if len(returns) < 2:
        return math.nan
    away = benchmark - benchmark.mean()
    spread = float(away @ away)
    if math.sqrt(spread / (len(away) - 1)) < NO_SCATTER:
        return math.nan
    return float(away @ returns) / spread


def alpha(excess: Curve, benchmark: Curve, sessions_per_year: float) -> float:
    """Return (1 + a) ** sessions_per_year - 1 with a = mean(x) - beta * mean(b), compounded.

    Both are returns over the riskless ones. Source: M. C. Jensen, "The Performance of Mutual Funds
    in the Period 1945-1964", Journal of Finance 23 (1968), 389-416. It is NaN if `beta` is NaN, and
    -1 if a is -1 or below.
    """
    slope = beta(excess, benchmark)
    if math.isnan(slope):
        return math.nan
    per_session = float(np.mean(excess - slope * benchmark))
    if per_session <= -1.0:
        return -1.0
    return compounded(math.log1p(per_session) * sessions_per_year)


def correlation(returns: Curve, benchmark: Curve) -> float:
    """Return Pearson's correlation, cov(r, b) / (stdev(r) * stdev(b)), -1 to 1.

    Source: K. Pearson, "Notes on Regression and Inheritance in the Case of Two Parents",
    Proceedings of the Royal Society 58 (1895), 240-242. It is NaN below two sessions and if r or b
    does not vary.
    """
    if len(returns) < 2:
        return math.nan
    scatters = float(np.std(returns, ddof=1)), float(np.std(benchmark, ddof=1))
    if min(scatters) < NO_SCATTER:
        return math.nan
    covariance = float((returns - returns.mean()) @ (benchmark - benchmark.mean()))
    return float(np.clip(covariance / (len(returns) - 1) / scatters[0] / scatters[1], -1.0, 1.0))


def tracking_error(returns: Curve, benchmark: Curve, sessions_per_year: float) -> float:
    """Return the sample deviation of r - b times sqrt(sessions_per_year).

    Source: R. C. Grinold, R. N. Kahn, "Active Portfolio Management" (2000), chapter 3, which calls
    it active risk. It is NaN below two sessions.
    """
    if len(returns) < 2:
        return math.nan
    return float(np.std(returns - benchmark, ddof=1)) * math.sqrt(sessions_per_year)


def information_ratio(returns: Curve, benchmark: Curve, sessions_per_year: float) -> float:
    """Return mean(r - b) / stdev(r - b) * sqrt(sessions_per_year).

    Source: W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994), 49-58,
    which calls it the Sharpe ratio over a benchmark. It is NaN below two sessions and if the
    difference does not vary.
    """
    return sharpe_ratio(returns - benchmark, sessions_per_year)


def joined(returns: Curve, known: NDArray[np.bool_]) -> tuple[Curve, NDArray[np.int64]]:
    """Return the return from each known session to the next known one, and the sessions it spans.

    `known` bool[N] says which sessions are. The first return is that of the first known session
    alone. Both arrays have an element for each known session, float64 and int64.
    """
    ends = np.flatnonzero(known)
    if not len(ends):
        return returns[:0], ends
    lengths = np.diff(ends, prepend=ends[0] - 1)
    grown = np.multiply.reduceat(1.0 + returns[: ends[-1] + 1], ends - lengths + 1) - 1.0
    return np.where(lengths == 1, returns[ends], grown), lengths


def relative_statistics(
    returns: Curve, benchmark: Curve, dates: NDArray[np.int64], year: Year
) -> dict[str, float]:
    """Return the figures of a lane relative to the benchmark, by their names in the summary.

    `dates` int64[N] are the sessions' dates, ns UTC. Only sessions in which the benchmark has a
    price count: over a gap of it the lane's returns are compounded to one return, as the
    benchmark's is. Alpha is compounded to a year, so that of a run too short for it
    (`Year.is_long_enough`) is NaN.
    """
    known = ~np.isnan(benchmark)
    b = benchmark[known]
    r, lengths = joined(returns, known)
    riskless, _ = joined(year.riskless_returns(dates), known)
    spanned = int(lengths.sum())
    a_year = year.sessions * (len(b) / spanned) if spanned else year.sessions
    long_enough = year.is_long_enough(spanned)
    return {
        "alpha": alpha(r - riskless, b - riskless, a_year) if long_enough else math.nan,
        "beta": beta(r, b),
        "correlation": correlation(r, b),
        "tracking_error": tracking_error(r, b, a_year),
        "information_ratio": information_ratio(r, b, a_year),
    }

"""Figures of lanes' accounts, from their equity at the sessions' closes.

Returns are simple, not logarithmic. They are fractions: 0.25 means 25 %. A figure is NaN if it is
not defined for the input.

Curves are float64[N], or float64[L, N] of L lanes; then a figure is float64[L], and what is given
by lane may be so, too. A lane's figures are the same to the last bit alone and among others.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.results.drawdown import drawdowns
from pipeline.results.year import Year

Curve = NDArray[np.float64]
#: A number, or one for each lane, float64[L].
Figure = Any

# Returns that are equal but for rounding have a deviation of about 1e-16, or of some 1e-12 of their
# mean if positions are much larger than the equity. That of real returns is far larger.
NO_SCATTER = 1e-14
_RELATIVE_NO_SCATTER = 1e-9

# Value at risk and expected shortfall look at this share of the sessions, the worst ones.
TAIL = 0.05


def total_return(initial: Figure, final: Figure) -> Figure:
    """Return final / initial - 1. It is NaN unless `initial` is positive."""
    initial = np.asarray(initial)
    return _defined(initial > 0, np.asarray(final) / np.where(initial > 0, initial, 1.0) - 1.0)


def _defined(where: Figure, values: Figure) -> Figure:
    """Return the values where they are defined, and NaN elsewhere."""
    return np.where(where, values, math.nan)[()]


def session_returns(initial: Figure, closes: Curve) -> Curve:
    """Return each session's simple return, r_i = e_i / e_(i-1) - 1, with `initial` before e_0.

    `closes` is the equity at each session's close. The first close that is not positive ends the
    returns: that session's return is what it was, -1 or less, and those of all later sessions are
    NaN, also where the equity is positive again.
    """
    before = np.empty_like(closes, np.float64)
    before[..., :1] = np.asarray(initial)[..., None]
    before[..., 1:] = closes[..., :-1]
    result = np.full(closes.shape, math.nan)
    np.divide(closes, before, out=result, where=np.logical_and.accumulate(before > 0, axis=-1))
    return result - 1.0


def shows_ruin(drawdown: float | None) -> bool:
    """Return whether a maximum drawdown is that of a ruined account.

    Such an account was worth nothing or less at a base timestamp or at a session's close.
    `drawdown` is the figure `max_drawdown` (`account_drawdown`); None and NaN are not.
    """
    return drawdown is not None and drawdown >= 1.0


def account_drawdown(initial: Figure, closes: Curve, drawdown: Figure) -> Figure:
    """Return an account's maximum drawdown: over every base timestamp, and over a ruinous close.

    `closes` is the equity at the sessions' closes, `drawdown` that over the base timestamps
    (`tally.LaneRecord.max_drawdown`). What is booked at a session's close, after its last bar was
    marked, shows in the close alone. Where a close is zero or below, it counts as deep as it is
    below the highest one before, and as 1 at least.
    """
    ruined = (closes <= 0.0).any(axis=-1)
    if not ruined.any():
        return drawdown
    depth = np.maximum(drawdowns(initial, closes).depth, 1.0)
    return np.where(ruined, np.fmax(drawdown, depth), drawdown)[()]


def figure_returns(initial: Figure, closes: Curve, drawdown: Figure) -> Curve:
    """Return the returns that figures are made of: `session_returns`, or NaN of a ruined account.

    A mean of simple returns hardly knows a ruin: ten sessions of +20 % and one of -120 % have a
    positive Sharpe ratio. So a ruined account (`shows_ruin`) has no figures of returns, whenever it
    was ruined. `drawdown` is as `account_drawdown` takes it.
    """
    ruined = np.asarray(account_drawdown(initial, closes, drawdown)) >= 1.0
    return np.where(ruined[..., None], math.nan, session_returns(initial, closes))


def annual_return(initial: Figure, closes: Curve, sessions_per_year: float) -> Figure:
    """Return the compound annual growth rate, (final / initial) ** (sessions_per_year / n) - 1.

    Source: CFA Institute, Global Investment Performance Standards (geometric linking). It is -1 if
    the final equity is not positive, and NaN without a session or without a positive `initial`.
    """
    sessions = closes.shape[-1]

    def annual(first: float, last: float) -> float:
        if first <= 0:
            return math.nan
        if last <= 0:
            return -1.0
        return compounded(math.log(last / first) * sessions_per_year / sessions)

    if not sessions:
        return np.full(closes.shape[:-1], math.nan)[()]
    return np.vectorize(annual, otypes=[float])(initial, closes[..., -1])[()]


def compounded(growth: float) -> float:
    """Return exp(growth) - 1, or infinity if that is too large for a float.

    The return of a good hour, compounded to a year, can be that large.
    """
    return math.expm1(growth) if growth < 700 else math.inf


def _without(curve: Curve) -> Figure:
    """Return that a figure is not defined, for each lane of a curve."""
    return np.full(curve.shape[:-1], math.nan)[()]


def volatility(returns: Curve, sessions_per_year: float) -> Figure:
    """Return the sample standard deviation (n - 1) times sqrt(sessions_per_year).

    It assumes that the returns are independent of each other. It is NaN below two sessions.
    """
    if returns.shape[-1] < 2:
        return _without(returns)
    return np.std(returns, axis=-1, ddof=1) * math.sqrt(sessions_per_year)


def sharpe_ratio(excess: Curve, sessions_per_year: float) -> Figure:
    """Return mean(x) / stdev(x) * sqrt(sessions_per_year) of the returns over the riskless ones.

    Source: W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994), 49-58,
    which also scales by time so. It is NaN below two sessions and if the returns do not vary by
    more than their rounding.
    """
    if excess.shape[-1] < 2:
        return _without(excess)
    mean, scatter = np.mean(excess, axis=-1), np.std(excess, axis=-1, ddof=1)
    varies = scatter >= np.maximum(NO_SCATTER, _RELATIVE_NO_SCATTER * np.abs(mean))
    ratio = mean / np.where(varies, scatter, 1.0) * math.sqrt(sessions_per_year)
    return _defined(varies, ratio)


def sortino_ratio(excess: Curve, sessions_per_year: float) -> Figure:
    """Return mean(x) / sqrt(mean(min(x, 0) ** 2)) * sqrt(sessions_per_year).

    `excess` are the returns over the target, which is the riskless return. Source: F. A. Sortino,
    L. N. Price, "Performance Measurement in a Downside Risk Framework", Journal of Investing 3
    (1994), 59-64. It is NaN below two sessions and without one that lost more than a rounding.
    """
    if excess.shape[-1] < 2:
        return _without(excess)
    downside = np.sqrt(np.mean(np.minimum(excess, 0.0) ** 2, axis=-1))
    lost = downside > NO_SCATTER
    mean = np.mean(excess, axis=-1)
    return _defined(lost, mean / np.where(lost, downside, 1.0) * math.sqrt(sessions_per_year))


def calmar_ratio(annual: Figure, drawdown: Figure) -> Figure:
    """Return annual return / maximum drawdown, both fractions.

    It is NaN without a drawdown that is more than a rounding.

    Source: T. W. Young, "Calmar Ratio: A Smoother Tool", Futures 20 (October 1991), 40; over the
    whole run here, over three years there.
    """
    fell = np.asarray(drawdown) > NO_SCATTER
    return _defined(fell, annual / np.where(fell, drawdown, 1.0))


def omega_ratio(returns: Curve) -> Figure:
    """Return sum(max(r, 0)) / sum(max(-r, 0)), over a target of zero.

    Source: C. Keating, W. F. Shadwick, "A Universal Performance Measure", Journal of Performance
    Measurement 6 (2002), 59-84. It is NaN below two sessions and without one that lost more than a
    rounding.
    """
    sessions = returns.shape[-1]
    if sessions < 2:
        return _without(returns)
    losses = -np.sum(np.minimum(returns, 0.0), axis=-1)
    lost = losses > NO_SCATTER * sessions
    gains = np.sum(np.maximum(returns, 0.0), axis=-1)
    return _defined(lost, gains / np.where(lost, losses, 1.0))


def best_and_worst(returns: Curve) -> tuple[Figure, Figure]:
    """Return the largest and the smallest return of a session. Both are NaN without a session."""
    if not returns.shape[-1]:
        return _without(returns), _without(returns)
    return np.max(returns, axis=-1), np.min(returns, axis=-1)


def value_at_risk(returns: Curve) -> Figure:
    """Return the return below which 5 % of the sessions are, negative for a loss.

    It is the 5 % quantile of the returns, interpolated by definition 7 of R. J. Hyndman, Y. Fan,
    "Sample Quantiles in Statistical Packages", American Statistician 50 (1996), 361-365. Source:
    P. Jorion, "Value at Risk" (2006), the historical method. It is NaN without a session.
    """
    sessions = returns.shape[-1]
    if not sessions:
        return _without(returns)
    ordered = np.sort(returns, axis=-1)  # NaN comes last
    place = (sessions - 1) * TAIL
    below = int(place)
    low, high = ordered[..., below], ordered[..., min(below + 1, sessions - 1)]
    return _defined(~np.isnan(ordered[..., -1]), low + (high - low) * (place - below))


def expected_shortfall(returns: Curve) -> Figure:
    """Return the mean return of the worst 5 % of the sessions, negative for a loss.

    The worst sessions are those up to `value_at_risk`: the floor((n - 1) * 0.05) + 1 with the
    smallest returns. Source: C. Acerbi, D. Tasche, "On the Coherence of Expected Shortfall",
    Journal of Banking & Finance 26 (2002), 1487-1503. It is NaN without a session.
    """
    sessions = returns.shape[-1]
    if not sessions:
        return _without(returns)
    ordered = np.sort(returns, axis=-1)
    worst = np.ascontiguousarray(ordered[..., : int((sessions - 1) * TAIL) + 1])
    return _defined(~np.isnan(ordered[..., -1]), np.mean(worst, axis=-1))


def monthly_returns(dates: NDArray[np.int64], returns: Curve) -> dict[str, float]:
    """Return prod(1 + r) - 1 of each calendar month that has sessions, by "YYYY-MM", in order.

    `dates` int64[N] are the sessions' dates, ns UTC, ascending; `returns` float64[N].
    """
    if not len(dates):
        return {}
    months = dates.view("M8[ns]").astype("M8[M]")
    starts = np.flatnonzero(np.append(True, months[1:] != months[:-1]))
    grown = np.multiply.reduceat(1.0 + returns, starts) - 1.0
    return dict(zip(months[starts].astype(str).tolist(), grown.tolist(), strict=True))


def turnover_per_year(turnover: Figure, closes: Curve, year: Year) -> Figure:
    """Return turnover / mean(closes) * year.sessions / n, the turnovers of the account a year.

    `turnover` is the value of all fills, bought and sold. So buying with all of the equity once and
    selling it again counts 2. A fund's portfolio turnover (SEC Form N-1A, item 13) counts only the
    lesser side. It is NaN for a run too short for it (`Year.is_long_enough`) and without a positive
    mean equity.
    """
    sessions = closes.shape[-1]
    if not sessions or not year.is_long_enough(sessions):
        return _without(closes)
    mean = np.mean(closes, axis=-1)
    owned = mean > 0
    return _defined(owned, turnover / np.where(owned, mean, 1.0) * year.sessions / sessions)


def lane_statistics(
    initial: Figure,
    closes: Curve,
    dates: NDArray[np.int64],
    year: Year,
    drawdown: Figure,
    *,
    extrapolate: bool = False,
) -> dict[str, Figure]:
    """Return the figures of the returns of lanes' accounts, by their names in the summary.

    `initial` is the cash at the beginning, `closes` float64[N] or float64[L, N] the equity at each
    session's close, and `dates` int64[N] are the sessions' dates, ns UTC. `drawdown` is the
    account's maximum drawdown over every base timestamp (`tally.LaneRecord.max_drawdown`), because
    closes do not show a drawdown within a session.

    A ruined account (`shows_ruin`) has a total return and a maximum drawdown. Its annual return is
    -1, or NaN if it came back above zero. All other figures are NaN.

    The annual return of a run too short for it (`Year.is_long_enough`) is NaN, unless it is -1: all
    is lost, or a year at this rate would leave nothing. `extrapolate` gives it all the same, to
    compare lanes of equally many sessions.
    """
    sessions = closes.shape[-1]
    drawdown = account_drawdown(initial, closes, drawdown)
    ruined = np.asarray(drawdown) >= 1.0
    returns = figure_returns(initial, closes, drawdown)
    excess = returns - year.riskless_returns(dates)
    annual = annual_return(initial, closes, year.sessions)
    given = ~ruined & (extrapolate or year.is_long_enough(sessions))
    annual = _defined(given | (annual <= -1.0), annual)
    best, worst = best_and_worst(returns)
    return {
        "total_return": total_return(initial, closes[..., -1] if sessions else initial),
        "annual_return": annual,
        "volatility": volatility(returns, year.sessions),
        "sharpe_ratio": sharpe_ratio(excess, year.sessions),
        "sortino_ratio": sortino_ratio(excess, year.sessions),
        "calmar_ratio": _defined(~ruined, calmar_ratio(annual, drawdown)),
        "omega_ratio": omega_ratio(returns),
        "best_session": best,
        "worst_session": worst,
        "value_at_risk": value_at_risk(returns),
        "expected_shortfall": expected_shortfall(returns),
        "max_drawdown": drawdown,
    }

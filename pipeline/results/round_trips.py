"""Figures of a lane's round trips, from their number and sums.

Profits are after costs, in the account's currency. A round trip with a profit of exactly zero
counts as lost. A figure is NaN if it is not defined for the input.
"""

import math


def win_rate(wins: int, round_trips: int) -> float:
    """Return the share of round trips that made money. It is NaN without a round trip."""
    return wins / round_trips if round_trips else math.nan


def profit_factor(gross_profit: float, gross_loss: float) -> float:
    """Return gross_profit / gross_loss; the loss is a positive number. It is NaN without a loss.

    Source: R. Pardo, "The Evaluation and Optimization of Trading Strategies" (2008).
    """
    return gross_profit / gross_loss if gross_loss > 0 else math.nan


def expectancy(gross_profit: float, gross_loss: float, round_trips: int) -> float:
    """Return the mean profit of a round trip, (gross_profit - gross_loss) / round_trips.

    Source: V. K. Tharp, "Trade Your Way to Financial Freedom" (1998); in money here, in multiples
    of the risk there. It is NaN without a round trip.
    """
    return (gross_profit - gross_loss) / round_trips if round_trips else math.nan


def payoff_ratio(gross_profit: float, gross_loss: float, wins: int, round_trips: int) -> float:
    """Return the mean profit of won round trips divided by the mean loss of lost ones.

    Source: as `profit_factor`. It is NaN unless some were won and some money was lost.
    """
    if not 0 < wins < round_trips or gross_loss <= 0:
        return math.nan
    return (gross_profit / wins) / (gross_loss / (round_trips - wins))


def system_quality(round_trips: int, total: float, squares: float) -> float:
    """Return the system quality number, sqrt(n) * mean(p) / stdev(p), of n profits p.

    `total` is the sum of the profits, `squares` the sum of their squares; the deviation is the
    sample's (n - 1). Source: V. K. Tharp, "The Definitive Guide to Position Sizing" (2008), with
    profits in money and without the cap of n at 100 there. It is NaN below two round trips and if
    the profits vary by no more than the rounding of the sums.
    """
    if round_trips < 2:
        return math.nan
    mean = total / round_trips
    spread = squares - total * mean
    if spread <= 1e-12 * squares:
        return math.nan
    return mean * math.sqrt(round_trips * (round_trips - 1) / spread)

"""The year that figures are scaled to: how many sessions it has, and what cash earns in it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.codes import DAY_NS

#: A run of a smaller part of a year is not extrapolated to a year. To compound its growth would
#: raise it to a power above 12: +50 % in one session would be 2.4e44 a year.
SHORTEST = 1 / 12

#: Interest is simple, over days / 365, as accounts book it (`execution.overnight`).
_DAYS = 365.0


@dataclass(frozen=True, slots=True)
class Year:
    """A year of a run."""

    sessions: float
    """How many sessions it has by the calendar."""
    riskless_rate: float = 0.0
    """What cash earns without any trade, a fraction a year."""

    @property
    def fewest_sessions(self) -> int:
        """The fewest sessions that are extrapolated to a year."""
        return math.ceil(SHORTEST * self.sessions)

    def is_long_enough(self, sessions: int) -> bool:
        """Whether figures of so many sessions are extrapolated to a year."""
        return sessions >= self.fewest_sessions

    def riskless_returns(self, dates: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what cash earned in each session, float64[N], since the session before it.

        `dates` int64[N] are the sessions' dates, ns UTC. The first session has no night before it.
        """
        nights = np.diff(dates, prepend=dates[:1]) / DAY_NS
        return self.riskless_rate / _DAYS * nights

"""What the round trips of a lane were like one by one, told while they are recorded."""

import numpy as np
from numpy.typing import NDArray

from pipeline.native.kernel import kernel
from pipeline.native.memory import record_at
from pipeline.results.rows import TRIP_ROW

_SECOND = 1e9
_trip_at = record_at(TRIP_ROW)
_TRIP_SIZE = TRIP_ROW.itemsize
#: The elements of a state: how many trips have ended, the best and the worst profit, the sum of
#: the seconds and the most of one.
_COUNT, _BEST, _WORST, _SECONDS, _LONGEST = range(5)


@kernel()
def absorb_trips(state: NDArray[np.float64], trips: int, count: int) -> None:
    """Carry a `trip_state` over the next round trips; ``trips``: address of TRIP_ROW[``count``].

    If that is 0, they are not known one by one.
    """
    for i in range(count if trips != 0 else 0):
        trip = _trip_at(trips + i * _TRIP_SIZE)
        if trip.exit_ts == 0:
            continue
        seconds = (trip.exit_ts - trip.entry_ts) / _SECOND
        if state[_COUNT] == 0.0:
            state[_BEST] = state[_WORST] = trip.profit
        state[_COUNT] += 1.0
        state[_BEST] = max(state[_BEST], trip.profit)
        state[_WORST] = min(state[_WORST], trip.profit)
        state[_SECONDS] += seconds
        state[_LONGEST] = max(state[_LONGEST], seconds)


def trip_state() -> NDArray[np.float64]:
    """Return the state before the first round trip, float64[5]."""
    return np.zeros(5)


def trip_details(state: NDArray[np.float64]) -> dict[str, float] | None:
    """Return the best, the worst, the mean and the longest round trip; None without one.

    Profits are in account currency after costs, and durations in seconds, from the open of the bar
    that filled its first order to that of its last one. Only trips that have ended count.
    """
    count, best, worst, seconds, longest = map(float, state)
    if count == 0.0:
        return None
    return {
        "best": best,
        "worst": worst,
        "mean_seconds": seconds / count,
        "longest_seconds": longest,
    }

"""Bars that a clock offers at a fixed rate, whatever the pipeline does with them: an open loop.

Bar k of the tape, counted from 0 over all symbols, is planned for a moment that depends on k alone:

    burst 1     0  1  2  3  4  5  6  7        one bar each 1 / rate
    burst 4     0,1,2,3     4,5,6,7           as many at once, at the time of the first of them

Bars that close at the same time are planned together, at the time of the first of them. Times are
measured from the plan, so a stall counts for every bar that had to wait. A generator that waited
for each bar to be done before it offered the next one would omit these (coordinated omission).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.tape.slot import BarTable

_SLICE_SECONDS = 0.05
#: A wait for room that takes longer shows that the stages after the generator are behind.
_BLOCKED_NS = 50_000


@dataclass(frozen=True, slots=True)
class Offer:
    """A rate at which bars are offered."""

    #: Base bars a second, of all symbols together.
    rate: float
    #: Bars that are offered at once.
    burst: int = 1
    #: Bars that are planned for the first so many seconds have no latency: caches are cold.
    settle_seconds: float = 0.0

    def planned(self, bars: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return when bars of these numbers are planned, in ns from the start of the tape."""
        first = bars // self.burst * self.burst
        planned: npt.NDArray[np.int64] = np.rint(first * (1e9 / self.rate)).astype(np.int64)
        return planned

    def planned_one(self, bar: int) -> int:
        """Return when one bar is planned, in ns from the start of the tape."""
        return round(bar // self.burst * self.burst * (1e9 / self.rate))

    def due(self, elapsed: int) -> int:
        """Return how many bars are planned for the first ``elapsed`` ns, 0 or more."""
        return (int(elapsed * self.rate / 1e9 / self.burst) + 1) * self.burst


class Generator:
    """Tells how many bars are due, and how late it is itself; for the coordinator.

    ``symbols`` is the number of symbols, ``check`` is called during a wait and may raise to end it,
    ``record`` is given each lag in ns.
    """

    def __init__(
        self,
        offer: Offer,
        symbols: int,
        check: Callable[[], None],
        record: Callable[[int], None],
    ) -> None:
        self._offer = offer
        self._symbols = symbols
        self._check = check
        self._record = record
        self._began = 0
        self._offered = 0
        self._room_since = 0

    def begin(self, at: int) -> None:
        """Begin the plan at a time of the monotonic clock, in ns."""
        self._began = self._room_since = at

    def wait(self) -> int:
        """Wait until a bar is due; return how many rows of each symbol may be offered now.

        These are never more bars than are due, but always all bars of one moment.
        """
        planned = self._began + self._offer.planned_one(self._offered)
        while (left := planned - time.monotonic_ns()) > 0:
            self._check()
            time.sleep(min(left / 1e9, _SLICE_SECONDS))
        now = time.monotonic_ns()
        self._record(now - max(planned, self._room_since))
        due = self._offer.due(now - self._began) - self._offered
        return max(1, due // self._symbols)

    def found_room(self, waited: int) -> None:
        """Note that a free slot came after ``waited`` ns: it owes nobody the time before."""
        if waited > _BLOCKED_NS:
            self._room_since = time.monotonic_ns()

    def offered(self, bars: int) -> None:
        """Count bars that have been handed on."""
        self._offered += bars


class LatencyMeter:
    """Measures how long after the plan an engine was done with the bars of a slot."""

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        self._seen = 0

    def latencies(self, base: BarTable, began: int, now: int) -> npt.NDArray[np.int64]:
        """Return the latency in ns of each base bar of the next slot, which is done ``now``.

        ``began`` is when the tape began; both are ns of the monotonic clock. Bars of the time in
        which caches are cold are left out.
        """
        counts = base.count.tolist()
        total = sum(counts)
        numbers = self._seen + _firsts(base, counts)
        self._seen += total
        planned = self._offer.planned(numbers)
        planned = planned[planned >= int(self._offer.settle_seconds * 1e9)]
        return now - began - planned


def _firsts(base: BarTable, counts: list[int]) -> npt.NDArray[np.int64]:
    """Return for each base bar of a slot the number of the first one that closes when it does."""
    if len(counts) == 1:
        return np.arange(counts[0])
    closes = [
        base.close_ts[symbol, base.first : base.first + count]
        for symbol, count in enumerate(counts)
        if count
    ]
    if not closes:
        return np.zeros(0, np.int64)
    ordered = np.sort(np.concatenate(closes))
    return np.searchsorted(ordered, ordered)

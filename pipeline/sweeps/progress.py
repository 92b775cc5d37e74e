"""How far a sweep is."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from shm.stats import StatsBlock


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """How far a sweep is.

    ``lanes`` of ``lanes_total`` (None: not known) are done; ``evaluations`` (bars x lanes) were
    made, of about ``evaluations_total``: what is made and what the lanes left will take, by the
    last pass; ``seconds``: spent replaying; ``best``: the best score so far, the first one where
    there are several, ``best_parameters`` of it; ``passes``: begun so far.
    """

    lanes: int
    lanes_total: int | None
    evaluations: int
    evaluations_total: int
    seconds: float
    best: float | None
    best_parameters: str
    passes: int


class Meter:
    """Counts what a sweep has done, and tells whoever wants to know."""

    def __init__(self, tell: Callable[[SweepProgress], None] | None, total: int | None) -> None:
        self._tell = tell
        self._total = total
        self.lanes = 0
        self.evaluations = 0
        self.seconds = 0.0
        self.passes = 0
        self._bars = 0
        self._merit = -math.inf
        self._best: float | None = None
        self._best_parameters = ""

    def begin_pass(self, shares: list[list[int]], bars: int) -> Callable[[StatsBlock], None]:
        """Return what tells of a pass while it runs; ``bars``: at most on its tape."""
        self.passes += 1
        self._bars = bars
        began: float | None = None

        def tick(stats: StatsBlock) -> None:
            nonlocal began
            if self._tell is None:
                return
            rows = stats.snapshot()
            seen = [rows[f"engine {e}"].full.counters["bars"] for e in range(len(shares))]
            under_way = sum(bars * len(share) for bars, share in zip(seen, shares, strict=True))
            if began is None and under_way:
                began = time.perf_counter()
            seconds = 0.0 if began is None else time.perf_counter() - began
            self._report(under_way, self.seconds + seconds)

        return tick

    def end_pass(self, lanes: int, evaluations: int, seconds: float) -> None:
        """Count what a pass has done."""
        self.lanes += lanes
        self.evaluations += evaluations
        self.seconds += seconds
        self._report(0, self.seconds)

    def found(self, merit: float, score: float, parameters: str) -> None:
        """Note a score if it is the best so far: of the highest ``merit``."""
        if merit > self._merit:
            self._merit, self._best, self._best_parameters = merit, score, parameters

    def _report(self, under_way: int, seconds: float) -> None:
        if self._tell is not None:
            left = max(0, (self._total or 0) - self.lanes) * self._bars
            self._tell(
                SweepProgress(
                    self.lanes,
                    self._total,
                    self.evaluations + under_way,
                    self.evaluations + max(left, under_way),
                    seconds,
                    self._best,
                    self._best_parameters,
                    self.passes,
                )
            )

"""Counts the lanes and evaluations of a sweep, and reports how far the sweep is."""

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.sweeps.executors.protocol import PassReport

#: Errors that are kept for onlookers.
_ERRORS = 5


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """How far a sweep is. An evaluation is one bar seen by one lane."""

    #: Lanes that have ended, or that the ledger knew.
    lanes: int
    #: Lanes of the whole sweep; None if that is not known in advance.
    lanes_total: int | None
    #: Evaluations made so far.
    evaluations: int
    #: About how many evaluations the sweep will have made in the end: those made, and those of the
    #: lanes that are left if their passes are as long as the last one.
    evaluations_total: int
    #: Seconds of replay so far.
    seconds: float
    #: The best score so far, by the first score of the sweep; None if no lane has one.
    best: float | None
    #: The parameters of the best set as text, such as "fast 20, slow 40".
    best_parameters: str
    #: Passes that have begun.
    passes: int
    #: Name of the code that is compiled before the tape of a pass begins, such as "the lane loop (2
    #: of 5)"; "" for none.
    compiling: str = ""
    #: The hook that does not return, such as "mine.py:12: Mine.on_bar has not returned for 9 s"; ""
    #: for none. The engine is ended when that lasts too long.
    stuck: str = ""
    #: How many series of a catalog have been verified before the first pass, such as "3 of 40
    #: series"; "" for none.
    verifying: str = ""
    #: How far the import of given data is, such as "12,000,000 rows read"; "" for none.
    importing: str = ""
    #: Lanes among `lanes` that the ledger knew, and that take no evaluations.
    known: int = 0
    #: Whether ``ringtape control`` has paused the sweep, which stands still.
    paused: bool = False
    #: Lanes among `lanes` that were walked to the end, that failed, and that were pruned.
    done: int = 0
    failed: int = 0
    pruned: int = 0
    #: The errors of the last lanes that failed, each with the lane's parameters.
    errors: tuple[str, ...] = ()

    @property
    def share(self) -> float | None:
        """How much of all lanes is done, 0 to 1, those that were known included; None if unknown.

        Lanes of a pass all end at the same time, so their evaluations count.
        """
        if not self.lanes_total:
            return None
        made = self.evaluations / self.evaluations_total if self.evaluations_total else 0.0
        return (self.known + (self.lanes_total - self.known) * made) / self.lanes_total


class Meter:
    """Counts the lanes, evaluations and seconds of a sweep, and calls ``tell`` with them.

    ``total`` is the number of lanes of the sweep, None if that is not known in advance.
    """

    def __init__(self, tell: Callable[[SweepProgress], None] | None, total: int | None) -> None:
        self._tell = tell
        self._total = total
        self.lanes = 0
        self.known = 0
        self.evaluations = 0
        self.seconds = 0.0
        self.passes = 0
        self._bars = 0
        self._merit = -math.inf
        self._best: float | None = None
        self._best_parameters = ""
        self._done = self._failed = self._pruned = 0
        self._errors: deque[str] = deque(maxlen=_ERRORS)

    def begin_pass(self, shares: Sequence[Sequence[int]], bars: int) -> PassReport:
        """Count a pass that begins; return the function that its executor reports to.

        ``shares`` are the lanes of each engine, ``bars`` is the most that can be on the tape.
        """
        self.passes += 1
        self._bars = bars
        began: float | None = None

        def report(walked: Sequence[int], compiling: str, stuck: str, paused: bool = False) -> None:
            nonlocal began
            under_way = sum(bars * len(share) for bars, share in zip(walked, shares, strict=True))
            if began is None and under_way:
                began = time.perf_counter()
            seconds = 0.0 if began is None else time.perf_counter() - began
            told = "" if under_way else compiling
            self._report(under_way, self.seconds + seconds, told, stuck, paused)

        return report

    def know(self, lanes: int) -> None:
        """Count lanes that the ledger knew."""
        self.known += lanes
        self.end_pass(lanes, 0, 0.0)

    def end_pass(self, lanes: int, evaluations: int, seconds: float) -> None:
        """Count the lanes and evaluations of a pass that is over, and its seconds of replay."""
        self.lanes += lanes
        self.evaluations += evaluations
        self.seconds += seconds
        self._report(0, self.seconds)

    def ended(self, states: Sequence[str], errors: Sequence[str]) -> None:
        """Count lanes by the states of their rows, and keep the last of their errors."""
        self._done += states.count("done")
        self._failed += states.count("failed")
        self._pruned += states.count("pruned")
        self._errors.extend(errors)
        self._report(0, self.seconds)

    def found(self, merit: float, score: float, parameters: str) -> None:
        """Note a score if its ``merit`` is higher than that of every score before."""
        if merit > self._merit:
            self._merit, self._best, self._best_parameters = merit, score, parameters

    def _report(
        self,
        under_way: int,
        seconds: float,
        compiled: str = "",
        stuck: str = "",
        paused: bool = False,
    ) -> None:
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
                    compiled,
                    stuck,
                    known=self.known,
                    paused=paused,
                    done=self._done,
                    failed=self._failed,
                    pruned=self._pruned,
                    errors=tuple(self._errors),
                )
            )

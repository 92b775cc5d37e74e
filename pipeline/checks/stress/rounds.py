"""Interleaved repeats: every case once per round, so that a noisy moment meets all of them."""

import statistics
from collections.abc import Callable, Iterable, Sequence

from pipeline.checks.stress.result import Point, Shares, Spread
from pipeline.checks.stress.rig import Case, Measured, Rig
from pipeline.errors import RingtapeError, text_of

#: Is told each run that is over.
Tell = Callable[[Measured], None]


class Rounds:
    """Runs cases of a rig as fast as they go, and keeps what each run has shown."""

    def __init__(self, rig: Rig, tell: Tell = lambda measured: None) -> None:
        self._rig = rig
        self._tell = tell
        self._runs: dict[Case, list[Measured]] = {}
        self._left_out: dict[str, None] = {}

    def run(self, cases: Iterable[Case], rounds: int) -> None:
        """Run every case ``rounds`` times more, in turn."""
        for _ in range(rounds):
            for case in dict.fromkeys(cases):
                self._run(case)

    def try_out(self, cases: Iterable[Case], rounds: int) -> list[Case]:
        """Do the same; leave out the cases that cannot be run, and return the others.

        A ring may have no room for a case, and a strategy no use for fewer symbols.
        """
        left = list(dict.fromkeys(cases))
        for _ in range(rounds):
            for case in tuple(left):
                try:
                    self._run(case)
                except RingtapeError as error:
                    self.leave_out(case, error)
                    left.remove(case)
        return left

    def leave_out(self, case: Case, error: RingtapeError) -> None:
        """Note that a case cannot be run, and why."""
        self._runs.pop(case, None)
        streams = "+".join(case.streams)
        name = f"{case.setting}, {case.symbols} symbols, {case.lanes} lanes, {streams}"
        self._left_out[f"{name}: {text_of(error)}"] = None

    def _run(self, case: Case) -> None:
        measured = self._rig.run(case)
        self._runs.setdefault(case, []).append(measured)
        self._tell(measured)

    def left_out(self) -> tuple[str, ...]:
        """Return the cases that were left out, each with the reason, in words."""
        return tuple(self._left_out)

    def rates(self, case: Case) -> list[float]:
        """Return the bars per second of each of a case's runs."""
        return [run.bars_per_second for run in self._runs[case]]

    def median(self, case: Case) -> float:
        """Return the median of a case's bars per second."""
        return statistics.median(self.rates(case))

    def best(self, cases: Iterable[Case]) -> list[Case]:
        """Return cases by falling median; equally fast ones with fewer processes first."""
        return sorted(
            dict.fromkeys(cases),
            key=lambda case: (-self.median(case), case.setting.processors + case.setting.engines),
        )

    def points(self) -> tuple[Point, ...]:
        """Return a point for each case, in the order in which they were first run."""
        return tuple(_point(runs) for runs in self._runs.values())


def _point(runs: Sequence[Measured]) -> Point:
    """Return what repeats of one case have shown."""
    middle = sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]
    return Point(
        setting=middle.case.setting,
        load=middle.load,
        bars_per_second=Spread.of([run.bars_per_second for run in runs]),
        evaluations_per_second=Spread.of([run.evaluations_per_second for run in runs]),
        peak_bytes=max(run.peak_bytes for run in runs),
        stages={
            stage: Shares(busy=one.busy, starved=one.starved, blocked=one.blocked)
            for stage, one in middle.verdict.stages.items()
        },
        verdict=middle.verdict.said,
    )

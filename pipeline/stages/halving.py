"""Successive halving: at the end of certain sessions, the rungs, the worst lanes are ended.

    board      f8[rungs, lanes]   NaN until written           the engine that has the lane
    turn i-j   tokens from engine i to engine j, one at each rung

A slot ends at the end of a rung's last session. There every engine writes the scores of its lanes
into the rung's row, gives each other engine a token and takes one from each. A token orders the
scores that were written before it. So all engines see the same whole row and choose the same
survivors, however the lanes are divided. A row is written once: no engine waits for readers.
"""

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from pipeline.results.statistics import lane_statistics, shows_ruin
from pipeline.results.year import Year
from shm.closing import Closing
from shm.control import ControlPage
from shm.gate import Gate
from shm.layout import Field, Layout
from shm.segment import Segment


@dataclass(frozen=True)
class HalvingPlan:
    """When lanes are compared, by which figure, and how many go on."""

    #: For each rung, the number of sessions that have closed by then; ascending.
    rungs: tuple[int, ...]
    #: The figure by which lanes are compared, which equity at the sessions' closes must give. It
    #: begins with "-" if less is better.
    score: str
    #: The share of the lanes left that goes on, rounded up to whole lanes.
    keep: float
    #: The year of the run, to which the figure is scaled.
    year: Year


class Scoreboard(Closing):
    """The board and the turns of a run; the creator removes their names in `close()` or `with`.

    Raises all that `Segment.create` and a Gate raise.
    """

    def __init__(
        self, run_id: str, rungs: int, lanes: int, engines: Sequence[str], control: ControlPage
    ) -> None:
        self._owned = ExitStack()
        self._size = rungs, lanes
        self._engines = tuple(engines)
        try:
            self._name = self._make_board(run_id)
            self._turns = {
                (one, other): self._owned.enter_context(
                    Gate(run_id, f"s{i}_{j}", producer=one, consumer=other, control=control)
                )
                for i, one in enumerate(engines)
                for j, other in enumerate(engines)
                if i != j
            }
        except BaseException:
            self._owned.close()
            raise

    def _make_board(self, run_id: str) -> str:
        layout = _layout(*self._size)
        segment = Segment.create(run_id, "scores", layout.size, layout_hash=layout.hash)
        self._owned.callback(segment.close)
        layout.views(segment.payload)["scores"][:] = math.nan
        segment.mark_ready()
        return segment.name

    def side(self, engine: str) -> "BoardSide":
        """Return the side of an engine, which passes to a child in the arguments of a Process."""
        others = [other for other in self._engines if other != engine]
        return BoardSide(
            self._name,
            self._size,
            [self._turns[other, engine] for other in others],
            [self._turns[engine, other] for other in others],
        )

    def close(self) -> None:
        """Remove the names and let go of the memory. Closing again does nothing."""
        self._owned.close()


@dataclass(frozen=True)
class BoardSide:
    """One engine's side of a Scoreboard."""

    #: The name of the board's segment.
    name: str
    #: The numbers of rungs and of lanes.
    size: tuple[int, int]
    #: The turns from the other engines to this one.
    incoming: Sequence[Gate]
    #: The turns from this engine to the others.
    outgoing: Sequence[Gate]


class Halving:
    """An engine's part in the comparison, until it leaves or its process ends."""

    def __init__(self, plan: HalvingPlan, side: BoardSide) -> None:
        self.plan = plan
        self._side = side
        self._segment = Segment.attach(side.name)
        layout = _layout(*side.size)
        self._segment.check_layout(layout)
        self._waited = 0
        self._scores: npt.NDArray[np.float64] = layout.views(self._segment.payload)["scores"]

    def rung(self, sessions: int) -> int | None:
        """Return the number of the rung after so many closed sessions; None if there is none."""
        rungs = self.plan.rungs
        return rungs.index(sessions) if sessions in rungs else None

    def survivors(self, rung: int, scores: Mapping[int, float]) -> set[int]:
        """Return the lanes of all engines that go on; ``scores``: of this engine's lanes.

        Waits for the other engines. Raises all that a wait at a gate raises.
        """
        row = self._scores[rung]
        for lane, score in scores.items():
            row[lane] = score
        for turn in self._side.outgoing:
            turn.signal_ready()
        began = time.monotonic_ns()
        for turn in self._side.incoming:
            turn.wait_until_ready()
        self._waited += time.monotonic_ns() - began
        return best_of(row, self.plan.keep)

    def take_waited(self) -> int:
        """Return the ns for which it waited for the other engines since the last call."""
        waited, self._waited = self._waited, 0
        return waited

    def leave(self) -> None:
        """Let go of the board's memory."""
        del self._scores
        self._segment.close()

    @classmethod
    def join(cls, plan: HalvingPlan | None, side: BoardSide | None) -> Self | None:
        """Take part in the comparison; None without a plan or without a board."""
        return None if plan is None or side is None else cls(plan, side)


def best_of(scores: npt.NDArray[np.float64], keep: float) -> set[int]:
    """Return the share ``keep`` of lanes with the highest scores, at least one lane.

    ``scores``: float64[lanes], NaN for lanes that have ended. Of lanes with equal scores, those
    with lower numbers come first.
    """
    left = np.flatnonzero(~np.isnan(scores))
    count = max(1, math.ceil(keep * len(left)))
    order = np.lexsort((left, -scores[left]))
    return set(left[order[:count]].tolist())


def score_of(
    plan: HalvingPlan,
    initial: float,
    closes: npt.NDArray[np.float64],
    dates: npt.NDArray[np.int64],
    drawdown: float,
) -> float:
    """Return a lane's score so far: more is better.

    It is -inf if the figure is not defined, and of a ruined account.

    The other arguments are those of `lane_statistics`. All lanes have equally many sessions, so
    they are compared by what these few would be in a year.
    """
    figures = lane_statistics(initial, closes, dates, plan.year, drawdown, extrapolate=True)
    value = figures[plan.score.removeprefix("-")]
    if math.isnan(value) or shows_ruin(figures["max_drawdown"]):
        return -math.inf
    return -value if plan.score.startswith("-") else value


def rungs_of(count: int, sessions: int) -> tuple[int, ...]:
    """Return up to ``count`` rungs, evenly spaced over a run's sessions, none at its end."""
    places = {round(sessions * place / (count + 1)) for place in range(1, count + 1)}
    return tuple(sorted(place for place in places if 0 < place < sessions))


def _layout(rungs: int, lanes: int) -> Layout:
    return Layout([Field("scores", np.float64, (rungs, lanes))])

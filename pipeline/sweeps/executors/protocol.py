"""The protocol of an executor, which runs the passes of a sweep.

In a pass the market streams by once, and every lane of the pass sees it. The conduct of a sweep
decides which lanes a pass has, and runs lanes again that did not finish. The executor decides on
which machine the processes of a pass run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from pipeline.lane.facts import LaneFacts
from pipeline.runner.lanes import Lanes
from pipeline.runner.preparation import Division
from pipeline.stages.facts import TapeFacts
from pipeline.stages.stage_times import MemberTime

#: Is called about ten times a second during a pass, with the base bars that each engine has walked
#: so far and with the name of the code that processes compile, such as "the lane loop (2 of 5)"; ""
#: if they compile none, with the hook that does not return, "" for none, and with whether somebody
#: has paused the sweep.
PassReport: TypeAlias = Callable[[Sequence[int], str, str, bool], None]


@dataclass(frozen=True)
class PassOutcome:
    """How the lanes of a pass ended; a lane is named by its number in the pass.

    Every lane of the pass is in exactly one of the first four fields.
    """

    #: Facts of the lanes that were walked to the end, or to the rung that ended them.
    finished: Mapping[int, LaneFacts]
    #: Error of each lane that failed by itself: its strategy raised, or it took too long. It would
    #: fail again.
    lost: Mapping[int, str]
    #: Error of each engine that died, by the lane that it was working on. That lane may be the
    #: cause.
    suspects: Mapping[int, str]
    #: Lanes of an engine that died while it worked on another lane, or on none. They can run again.
    unfinished: Sequence[int]
    #: Facts of the coordinator; None if it had to stop early.
    tape: TapeFacts | None
    #: Seconds from the start of the tape to the last result; 0.0 if there is no result.
    seconds: float
    #: Error of the last engine that died while it worked on no lane; "" if none did.
    died: str = ""
    #: What each process did with its time.
    times: Sequence[MemberTime] = ()
    #: Slots that the tape had.
    slots: int = 0


class Executor(Protocol):
    """Runs passes one after the other, each with at most ``engines`` engines."""

    @property
    def engines(self) -> int:
        """How many engines can share the lanes of a pass."""
        ...

    @property
    def allowed_bytes(self) -> int:
        """How many bytes a pass may take."""
        ...

    def bytes_needed(self, lanes: Lanes) -> int:
        """Return about how many bytes a pass of these lanes takes, without its programs."""
        ...

    def run_pass(self, lanes: Lanes, division: Division, report: PassReport) -> PassOutcome:
        """Stream the market by these lanes; each share of the division is one engine's.

        If the coordinator or a processor fails, its error is raised, or RunError that names it,
        because no lane can go on without it. An engine that fails takes only its own lanes with it,
        unless lanes are compared with each other.
        """
        ...

"""What the processes of a run send home when they are done: one message each, through its pipe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import psutil

from pipeline.lane.facts import LaneFacts
from pipeline.market.time.query_cache import CacheStatistics


class MemorySizes(NamedTuple):
    """The memory of a process, in bytes."""

    #: What it has to itself.
    unique: int
    #: What it shares with other processes.
    shared: int

    @classmethod
    def of_this_process(cls) -> "MemorySizes":
        """Return the sizes as they are now.

        A process asks at its end: one that runs for seconds is hardly looked at from outside while
        it has the most.
        """
        sizes = psutil.Process().memory_full_info()
        return cls(sizes.uss, sizes.rss - sizes.uss)


@dataclass(frozen=True, slots=True)
class TapeFacts:
    """What the coordinator sends home."""

    #: When the first slot was begun, in ns of the monotonic clock.
    started_ns: int
    #: Base bars on the tape, of each symbol in configuration order.
    present: tuple[int, ...]
    #: Base bars that the calendar expects of each symbol.
    expected: int
    #: Base bars of the catalog that lie outside all sessions, of all symbols.
    outside: int
    #: How many sessions were replayed.
    sessions: int
    #: Date of the first session, such as "2024-11-25".
    first_session: str
    #: Date of the last session.
    last_session: str
    #: What the calendar was asked while the tape was filled.
    calendar: CacheStatistics
    memory: MemorySizes

    @property
    def bars(self) -> int:
        """Base bars on the tape, of all symbols."""
        return sum(self.present)


@dataclass(frozen=True, slots=True)
class ProcessorFacts:
    """What a data processor sends home."""

    memory: MemorySizes


@dataclass(frozen=True, slots=True, eq=False)
class EngineFacts:
    """What an analysis engine sends home."""

    #: Of each lane that was not lost, in no order, what makes its `LaneFacts` but the dates. A lane
    #: that a rung has ended has them as they were then, with ``sessions`` fewer than all.
    lanes: Sequence[dict[str, Any]]
    #: Why each lane was lost, by its number.
    lost: Mapping[int, str]
    #: Dates of the sessions that have closed, ns: int64[sessions].
    session_dates: npt.NDArray[np.int64]
    #: When the last result was recorded, in ns of the monotonic clock.
    finished_ns: int
    memory: MemorySizes

    def dated_lanes(self) -> list[LaneFacts]:
        """Return the facts of each lane, with the ``session_dates`` of the sessions it has seen."""
        return [
            LaneFacts(**lane, session_dates=self.session_dates[: lane["sessions"]])
            for lane in self.lanes
        ]


MemberFacts: TypeAlias = TapeFacts | ProcessorFacts | EngineFacts


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What all members of a run have sent home; None in place of one that ended before it could."""

    tape: TapeFacts | None
    processors: Sequence[ProcessorFacts | None]
    engines: Sequence[EngineFacts | None]

    @property
    def members(self) -> tuple[MemberFacts | None, ...]:
        """The facts in the order of the crew's roles."""
        return (self.tape, *self.processors, *self.engines)

    @property
    def finished_ns(self) -> int | None:
        """When the last engine had recorded its last result; None if no engine has."""
        return max((one.finished_ns for one in self.engines if one is not None), default=None)

    def lanes(self) -> list[LaneFacts]:
        """Return the facts of all lanes in the lanes' order."""
        found = [lane for one in self.engines if one is not None for lane in one.dated_lanes()]
        return sorted(found, key=lambda lane: lane.lane)

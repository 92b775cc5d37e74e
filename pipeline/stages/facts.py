"""What the processes of a run send home when they are done: one message each, through its pipe."""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import psutil

from pipeline.lane.facts import LaneFacts
from pipeline.market.time.query_cache import CacheStatistics
from pipeline.results.tally import LaneRecord
from pipeline.tape.market_facts import MarketFacts


class MemorySizes(NamedTuple):
    """The memory of a process, in bytes."""

    #: The part that no other process has.
    unique: int
    #: The part that it shares with other processes, such as the ring.
    shared: int

    @classmethod
    def of_this_process(cls) -> "MemorySizes":
        """Return the sizes as they are now.

        A process asks at its own end: a look from outside would miss the most that a process of
        few seconds had.
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
    #: How many sessions were replayed.
    sessions: int
    #: Date of the first session, such as "2024-11-25".
    first_session: str
    #: Date of the last session.
    last_session: str
    #: What the calendar was asked while the tape was filled.
    calendar: CacheStatistics
    memory: MemorySizes
    market: MarketFacts = field(default_factory=MarketFacts)
    #: Commands from outside that it has obeyed, and the ns for which it stood still.
    commands: int = 0
    stood_ns: int = 0

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

    #: Facts of each lane that was not lost, in no order. Those of a lane that a rung has ended are
    #: as they were then, with ``sessions`` fewer than all.
    lanes: Sequence[LaneFacts]
    #: Error of each lane that was lost, by the lane's number.
    lost: Mapping[int, str]
    #: When the last result was recorded, in ns of the monotonic clock.
    finished_ns: int
    memory: MemorySizes

    def __reduce__(self) -> tuple[Any, ...]:
        """Let the lanes travel as columns: as objects they would take ten times as long."""
        return _arrived, (_columns(self.lanes), self.lost, self.finished_ns, self.memory)


def _columns(lanes: Sequence[LaneFacts]) -> tuple[Any, ...]:
    """Return the facts of lanes by column, and the equities of all in one array.

    Lanes that have the same dates share them, which then travel once.
    """
    columns = dict(zip(LaneFacts._fields, zip(*lanes, strict=True), strict=False))
    equities = columns.pop("session_equity", ())
    records = list(zip(*columns.pop("record", ()), strict=True))
    joined = np.concatenate(equities) if equities else np.zeros(0)
    return columns, records, [len(one) for one in equities], joined


def _arrived(
    sent: tuple[Any, ...], lost: Mapping[int, str], finished_ns: int, memory: MemorySizes
) -> EngineFacts:
    """Return the facts of an engine whose lanes have travelled as `_columns`."""
    columns, records, lengths, joined = sent
    lanes: list[LaneFacts] = []
    if columns:
        columns["session_equity"] = np.split(joined, np.cumsum(lengths)[:-1])
        columns["record"] = map(LaneRecord._make, zip(*records, strict=True))
        rows = zip(*(columns[name] for name in LaneFacts._fields), strict=True)
        lanes = list(map(LaneFacts._make, rows))
    return EngineFacts(lanes, lost, finished_ns, memory)


MemberFacts: TypeAlias = TapeFacts | ProcessorFacts | EngineFacts


def send_facts(pipe: Any, facts: MemberFacts) -> None:
    """Send facts through a pipe of `multiprocess`, to be received by `receive_facts`.

    They are pickled by Python's own pickler. That of the pipe can pickle more, is written in
    Python, and takes several times as long.
    """
    pipe.send_bytes(pickle.dumps(facts, pickle.HIGHEST_PROTOCOL))


def receive_facts(pipe: Any) -> MemberFacts:
    """Receive what `send_facts` has sent. Raises EOFError if the sender has closed the pipe."""
    facts: MemberFacts = pickle.loads(pipe.recv_bytes())  # noqa: S301 - from our own process
    return facts


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
        found = [lane for one in self.engines if one is not None for lane in one.lanes]
        return sorted(found, key=lambda lane: lane.lane)

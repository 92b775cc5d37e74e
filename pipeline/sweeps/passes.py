"""One pass: the market streams by once, and every lane of the pass sees it.

What becomes of a lane in a pass:

    finished    walked to the end, or to the rung that ended it
    lost        its strategy raised, or it took too long: it will do so again
    suspect     was at work when its engine died: it may be what the engine died of
    unfinished  was of an engine that died while another lane was at work: run it again
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.config.session import SessionConfig
from pipeline.lane.facts import LaneFacts
from pipeline.runner.crew import Crew
from pipeline.runner.lanes import Lanes
from pipeline.runner.preparation import Division, Preparation, shape_of, work_of
from pipeline.stages.facts import RunFacts, TapeFacts
from pipeline.sweeps.memory import TreeMemory
from pipeline.tape.slot import SlotShape
from shm.control import NO_TASK, MemberSnapshot
from shm.stats import StatsBlock

#: How long a lane may be at one slot before its engine is taken for stuck, unless lanes have a
#: limit of their own.
_STUCK_SECONDS = 60.0
#: What a slot may take, and the fewest rows of all symbols that it is cut down to for that.
_SLOT_BYTES, _FEWEST_ROWS = 16 << 20, 8_192
#: What a lane takes beside its symbols and sessions (15 kB in its engine, measured, the rest for
#: what it comes to), and what each symbol adds.
_LANE_BYTES, _SYMBOL_BYTES = 40_000, 600


@dataclass(frozen=True)
class PassOutcome:
    """What became of the lanes of a pass, by their numbers in it.

    ``lost``, ``suspects``: why; ``tape``: the
    coordinator's facts, None if it had to stop early; ``seconds``: from the start of the tape to
    the last result.
    """

    finished: Mapping[int, LaneFacts]
    lost: Mapping[int, str]
    suspects: Mapping[int, str]
    unfinished: Sequence[int]
    tape: TapeFacts | None
    seconds: float


def slot_shape(settings: SessionConfig, lanes: Lanes, allowed: int) -> SlotShape:
    """Return the shape of the slots of a pass that may take so many bytes.

    They are shorter than usual where thousands of columns make them wide, or memory is scarce:
    the ring gets half of it. Results do not depend on it.
    """
    shape = shape_of(settings, lanes)
    most = min(_SLOT_BYTES, allowed // (2 * settings.pipeline.slots))
    if settings.pipeline.slot_rows is not None or shape.layout.size <= most:
        return shape
    fewest = max(1, _FEWEST_ROWS // len(shape.symbols))
    rows = max(fewest, int(shape.rows * most / shape.layout.size))
    return shape_of(settings, lanes, min(rows, shape.rows))


def memory_needed(settings: SessionConfig, lanes: Lanes, sessions: int, allowed: int) -> int:
    """Return about how many bytes a pass takes if it may take ``allowed``, its programs apart."""
    shape = slot_shape(settings, lanes, allowed)
    lane = _LANE_BYTES + _SYMBOL_BYTES * len(shape.symbols) + 8 * sessions
    return shape.layout.size * settings.pipeline.slots + lane * len(lanes.specs)


def run_pass(
    context: Any,
    preparation: Preparation,
    lanes: Lanes,
    division: Division,
    allowed: int,
    memory: TreeMemory,
    tick: Callable[[StatsBlock], None],
) -> PassOutcome:
    """Stream the market by these lanes; ``allowed``: as for `slot_shape`.

    Raises what `Crew.watch` raises where the pass cannot go on: its coordinator or a processor
    ended. An engine that ends takes only its own lanes with it, unless lanes are compared.
    """
    settings = preparation.settings
    shape = slot_shape(settings, lanes, allowed)
    halving = division.halving
    # A run of one session has no rung, and nobody to wait for.
    board = (len(halving.rungs), len(lanes.specs)) if halving and halving.rungs else None
    crew = Crew(
        context,
        work_of(preparation, lanes, shape, division),
        slots=settings.pipeline.slots,
        slot_size=shape.layout.size,
        mode="data",
        board=board,
    )
    guard = _Guard(crew, division)
    with crew:
        crew.start()

        def watch(stats: StatsBlock) -> None:
            guard.end_stuck()
            memory.sample()
            tick(stats)

        facts = crew.watch(watch, guard.lose)
        memory.ended(
            {
                member.pid: one.memory
                for member, one in zip(crew.members(), facts.members, strict=True)
                if one is not None
            }
        )
        memory.sample(now=True)
    return guard.outcome(facts)


class _Guard:
    """Ends engines that are stuck, and keeps account of the lanes of those that die."""

    def __init__(self, crew: Crew, division: Division) -> None:
        self._crew = crew
        self._limit = division.limit or round(_STUCK_SECONDS * 1e9)
        self._comparing = division.halving is not None
        self._shares = dict(zip(crew.engines, division.shares, strict=True))
        self._alive = set(crew.engines)
        self._suspects: dict[int, str] = {}
        self._stuck: dict[str, str] = {}
        self._unfinished: list[int] = []

    def end_stuck(self) -> None:
        """Kill the engines whose lane does not come back."""
        now = time.monotonic_ns()
        for member in self._crew.members():
            if member.role not in self._alive or member.task == NO_TASK:
                continue
            if now - member.since_ns > self._limit:
                seconds = self._limit * 1e-9
                self._stuck[member.role] = f"did not come back within {seconds:g} s"
                self._alive.discard(member.role)
                self._crew.kill(member.role)

    def lose(self, member: MemberSnapshot, why: str) -> bool:
        """Note what an engine was at work on when it ended; whether the others go on.

        They do not where lanes are compared: their survivors would not be those of all lanes.
        """
        self._alive.discard(member.role)
        numbers = set(self._shares[member.role])
        if member.task in numbers:
            self._suspects[member.task] = self._stuck.get(member.role, why)
            numbers.discard(member.task)
        self._unfinished += sorted(numbers)
        if self._comparing:
            for role, others in self._shares.items():
                self._unfinished += [] if role == member.role else others
        return not self._comparing

    def outcome(self, facts: RunFacts) -> PassOutcome:
        """Sum up what the members found."""
        finished: dict[int, LaneFacts] = {}
        lost: dict[int, str] = {}
        for engine in facts.engines:
            if engine is not None:
                finished |= {lane.lane: lane for lane in engine.dated_lanes()}
                lost |= engine.lost
        tape, end = facts.tape, facts.finished_ns
        seconds = 0.0 if tape is None or end is None else (end - tape.started_ns) * 1e-9
        return PassOutcome(finished, lost, self._suspects, self._unfinished, tape, seconds)

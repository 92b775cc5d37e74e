"""Watches the engines of a pass: kills those that are stuck, and notes the lanes of those that die.

A lane counts as stuck when it works at one slot for longer than its limit.
"""

import time
from collections.abc import Sequence

from pipeline.runner.crew import Crew
from pipeline.runner.preparation import Division
from pipeline.stages.facts import RunFacts
from pipeline.sweeps.executors.protocol import PassOutcome
from shm.control import NO_TASK, MemberSnapshot

#: How long a lane may work at one slot where the configuration sets no limit for lanes.
_STUCK_SECONDS = 60.0


class Guard:
    """Decides over engines that are stuck or have died, and sums up the pass."""

    def __init__(self, crew: Crew, division: Division) -> None:
        self._crew = crew
        self._limit = division.limit or round(_STUCK_SECONDS * 1e9)
        self._comparing = division.halving is not None
        self._shares = dict(zip(crew.engines, division.shares, strict=True))
        self._alive = set(crew.engines)
        self._suspects: dict[int, str] = {}
        self._stuck: dict[str, str] = {}
        self._unfinished: list[int] = []
        self._died = ""

    def alive(self, members: Sequence[MemberSnapshot]) -> list[MemberSnapshot]:
        """Return the cells of the members that have not ended early."""
        ended = {role for role in self._crew.engines if role not in self._alive}
        return [member for member in members if member.role not in ended]

    def end_stuck(self) -> None:
        """Kill every engine that has worked on one lane for longer than the limit."""
        now = time.monotonic_ns()
        for member in self._crew.members():
            if member.role not in self._alive or member.task == NO_TASK:
                continue
            if now - member.since_ns > self._limit:
                seconds = self._limit * 1e-9
                hook = f"{member.stuck} " if member.stuck else ""
                self._stuck[member.role] = f"{hook}did not come back within {seconds:g} s"
                self._alive.discard(member.role)
                self._crew.kill(member.role)

    def lose(self, member: MemberSnapshot, why: str) -> bool:
        """Note the lanes of an engine that has ended; return whether the other engines go on.

        They do not go on where lanes are compared: the survivors would not be those of all lanes.
        """
        self._alive.discard(member.role)
        numbers = set(self._shares[member.role])
        if member.task in numbers:
            self._suspects[member.task] = self._stuck.get(member.role, why)
            numbers.discard(member.task)
        else:
            self._died = why
        self._unfinished += sorted(numbers)
        if self._comparing:
            for role, others in self._shares.items():
                self._unfinished += [] if role == member.role else others
        return not self._comparing

    def outcome(self, facts: RunFacts) -> PassOutcome:
        """Return how the lanes ended, by the facts of the members and the lost engines."""
        finished = {lane.lane: lane for lane in facts.lanes()}
        lost: dict[int, str] = {}
        for engine in facts.engines:
            if engine is not None:
                lost |= engine.lost
        unfinished = [number for number in self._unfinished if number not in finished]
        tape, end = facts.tape, facts.finished_ns
        seconds = 0.0 if tape is None or end is None else (end - tape.started_ns) * 1e-9
        return PassOutcome(finished, lost, self._suspects, unfinished, tape, seconds, self._died)

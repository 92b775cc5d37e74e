"""What each process of a run did with its wall time, by stage: read from its time account."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pipeline.stages.metrics import MACHINE_TIME, TIME_ACCOUNT
from shm.stats import StatsBlock

Stage = Literal["decode", "derive", "engine"]

#: The stages in the order in which a slot passes them, and the role of each one's processes.
STAGES: Final[Mapping[Stage, str]] = {
    "decode": "coordinator",
    "derive": "processor",
    "engine": "engine",
}


@dataclass(frozen=True, slots=True)
class MemberTime:
    """The time account of one process, in seconds (`time_account` says what each part is)."""

    #: The process's role, such as "engine 0".
    name: str
    busy: float
    starved: float
    blocked: float
    #: Processor time.
    processor: float
    #: Of the coordinator: that of all programs meanwhile (`metrics.MACHINE_TIME`).
    machine: float = 0.0

    @property
    def wall(self) -> float:
        """All of its time."""
        return self.busy + self.starved + self.blocked

    @property
    def stage(self) -> Stage:
        """The stage that it belongs to."""
        role = self.name.partition(" ")[0]
        return next(stage for stage, of in STAGES.items() if of == role)


def member_times(stats: StatsBlock) -> tuple[MemberTime, ...]:
    """Return what each process of a run did with its time until now."""
    return tuple(
        MemberTime(name, busy / 1e9, starved / 1e9, blocked / 1e9, processor / 1e9, machine / 1e9)
        for name, counters in stats.counters().items()
        if counters.keys() >= set(TIME_ACCOUNT)
        for busy, starved, blocked, processor in [[counters[part] for part in TIME_ACCOUNT]]
        for machine in [counters.get(MACHINE_TIME, 0)]
    )


def add_times(parts: Iterable[Iterable[MemberTime]]) -> tuple[MemberTime, ...]:
    """Add up the times of processes of the same name, as those of the passes of a sweep."""
    total: dict[str, MemberTime] = {}
    for one in (one for part in parts for one in part):
        before = total.get(one.name, MemberTime(one.name, 0.0, 0.0, 0.0, 0.0))
        total[one.name] = MemberTime(
            one.name,
            before.busy + one.busy,
            before.starved + one.starved,
            before.blocked + one.blocked,
            before.processor + one.processor,
            before.machine + one.machine,
        )
    return tuple(total.values())

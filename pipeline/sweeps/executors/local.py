"""Runs passes on this machine, each in a crew of processes of its own."""

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from pipeline.runner.crew import Crew
from pipeline.runner.fitting_ring import fewest_slots
from pipeline.runner.held_up import end_held_up
from pipeline.runner.lanes import Lanes
from pipeline.runner.preparation import Division, Preparation, work_of
from pipeline.runner.progress import stuck_words
from pipeline.runner.steered import stands_still
from pipeline.stages import compiling
from pipeline.stages.stage_times import member_times
from pipeline.sweeps.executors.guard import Guard
from pipeline.sweeps.executors.memory import TreeMemory
from pipeline.sweeps.executors.pass_size import allowed_memory, memory_needed, slot_shape
from pipeline.sweeps.executors.protocol import PassOutcome, PassReport
from pipeline.sweeps.status import SweepStatus
from shm.command import CommandPage
from shm.stats import StatsBlock


class LocalExecutor:
    """The executor of this machine (`executors.protocol.Executor` says what each method does).

    ``context`` starts the processes (`runner.starting.start_context`). A pass may take ``memory``
    GiB; None stands for most of the memory that is free when the executor is made.
    """

    def __init__(
        self, context: Any, preparation: Preparation, engines: int, memory: float | None
    ) -> None:
        self.engines = engines
        self.allowed_bytes = allowed_memory(memory)
        #: The page by which the sweep is steered; None if each crew is to have its own.
        self.command: CommandPage | None = None
        #: What tells onlookers of the passes; None for nobody.
        self.status: SweepStatus | None = None
        self._context = context
        self._preparation = preparation
        self._memory = TreeMemory()

    @property
    def peak_bytes(self) -> int:
        """The most memory that this process and the crews took together so far."""
        return self._memory.peak

    def bytes_needed(self, lanes: Lanes) -> int:
        """Return about how many bytes a pass of these lanes takes, without its programs."""
        sessions = len(self._preparation.sessions)
        return memory_needed(self._preparation.settings, lanes, sessions, self.allowed_bytes)

    def run_pass(self, lanes: Lanes, division: Division, report: PassReport) -> PassOutcome:
        """Stream the market by these lanes; see the protocol."""
        pipeline = self._preparation.settings.pipeline
        shape = slot_shape(self._preparation.settings, lanes, self.allowed_bytes)
        halving = division.halving
        # A run of one session has no rung, so no engine waits for another one.
        board = (len(halving.rungs), len(lanes.specs)) if halving and halving.rungs else None
        crew = Crew(
            self._context,
            work_of(self._preparation, lanes, shape, division),
            slots=pipeline.slots,
            slot_size=shape.layout.size,
            fewest=fewest_slots(self._preparation.settings),
            mode="data",
            board=board,
            title=self._preparation.settings.session_name,
            bars=self._preparation.extent.bars,
            command=self.command,
        )
        guard = Guard(crew, division)

        def tick(stats: StatsBlock) -> None:
            guard.end_stuck()
            self._memory.sample()
            rows = stats.counters()
            walked = [rows[engine]["bars"] for engine in crew.engines]
            members = crew.members()
            end_held_up(members, pipeline.held_up_seconds)
            stuck = stuck_words(guard.alive(members))
            report(walked, compiling.words(members), stuck, stands_still(crew.command))

        shown = nullcontext() if self.status is None else self.status.shown(crew)
        with crew, shown:
            crew.start(tick)
            facts = crew.watch(tick, guard.lose)
            self._memory.end(crew, facts)
            times, slots = member_times(crew.stats), crew.slots_published()
        return replace(guard.outcome(facts), times=times, slots=slots)

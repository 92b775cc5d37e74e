"""The supervisor: creates the shared memory, starts the processes, watches them, and cleans up.

::

    with Crew(...) as crew:           removes segments of dead runs, creates segments and semaphores
        crew.start(tick)              starts coordinator, processors, engines
        facts = crew.watch(tick)      returns RunFacts when all have finished, raises if one failed
                                      at the end of the block: abort, join, kill, unlink
"""

import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self

import psutil

from pipeline.errors import RunError, why_ended
from pipeline.runner.any_ready import any_ready
from pipeline.runner.ended import ended_without, reported_error
from pipeline.runner.fitting_ring import MEMBER_BYTES, make_ring
from pipeline.runner.fork_server import NO_SERVER, let_helpers_go_on, start_process
from pipeline.runner.held_signals import signals_held
from pipeline.runner.stale_folders import remove_stale_folders
from pipeline.runner.starting import starting
from pipeline.runner.steered import end_stopped
from pipeline.stages.facts import MemberFacts, RunFacts, receive_facts
from pipeline.stages.halving import Scoreboard
from pipeline.stages.metrics import metrics_rows
from pipeline.stages.subscription import StreamSubscription
from shm.command import CommandPage
from shm.control import NO_TASK, ControlPage, MemberSnapshot, RunState
from shm.gate import Gate
from shm.names import new_run_id
from shm.ring import Producer, Reader, Ring
from shm.stale import lives, remove_stale
from shm.stats import StatsBlock
from shm.tracking import start_tracker

if TYPE_CHECKING:
    from pipeline.runner.work import Work
    from pipeline.stages.member import Place

#: How long members get to leave by themselves after an abort before they are killed.
_GRACE_SECONDS = 0.7
#: How long an engine gets besides to come to the end of its slot.
_SLOT_SECONDS = 1.5
#: How often `Crew.watch` tells its caller how far the run is.
TICK_SECONDS = 0.1

COORDINATOR = "coordinator"


class Crew:
    """The processes of one run and all that they share; a context manager that frees everything.

    ``context`` starts processes (`starting.start_context`). The ring has ``slots`` slots of
    ``slot_size`` bytes; where shared memory has no room for them fewer, but at least ``fewest``
    (None: as many as ``slots``). In ``mode`` "clock" the tape does not wait for late consumers.
    ``board`` is the number of rungs and of lanes of a scoreboard, if the engines need one.
    Onlookers see the ``title``, what the run is called, and how many ``bars`` it expects (0:
    unknown). Who steers a sweep has one ``command`` page for all of its crews.
    """

    #: Whether each member has a process of its own.
    in_processes = True

    def __init__(
        self,
        context: Any,
        work: "Work",
        *,
        slots: int,
        slot_size: int,
        fewest: int | None = None,
        mode: Literal["data", "clock"],
        board: tuple[int, int] | None = None,
        title: str = "",
        bars: int = 0,
        command: CommandPage | None = None,
    ) -> None:
        self._context = context
        #: The page by which the run is steered; one of its own, once entered, if none was given.
        self.command = command
        self._title, self._bars = title, bars
        self._work = work
        #: The slots of the ring; after the crew has been entered those that it has got.
        self.slots = slots
        self._fewest = slots if fewest is None else fewest
        self._slot_size = slot_size
        self._mode = mode
        self._size_of_board = board
        self._board: Scoreboard | None = None
        self._owned = ExitStack()
        self._processes: list[Any] = []
        self._began: list[int] = []
        self._pipes: dict[Any, int] = {}
        self._facts: dict[int, MemberFacts] = {}
        self._lost: set[int] = set()
        self._edges: list[StreamSubscription] = []
        processors = [f"processor {i}" for i in range(len(work.processing))]
        engines = [f"engine {i}" for i in range(len(work.analysis))]
        self.roles = (COORDINATOR, *processors, *engines)
        self._processors, self.engines = processors, tuple(engines)

    def __enter__(self) -> Self:
        remove_stale()
        remove_stale_folders()
        try:
            with signals_held():
                with starting():
                    start_tracker()
                self._create()
        except BaseException:
            self._owned.__exit__(*sys.exc_info())
            raise
        return self

    def _create(self) -> None:
        own = self._owned.enter_context
        self.run_id = new_run_id()
        page = ControlPage.create(self.run_id, self.roles, title=self._title, bars=self._bars)
        self.control = own(page)
        if self.command is None and self.in_processes:
            self.command = own(CommandPage.create(self.run_id))
        rows = metrics_rows(len(self._processors), len(self.engines))
        self.stats = own(StatsBlock.create(self.run_id, rows))
        ring = make_ring(
            self.run_id, self.slots, self._slot_size, self._fewest, self._memory_of_members()
        )
        self._ring, self.slots = own(ring), ring.slots
        self.control.set_slots(ring.slots)
        #: The same ring as engines have it: no lane can write where all lanes read.
        self._read_only = own(Ring.attach(self._ring.name, writable=False))
        filled = [self._edge(COORDINATOR, p) for p in self._processors]
        derived = {(p, e): self._edge(p, e) for p in self._processors for e in self.engines}
        free = [self._edge(e, COORDINATOR, self.slots) for e in self.engines]
        self._ready = [
            own(
                Gate(
                    self.run_id,
                    f"ready{i}",
                    producer=role,
                    consumer=COORDINATOR,
                    control=self.control,
                )
            )
            for i, role in enumerate(self.roles[1:])
        ]
        if self._size_of_board is not None:
            board = Scoreboard(self.run_id, *self._size_of_board, self.engines, self.control)
            self._board = own(board)
        producer = self._ring.producer(free, filled)
        readers = [
            self._ring.reader([edge], [derived[p, e] for e in self.engines])
            for p, edge in zip(self._processors, filled, strict=True)
        ]
        last = [
            self._read_only.reader([derived[p, e] for p in self._processors], [edge])
            for e, edge in zip(self.engines, free, strict=True)
        ]
        self._stations: list[Producer | Reader] = [producer, *readers, *last]

    def _memory_of_members(self) -> int:
        """Return how many bytes the processes of the members will take beside the ring."""
        return len(self.roles) * MEMBER_BYTES

    def _edge(self, producer: str, consumer: str, initial: int = 0) -> StreamSubscription:
        edge = self._owned.enter_context(
            StreamSubscription.create(
                self.run_id,
                f"e{len(self._edges)}",
                producer=producer,
                consumer=consumer,
                depth=self.slots,
                # The way back to the coordinator always has backpressure, whatever the pace.
                mode="data" if initial else self._mode,
                initial=initial,
                control=self.control,
            )
        )
        self._edges.append(edge)
        return edge

    def start(self, tick: Callable[[StatsBlock], None]) -> None:
        """Start every member; calls ``tick`` about ten times a second where that takes long."""
        from pipeline.stages.member import run_member

        for index, job in enumerate(self._work.jobs):
            receiving, sending = self._context.Pipe(duplex=False)
            process = self._context.Process(
                target=run_member,
                args=(self._place(index, sending), job, self._stations[index]),
                name=f"ringtape {self.roles[index]}",
                daemon=True,
            )
            with starting():
                start_process(process, lambda: tick(self.stats), TICK_SECONDS)
            sending.close()
            self._processes.append(process)
            self._began.append(time.monotonic_ns())
            self._pipes[receiving] = index

    def _place(self, index: int, sending: Any) -> "Place":
        """Return the place of a member; ``sending`` is its end of a pipe, None without a pipe."""
        from pipeline.stages.member import Place

        role = self.roles[index]
        return Place(
            index,
            role,
            self.control,
            self.stats,
            self._read_only if role in self.engines else self._ring,
            tuple(self._ready) if index == 0 else (self._ready[index - 1],),
            sending,
            self._board.side(role) if self._board and role in self.engines else None,
            self.command if index == 0 else None,
        )

    def watch(
        self,
        tick: Callable[[StatsBlock], None],
        lose: Callable[[MemberSnapshot, str], bool] | None = None,
    ) -> RunFacts:
        """Wait until all members have finished, and return the facts that they have sent home.

        Calls ``tick`` about ten times a second. Raises StoppedError if `ringtape control` wants the
        run to end. When a member fails, all others are told to stop,
        and its error is raised; if it has reported none, RunError names it with its exit code or
        signal.

        With ``lose`` the run goes on without an engine that fails. ``lose`` is called with the
        engine's cell of the control page and the reason of its end, and returns whether the run
        goes on. If it does not, or no engine is left, all members stop, and nothing is raised.
        """
        left = True
        while left:
            # Asked before the exit codes are read, so that the last exit code is read, too.
            left = self._processes_left()
            waiting = [p.sentinel for p in self._processes if p.exitcode is None]
            ready = any_ready([*waiting, *self._pipes], TICK_SECONDS if left else 0)
            self._receive(ready)
            for index, process in enumerate(self._processes):
                if process.exitcode is None or index in self._lost or self._is_done(index):
                    continue
                if lose is None or self.roles[index] not in self.engines:
                    self._fail(index)
                self._lose(index, lose)
            self._note_tape()
            if left:
                end_stopped(self.command)
            tick(self.stats)
        self._receive(list(self._pipes))
        self.control.set_state(RunState.DONE)
        return self._all_facts()

    def _all_facts(self) -> RunFacts:
        found: list[Any] = [self._facts.get(index) for index in range(len(self.roles))]
        first = 1 + len(self._processors)
        return RunFacts(found[0], found[1:first], found[first:])

    def _lose(self, index: int, lose: Callable[[MemberSnapshot, str], bool]) -> None:
        """Note that an engine has ended; stop all members if the run does not go on without it."""
        self._lost.add(index)
        self.control.dismiss(self.roles[index])
        member = self.control.members()[index]
        why = (
            str(reported_error(member))
            if member.failed
            else ended_without(self.roles[index], self._processes[index])
        )
        if not lose(member, why) or len(self._lost) == len(self.engines):
            self.control.abort(self.roles[index], why)
            self._join(_GRACE_SECONDS)
            self._lost.update(range(len(self.roles)))

    def kill(self, role: str) -> None:
        """Kill a member, if it has not ended by itself."""
        self._processes[self.roles.index(role)].kill()

    def _processes_left(self) -> bool:
        return any(process.exitcode is None for process in self._processes)

    def _is_done(self, index: int) -> bool:
        """Whether a member was done when it ended, however it ended: it has sent its facts home.

        Without the fork server it is not known that it has ended, so nobody waits for its facts.
        """
        if self._processes[index].exitcode != NO_SERVER:
            self._receive([pipe for pipe, member in self._pipes.items() if member == index])
        return index in self._facts

    def _receive(self, ready: Sequence[Any]) -> None:
        for pipe in [one for one in ready if one in self._pipes]:
            with contextlib.suppress(EOFError):
                self._facts[self._pipes[pipe]] = receive_facts(pipe)
            del self._pipes[pipe]
            pipe.close()

    def _fail(self, index: int) -> NoReturn:
        """Stop all members and raise the error of one that has reported one, or of this one."""
        role = self.roles[index]
        self.control.abort(role, "ended unexpectedly")
        self._join(_GRACE_SECONDS)
        told = [one for one in self.control.members() if one.failed]
        why = ended_without(role, self._processes[index])
        self._end_orphans()
        if told:
            raise reported_error(told[0])
        raise RunError(why)

    def _end_orphans(self) -> None:
        """Wait until members have left that outlive their fork server; kill those that do not.

        There are none if it lives. `multiprocess` does not know when they end.
        """
        pids = [process.pid for process in self._processes if process.exitcode == NO_SERVER]
        for patience in (_GRACE_SECONDS, _GRACE_SECONDS):
            deadline = time.monotonic() + patience
            while (pids := [pid for pid in pids if lives(pid)]) and time.monotonic() < deadline:
                time.sleep(0.01)
            for pid in pids:
                with contextlib.suppress(psutil.NoSuchProcess):
                    psutil.Process(pid).kill()

    def _join(self, seconds: float) -> None:
        """Wait until all members have left by themselves; kill those that do not.

        An engine in the middle of a slot gets longer, because its rows are lost if it is killed.
        """
        let_helpers_go_on()
        deadline = time.monotonic() + seconds
        for process in self._processes:
            process.join(max(0.0, deadline - time.monotonic()))
        last = time.monotonic() + _SLOT_SECONDS
        for index, process in enumerate(self._processes):
            if self._walks(index):
                while self._walks(index) and time.monotonic() < last:
                    process.join(TICK_SECONDS)
                process.join(_GRACE_SECONDS)
        for process in self._processes:
            if process.exitcode is None:
                process.kill()
                process.join()

    def _walks(self, index: int) -> bool:
        """Whether a member is at work on a slot, in which it is not known to be stuck."""
        member = self.control.members()[index]
        at_work = member.task != NO_TASK and not member.stuck and self.tape_began()
        return at_work and self._processes[index].exitcode is None

    def overruns(self) -> list[dict[str, Any]]:
        """Return how often and by how much each edge of a clock-driven run was late."""
        paced = [edge.statistics() for edge in self._edges if edge.mode != "data"]
        return [
            {
                "producer": edge.producer,
                "consumer": edge.consumer,
                "overruns": edge.overruns,
                "seconds": edge.overrun_seconds,
                "max_seconds": edge.max_overrun_seconds,
            }
            for edge in paced
        ]

    def slots_published(self) -> int:
        """Return how many slots were published until now."""
        return self.stats.counters()[COORDINATOR]["slots"]

    def members(self) -> tuple[MemberSnapshot, ...]:
        """Return the members' cells of the control page.

        One that was started, but has not written into its cell yet, has its number and its start as
        its last sign of life.
        """
        cells = list(self.control.members())
        for index, (process, began) in enumerate(zip(self._processes, self._began, strict=True)):
            if not cells[index].pid:
                cells[index] = replace(cells[index], pid=process.pid, heartbeat_ns=began)
        return tuple(cells)

    def _note_tape(self) -> None:
        """Tell onlookers that the run is under way, once it is."""
        if self.control.state is RunState.STARTING and self.tape_began():
            self.control.set_state(RunState.RUNNING)

    def tape_began(self) -> bool:
        """Whether a slot was published."""
        return self.slots_published() > 0

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._processes_left():
                self.control.abort("supervisor", why_ended(error) if error else "stopped")
            self._join(_GRACE_SECONDS)
            if kind is not None:
                self.control.set_state(RunState.FAILED)
            for pipe in self._pipes:
                pipe.close()
        finally:
            self._owned.__exit__(kind, error, trace)

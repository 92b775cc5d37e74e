"""The analysis engine: walks finished slots with each of its lanes and records what they do."""

import time
from array import array
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.errors import RunError, StrategyError
from pipeline.lane.facts import LaneFacts
from pipeline.lane.kind import LaneKind
from pipeline.lane.lane import Lane
from pipeline.lane.outbox import Outbox
from pipeline.lane.shared_values import SharedValues
from pipeline.lane.slot_view import SlotView
from pipeline.lane.spec import LaneSpec, Terms
from pipeline.results.recorder import Recorder
from pipeline.results.tally import Tallies
from pipeline.stages.facts import EngineFacts, MemorySizes
from pipeline.stages.halving import Halving, score_of
from pipeline.tape.schedule import Schedule
from pipeline.tape.slot import Slot, SlotShape

_NO_TIMES = np.zeros(0, np.int64)
_NO_VALUES = np.zeros(0)
#: Time that a lane is granted to compile its strategy, beyond its limit.
_COMPILING_NS = 300_000_000_000


#: The recorder of an engine's results: Tallies if no tables are wanted.
Records = Recorder | Tallies


@dataclass
class _Running:
    """A lane that has not ended, and what the engine counts of it."""

    lane: Lane
    #: Indices of the symbols that it trades; empty for all.
    universe: tuple[int, ...]
    #: Processor time that it took so far, in ns.
    spent: int = 0
    #: Base bars that it has seen.
    bars: int = 0
    #: Its equity at the close of each session.
    equity: "array[float]" = field(default_factory=lambda: array("d"))


class Engine:
    """Runs the lanes ``specs`` over the tape, and records their fills, orders and equity.

    ``records`` takes the results. ``attend(lane, spent)`` is called before each walk of a lane with
    the ns of processor time that count against its limit, and with lane -1 when no lane is at work.
    A strategy that raises ends the engine; if ``tolerant``, it ends its own lane alone, as does a
    lane that takes more than ``limit`` ns in all (0: any time). One that changes what lanes share
    ends all that are interpreted, because it may have spoiled them. ``halving``: this engine's part
    in the comparison of lanes; None if they are not compared.
    """

    def __init__(
        self,
        specs: Sequence[LaneSpec],
        shape: SlotShape,
        slots: Sequence[Slot],
        terms: Terms,
        records: Records,
        *,
        tolerant: bool = False,
        limit: int = 0,
        halving: Halving | None = None,
        attend: Callable[[int, int], None] = lambda lane, spent: None,
    ) -> None:
        self._outbox = Outbox(shape.rows * len(shape.symbols), shape.sessions)
        self._shape = shape
        self._records = records
        self._tolerant = tolerant
        self._limit = limit
        self._halving = halving
        self._attend = attend
        #: The lane whose hooks are being called; None for none. Any thread may read it.
        self.at_work: Lane | None = None
        self._running: list[_Running] = []
        self._ended: list[LaneFacts] = []
        self._lost: dict[int, str] = {}
        self._kinds: dict[Hashable, LaneKind] = {}
        for spec in specs:
            attend(spec.number, -_COMPILING_NS)
            with self._losing(spec.number):
                kind = self._kind_of(spec, terms)
                lane = Lane(spec, kind, self._outbox)
                self._running.append(_Running(lane, spec.universe))
        attend(-1, 0)
        self._session_dates: list[int] = []
        self._schedules = {
            universe: Schedule(shape, universe) for universe in {spec.universe for spec in specs}
        }
        self._before_first: dict[tuple[int, ...], SlotView] = {}
        self._slots = slots
        self._views = [self._views_of(slot) for slot in slots]
        self._fills = 0
        self._told_resting: set[int] = set()
        interpreted = [spec for spec in specs if spec.mode == "interpreted"]
        self._interpreted = {spec.number for spec in interpreted}
        self._shared = SharedValues(dict.fromkeys(type(spec.strategy) for spec in interpreted))

    def _kind_of(self, spec: LaneSpec, terms: Terms) -> LaneKind:
        """Return the kind of a lane, made for the first one; StrategyError if that cannot be."""
        key = LaneKind.key(spec)
        kind = self._kinds.get(key)
        if kind is None:
            tabled = self._records.writes_tables
            kind = self._kinds[key] = LaneKind(spec, self._shape, terms, tabled=tabled)
        return kind

    def _views_of(self, slot: Slot) -> dict[tuple[int, ...], SlotView]:
        return {
            universe: SlotView(slot, self._shape, schedule)
            for universe, schedule in self._schedules.items()
        }

    def warm_up(self, slot: Slot) -> None:
        """Load the compiled code for which a slot, or the end, would otherwise wait.

        ``slot`` is empty. It is kept, because lanes look at it until the first slot comes.
        """
        Recorder.warm_up()
        Lane.warm_up()
        self._before_first = self._views_of(slot)
        self._walk(self._before_first, record=False)

    def start(self) -> None:
        """Call the strategies' ``on_start``."""
        for running in self._attended():
            with self._losing(running.lane.number):
                running.lane.start()
                self._flush(running.lane)

    def analyse(self, index: int) -> int:
        """Walk slot ``index``, just taken, with every lane; record and count their fills.

        At a rung, wait for the other engines and end the lanes that do not survive.
        """
        closed = self._slots[index].open_sessions
        self._session_dates += closed["date"][closed["closes"] == 1].tolist()
        before = self._fills
        self._walk(self._views[index], record=True)
        if self._halving is not None:
            rung = self._halving.rung(len(self._session_dates))
            if rung is not None:
                self._check_shared(self._shared.check)
                self._halve(self._halving, rung)
        return self._fills - before

    def take_waited(self) -> int:
        """Return the ns for which it waited for other engines since the last call."""
        return 0 if self._halving is None else self._halving.take_waited()

    def _walk(self, views: dict[tuple[int, ...], SlotView], *, record: bool) -> None:
        for view in views.values():
            view.read()
        began = time.thread_time_ns()
        for running in self._attended(calls=record):
            lane, view = running.lane, views[running.universe]
            try:
                self._run(running, view)
                if record:
                    self._record_all(running, view)
            except StrategyError as error:
                self._raised(lane.number, error)
            ended = time.thread_time_ns()
            running.spent += ended - began
            began = ended
            if record:
                self._check_shared(self._shared.check_at_times)

    def _run(self, running: _Running, view: SlotView) -> None:
        """Walk a slot with a lane; if it ends the run, record what it did until then."""
        lane = running.lane
        try:
            lane.run(view, self._flush)
        except (StrategyError, KeyboardInterrupt):
            if not self._tolerant:
                with suppress(RunError):
                    lane.end_moment()
                    self._record_rows(lane, view, int(lane.account[0]["equity_out_count"]))
            raise

    def _attended(self, *, calls: bool = True) -> Iterator[_Running]:
        """Give the lanes that have not ended; mark each as the one at work.

        ``calls``: whether its hooks are called.
        """
        for running in tuple(self._running):
            number, spent = running.lane.number, running.spent
            if 0 < self._limit < spent:
                taken, limit = spent * 1e-9, self._limit * 1e-9
                self._lose(number, f"took {taken:.3g} s, more than the {limit:g} allowed")
            else:
                self._attend(number, spent if self._limit else 0)
                self.at_work = running.lane if calls else None
                yield running
        self.at_work = None
        self._attend(-1, 0)

    @contextmanager
    def _losing(self, number: int) -> Iterator[None]:
        """If the engine is tolerant, let a StrategyError of the block end this lane alone."""
        try:
            yield
        except StrategyError as error:
            self._raised(number, error)

    def _check_shared(self, check: Callable[[], None]) -> None:
        """Make a check of what lanes share; if the engine is tolerant, end the lanes that do."""
        try:
            check()
        except StrategyError as error:
            for running in tuple(self._running):
                if running.lane.number in self._interpreted:
                    self._raised(running.lane.number, error)

    def _raised(self, number: int, error: StrategyError) -> None:
        if not self._tolerant:
            raise error
        self._lose(number, str(error))

    def _lose(self, number: int, why: str) -> None:
        """Go on without a lane, and free it. The engine's facts tell why."""
        self._running = [one for one in self._running if one.lane.number != number]
        self._lost[number] = why

    def _halve(self, halving: Halving, rung: int) -> None:
        """End the lanes that do not survive a rung; keep their facts as of now."""
        dates = np.array(self._session_dates, np.int64)
        scores = {
            running.lane.number: score_of(
                halving.plan,
                running.lane.facts()["initial_cash"],
                np.array(running.equity),
                dates,
                self._records.of(running.lane.number).max_drawdown,
            )
            for running in self._running
        }
        survivors = halving.survivors(rung, scores)
        ended = [one for one in self._running if one.lane.number not in survivors]
        self._ended += [self._facts_of(one, dates) for one in ended]
        self._running = [one for one in self._running if one.lane.number in survivors]

    def _flush(self, lane: Lane) -> None:
        """Record the rows that are in the outbox now; the slot's equity follows at its end."""
        taken = lane.take()
        self._fills += len(taken[0])
        self._records.record(lane.number, *taken, _NO_TIMES, _NO_VALUES, _NO_VALUES)

    def _record_all(self, running: _Running, view: SlotView) -> None:
        lane, outbox = running.lane, self._outbox
        self._record_rows(lane, view, len(view.schedule.base_times))
        sessions = int(lane.account[0]["session_out_count"])
        running.equity.frombytes(outbox.session_equity[:sessions].tobytes())
        running.bars += view.bars

    def _record_rows(self, lane: Lane, view: SlotView, moments: int) -> None:
        """Record what is in the outbox, with the equity of the slot's first ``moments``."""
        taken, outbox = lane.take(), self._outbox
        self._fills += len(taken[0])
        values = outbox.equity[:moments], outbox.cash[:moments]
        self._records.record(lane.number, *taken, view.schedule.base_times[:moments], *values)

    def _record_resting(self, lane: Lane) -> None:
        """Record the orders of a lane that are still at rest, once."""
        if lane.number not in self._told_resting:
            self._told_resting.add(lane.number)
            nothing = self._outbox.fills[:0], lane.resting(), self._outbox.trips[:0]
            self._records.record(lane.number, *nothing, _NO_TIMES, _NO_VALUES, _NO_VALUES)

    def finish(self) -> EngineFacts:
        """Call ``on_stop``, record the orders still at rest, close the files; return the facts."""
        for running in self._attended():
            lane = running.lane
            with self._losing(lane.number):
                lane.stop()
                lane.end_moment()
                self._records.record(lane.number, *lane.take(), _NO_TIMES, _NO_VALUES, _NO_VALUES)
                self._record_resting(lane)
        self._check_shared(self._shared.check)
        self._records.close()
        if self._halving is not None:
            self._halving.leave()
        dates = np.array(self._session_dates, np.int64)
        return EngineFacts(
            lanes=[*self._ended, *(self._facts_of(running, dates) for running in self._running)],
            lost=self._lost,
            finished_ns=time.monotonic_ns(),
            memory=MemorySizes.of_this_process(),
        )

    def _facts_of(self, running: _Running, dates: npt.NDArray[np.int64]) -> LaneFacts:
        """Return the facts of a lane; ``dates`` of the sessions that have closed, ns.

        Lanes that end together share the dates, which then travel once.
        """
        return LaneFacts(
            **running.lane.facts(),
            record=self._records.of(running.lane.number),
            sessions=len(dates),
            session_dates=dates,
            session_equity=np.array(running.equity),
            bars=running.bars,
            seconds=running.spent * 1e-9,
        )

    def abort(self) -> None:
        """Give up: the files keep what the lanes did until now, with the orders at rest."""
        with suppress(RunError):
            for running in self._running:
                self._record_resting(running.lane)
        self._records.abort()

"""The analysis engine: walks finished slots with each of its lanes and records what they do."""

import time
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import RunError, StrategyError
from pipeline.lane.block_facts import are_alike, facts_of_block
from pipeline.lane.facts import LaneFacts
from pipeline.lane.group import LaneGroup, Member
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
from pipeline.stages.lane_counts import LaneCounts
from pipeline.tape.schedule import Schedule
from pipeline.tape.slot import Slot, SlotShape

_NO_TIMES = np.zeros(0, np.int64)
_NO_VALUES = np.zeros(0)
#: Time that a lane is granted to compile its strategy, beyond its limit.
_COMPILING_NS = 300_000_000_000


#: The recorder of an engine's results: Tallies if no tables are wanted.
Records = Recorder | Tallies


@dataclass(frozen=True)
class _Running:
    """A lane that has not ended.

    ``row``: its row where something is kept of all lanes. ``universe``: indices of the symbols that
    it trades; empty for all. ``hooks``: those of its strategy. ``own``: the lane, unless it is in
    the group.
    """

    number: int
    row: int
    universe: tuple[int, ...]
    hooks: Collection[str]
    own: Lane | None


class Engine:
    """Runs the lanes ``specs`` over the tape, and records their fills, orders and equity.

    ``records`` takes the results. ``attend(lane, spent)`` is called before each walk of a lane with
    the ns of processor time that count against its limit, and with lane -1 when no lane is at work.
    What it writes is written to ``desk``, i8[2], where lanes are walked together (`lane.group`). A
    strategy that raises ends the engine; if ``tolerant``, it ends its own lane alone, as does a
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
        desk: npt.NDArray[np.int64] | None = None,
    ) -> None:
        self._outbox = Outbox(shape.rows * len(shape.symbols), shape.sessions)
        self._shape = shape
        self._records = records
        self._tolerant = tolerant
        self._limit = limit
        self._terms = terms
        self._halving = halving
        self._attend = attend
        self._at_work: Lane | None = None
        desk = np.zeros(2, np.int64) if desk is None else desk
        self._group = LaneGroup([], self._outbox, desk, limited=False)
        self._running: list[_Running] = []
        self._ended: list[LaneFacts] = []
        self._lost: dict[int, str] = {}
        self._kinds: dict[Hashable, LaneKind] = {}
        grouped: list[Member] = []
        several = dict.fromkeys(spec.universe for spec in specs)
        universes = {universe: place for place, universe in enumerate(several)}
        for row, spec in enumerate(specs):
            attend(spec.number, -_COMPILING_NS)
            with self._losing(spec.number):
                kind, own = self._kind_of(spec, terms), None
                if isinstance(records, Tallies) and kind.may_be_grouped:
                    kind.parameters(spec.strategy)  # may name a symbol that is not there
                    place, tally = universes[spec.universe], records.at(spec.number)
                    grouped.append(Member(spec, kind, row, place, tally))
                else:
                    own = Lane.make(spec, kind, self._outbox)
                self._running.append(_Running(spec.number, row, spec.universe, kind.hooks, own))
        attend(-1, 0)
        self._group = LaneGroup(grouped, self._outbox, desk, limited=limit > 0)
        self._counts = LaneCounts(len(specs), universes)
        self._schedules = {universe: Schedule(shape, universe) for universe in universes}
        self._before_first: dict[tuple[int, ...], SlotView] = {}
        self._slots = slots
        self._views = [self._views_of(slot) for slot in slots]
        self._fills = 0
        self._told_resting: set[int] = set()
        interpreted = [spec for spec in specs if spec.mode == "interpreted"]
        self._interpreted = {spec.number for spec in interpreted}
        self._shared = SharedValues(dict.fromkeys(type(spec.strategy) for spec in interpreted))

    @property
    def at_work(self) -> Lane | None:
        """The lane whose hooks are being called; None for none. Any thread may ask."""
        return self._at_work or self._group.lane_at_work()

    def _lane(self, running: _Running) -> Lane:
        """Return a lane as an object."""
        return self._group.lane(running.number) if running.own is None else running.own

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
        for running, lane in self._attended(
            [one for one in self._running if one.own is not None or "on_start" in one.hooks]
        ):
            with self._losing(running.number):
                lane.start()
                self._flush(lane)

    def analyse(self, index: int) -> int:
        """Walk slot ``index``, just taken, with every lane; record and count their fills.

        At a rung, wait for the other engines and end the lanes that do not survive.
        """
        closed = self._slots[index].open_sessions
        self._counts.begin(closed["date"][closed["closes"] == 1].tolist())
        before = self._fills
        self._walk(self._views[index], record=True)
        if self._halving is not None:
            rung = self._halving.rung(self._counts.sessions)
            if rung is not None:
                self._check_shared(self._shared.check)
                self._halve(self._halving, rung)
        return self._fills - before

    def take_waited(self) -> int:
        """Return the ns for which it waited for other engines since the last call."""
        return 0 if self._halving is None else self._halving.take_waited()

    def _walk(self, views: dict[tuple[int, ...], SlotView], *, record: bool) -> None:
        """Walk a slot, given by its views by universe, with every lane."""
        for universe, view in views.items():
            view.read()
            self._counts.seen[universe] += view.bars
        self._walk_together(views)
        began = time.thread_time_ns()
        alone = [one for one in self._running if one.own is not None]
        for running, lane in self._attended(alone, calls=record):
            view = views[running.universe]
            try:
                self._run(lane, view)
                if record:
                    self._record_all(running, lane, view)
            except StrategyError as error:
                self._raised(lane.number, error)
            ended = time.thread_time_ns()
            self._counts.spent[running.row] += ended - began
            began = ended
            if record:
                self._check_shared(self._shared.check_at_times)

    def _walk_together(self, views: dict[tuple[int, ...], SlotView]) -> None:
        """Walk a slot with the lanes of the group."""
        if not self._group.members:
            return
        grouped = {one.number: one for one in self._running if one.own is None}
        for running in grouped.values() if self._limit else ():
            self._end_over_limit(running)

        def go_on(number: int, index: int) -> None:
            running = grouped[number]
            view, lane = views[running.universe], self._lane(running)
            self._at_work = lane
            with self._losing(number):
                lane.go_on(view, index, self._flush)
                self._record_all(running, lane, view)
            self._at_work = None

        def raised(number: int, error: BaseException) -> None:
            with self._losing(number):
                self._group.lane(number).failed(error, views[grouped[number].universe])

        fills, spent = self._group.walk(list(views.values()), self._counts.closes, go_on, raised)
        self._fills += fills
        self._counts.spent[self._group.rows] += spent
        self._attend(-1, 0)

    def _run(self, lane: Lane, view: SlotView) -> None:
        """Walk a slot with a lane; if it ends the run, record what it did until then."""
        try:
            lane.run(view, self._flush)
        except (StrategyError, KeyboardInterrupt):
            if not self._tolerant:
                with suppress(RunError):
                    lane.end_moment()
                    self._record_rows(lane, view, int(lane.account[0]["equity_out_count"]))
            raise

    def _attended(
        self, lanes: Sequence[_Running], *, calls: bool = True
    ) -> Iterator[tuple[_Running, Lane]]:
        """Give those of the lanes that have not ended; mark each as the one at work.

        ``calls``: whether its hooks are called.
        """
        for running in lanes:
            if not self._end_over_limit(running):
                spent = int(self._counts.spent[running.row]) if self._limit else 0
                lane = self._lane(running)
                self._attend(running.number, spent)
                self._at_work = lane if calls else None
                yield running, lane
        self._at_work = None
        self._attend(-1, 0)

    def _end_over_limit(self, running: _Running) -> bool:
        """End a lane that has taken more time than the limit; return whether it has."""
        spent = int(self._counts.spent[running.row])
        over = 0 < self._limit < spent
        if over:
            taken, limit = spent * 1e-9, self._limit * 1e-9
            self._lose(running.number, f"took {taken:.3g} s, more than the {limit:g} allowed")
        return over

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
                if running.number in self._interpreted:
                    self._raised(running.number, error)

    def _raised(self, number: int, error: StrategyError) -> None:
        if not self._tolerant:
            raise error
        self._lose(number, str(error))

    def _lose(self, number: int, why: str) -> None:
        """Go on without a lane, and free it. The engine's facts tell why."""
        self._running = [one for one in self._running if one.number != number]
        self._group.end({number})
        self._lost[number] = why

    def _halve(self, halving: Halving, rung: int) -> None:
        """End the lanes that do not survive a rung; keep their facts as of now."""
        dates, closes = self._counts.dates, self._counts.by_session()
        scores = {
            running.number: score_of(
                halving.plan,
                self._terms.initial_cash,
                closes[running.row],
                dates,
                self._records.of(running.number).max_drawdown,
            )
            for running in self._running
        }
        survivors = halving.survivors(rung, scores)
        ended = [one for one in self._running if one.number not in survivors]
        self._ended += self._facts_of(ended)
        self._running = [one for one in self._running if one.number in survivors]
        self._group.end({one.number for one in ended})

    def _flush(self, lane: Lane) -> None:
        """Record the rows that are in the outbox now; the slot's equity follows at its end."""
        taken = lane.take()
        self._fills += len(taken[0])
        self._records.record(lane.number, *taken, _NO_TIMES, _NO_VALUES, _NO_VALUES)

    def _record_all(self, running: _Running, lane: Lane, view: SlotView) -> None:
        self._record_rows(lane, view, len(view.schedule.base_times))
        closes = self._counts.closes
        closes[running.row] = self._outbox.session_equity[: closes.shape[1]]

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
        stopped = self._group.stop()
        for running, lane in self._attended(
            [one for one in self._running if one.own is not None or one.number not in stopped]
        ):
            with self._losing(running.number):
                lane.stop()
                lane.end_moment()
                self._records.record(lane.number, *lane.take(), _NO_TIMES, _NO_VALUES, _NO_VALUES)
                self._record_resting(lane)
        self._check_shared(self._shared.check)
        self._records.close()
        if self._halving is not None:
            self._halving.leave()
        return EngineFacts(
            lanes=[*self._ended, *self._facts_of(self._running)],
            lost=self._lost,
            finished_ns=time.monotonic_ns(),
            memory=MemorySizes.of_this_process(),
        )

    def _facts_of(self, lanes: Sequence[_Running]) -> list[LaneFacts]:
        """Return the facts of lanes, by their numbers."""
        asked = {one.number: one for one in lanes}
        found: list[LaneFacts] = []
        for block in filter(are_alike, self._group.blocks):
            members = enumerate(block.members)
            places = [place for place, one in members if one.spec.number in asked]
            some = [asked.pop(block.members[place].spec.number) for place in places]
            found += self._told(some, facts_of_block(block, np.array(places, np.int64)))
        others = list(asked.values())
        facts = [self._lane(one).facts() for one in others]
        columns = {name: [one[name] for one in facts] for name in (facts or [{}])[0]}
        found += self._told(others, columns)
        return sorted(found, key=lambda lane: lane.lane)

    def _told(
        self, lanes: Sequence[_Running], columns: Mapping[str, Sequence[Any]]
    ) -> list[LaneFacts]:
        """Return the facts of lanes of which ``columns`` have what their accounts tell."""
        records = [self._records.of(one.number) for one in lanes]
        rows, universes = [one.row for one in lanes], [one.universe for one in lanes]
        told = {**columns, **self._counts.columns(rows, universes), "record": records}
        names = LaneFacts._fields if lanes else ()
        return list(map(LaneFacts._make, zip(*(told[name] for name in names), strict=True)))

    def abort(self) -> None:
        """Give up: the files keep what the lanes did until now, with the orders at rest."""
        with suppress(RunError):
            for running in self._running:
                self._record_resting(self._lane(running))
        self._records.abort()

"""The jobs of a run: what each kind of process does between joining it and leaving it.

The supervisor makes a job for each process and sends it there. A job is done turn by turn: it
pauses when it is ready, and after each slot that it has handed on. `stages.member.run_member` takes
all turns of one job and sends home the facts that it returns. A run in one process takes the turns
of all jobs in a circle. Modules that import the compiler are imported in `turns`, because the
supervisor of other processes compiles nothing.
"""

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.lane.sent import unpack_specs
from pipeline.lane.spec import LaneSpec, Terms
from pipeline.market.actions import Splits
from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.results.recorder import Recorder
from pipeline.results.tally import Tallies
from pipeline.stages import compiling, latencies
from pipeline.stages.coordinator import Coordinator, Replay
from pipeline.stages.facts import EngineFacts, MemorySizes, ProcessorFacts, TapeFacts
from pipeline.stages.halving import Halving, HalvingPlan
from pipeline.stages.member import Place, Turns
from pipeline.stages.metrics import PerformanceMetrics
from pipeline.stages.time_account import TimeAccount
from pipeline.strategy.source import unpack
from pipeline.tape.offer import LatencyMeter, Offer
from pipeline.tape.slot import BEGAN, END, ROWS, Slot, SlotShape
from shm.control import Member
from shm.errors import Dismissed
from shm.ring import Producer, Reader

if TYPE_CHECKING:
    from pipeline.stages.engine import Engine, Records

_NICENESS = 5


@dataclass(frozen=True)
class Coordination:
    """The coordinator's job: put the bars of the catalog onto the tape."""

    replay: Replay
    #: Whether any strategy of the run is compiled, so that engines have a lane loop to compile.
    walks: bool

    def turns(self, station: Producer, place: Place, member: Member) -> Turns[TapeFacts]:
        """Publish the whole tape, once all others are ready."""
        metrics = PerformanceMetrics.for_row(place.stats, place.role)
        slots = _slots_of(place, self.replay.shape)
        _step_aside(place)
        with compiling.telling(member, compiling.COORDINATION):
            if self.walks:
                shape = self.replay.shape
                compiling.relieve_engines(_empty_slot(shape, read_only=True), shape)
            with Coordinator(
                self.replay, slots, metrics, place.control.check, place.command
            ) as coordinator:
                coordinator.warm_up(_empty_slot(self.replay.shape))
                for gate in place.ready:
                    with contextlib.suppress(Dismissed):
                        gate.wait_until_ready()
                yield
                yield from coordinator.turns(station)
                return coordinator.facts()


@dataclass(frozen=True)
class Processing:
    """A data processor's job: derive bars and compute indicators of its own symbols."""

    shape: SlotShape
    #: An IndicatorPlan, packed if it travels to another process.
    plan: bytes | IndicatorPlan
    #: Indices of the processor's symbols.
    symbols: range
    #: Splits that take effect while the tape is replayed.
    splits: Splits

    def turns(self, station: Reader, place: Place, member: Member) -> Turns[ProcessorFacts]:
        """Fill the derived part of every slot, up to the one that ends the tape."""
        with compiling.telling(member, compiling.PROCESSING):
            return (yield from self._process(station, place))

    def _process(self, station: Reader, place: Place) -> Turns[ProcessorFacts]:
        from pipeline.stages.processor import Processor

        _step_aside(place)
        metrics = PerformanceMetrics.for_row(place.stats, place.role)
        slots = _slots_of(place, self.shape)
        plan = unpack(self.plan) if isinstance(self.plan, bytes) else self.plan
        processor = Processor(plan, self.symbols, slots[0], self.splits)
        processor.process(_empty_slot(self.shape))
        place.ready[0].signal_ready()
        yield
        account = TimeAccount(metrics)
        done, between = False, True
        while not done:
            slot = slots[station.take()]
            account.begin(int(slot.header[BEGAN]))
            account.starved()
            start = metrics.start_timer()
            if between:
                metrics.reset_session()
            processor.process(slot)
            done, between = bool(slot.header[END]), _closed(slot) > 0
            _count(metrics, slot)
            station.release()
            metrics.record_data_processor(start)
            metrics.flush()
            account.busy()
            yield
        return ProcessorFacts(MemorySizes.of_this_process())


@dataclass(frozen=True)
class Analysis:
    """An analysis engine's job: walk its lanes over the tape and record what they do."""

    shape: SlotShape
    #: The lanes, packed (`lane.sent`) if they travel to another process.
    specs: bytes | Sequence[LaneSpec]
    #: The terms on which all lanes trade: costs, margins, limits.
    terms: Terms
    #: The folder of the result files; None for no files.
    folder: Path | None
    #: The number of lanes in the whole run.
    total: int
    #: Whether a strategy that raises, or takes longer than the limit, ends its lane alone.
    tolerant: bool = False
    #: The most processor time that a lane may take in all, in ns; 0: any.
    limit: int = 0
    #: The plan by which lanes of all engines are compared; None if they are not.
    halving: HalvingPlan | None = None
    #: The rate at which bars are offered, so that their latency is measured; None if it is not.
    offer: Offer | None = None

    def turns(self, station: Reader, place: Place, member: Member) -> Turns[EngineFacts]:
        """Walk every slot, up to the one that ends the tape."""
        with compiling.telling(member, compiling.ANALYSIS):
            return (yield from self._analyse(station, place, member))

    def _analyse(self, station: Reader, place: Place, member: Member) -> Turns[EngineFacts]:
        metrics = PerformanceMetrics.for_row(place.stats, place.role)
        slots = _slots_of(place, self.shape)
        engine = self._engine(slots, place, member)
        with _watched(engine, place, member):
            return (yield from self._walk(engine, slots, station, place, metrics))

    def _walk(
        self,
        engine: "Engine",
        slots: Sequence[Slot],
        station: Reader,
        place: Place,
        metrics: PerformanceMetrics,
    ) -> Turns[EngineFacts]:
        try:
            engine.warm_up(_empty_slot(self.shape, read_only=True))
            meter = None if self.offer is None else LatencyMeter(self.offer)
            if meter is not None:
                latencies.warm_up()
            engine.start()
            place.ready[0].signal_ready()
            yield
            account = TimeAccount(metrics)
            done, between = False, True
            while not done:
                # While slots come fast, `take` never waits, and only a wait sees an abort.
                place.control.check()
                index = station.take()
                slot = slots[index]
                account.begin(int(slot.header[BEGAN]))
                account.starved()
                start = metrics.start_timer()
                if between:
                    metrics.reset_session()
                fills = engine.analyse(index)
                account.was_away(engine.take_waited())
                sessions = _closed(slot)
                done, between = bool(slot.header[END]), sessions > 0
                _count(metrics, slot, fills=fills, sessions=sessions)
                if meter is not None:
                    began = int(slot.header[BEGAN])
                    found = meter.latencies(slot.tables[0], began, time.monotonic_ns())
                    metrics.record_latencies(found)
                station.release()
                metrics.record_analysis_engine(start)
                metrics.flush()
                account.busy()
                yield
            facts = engine.finish()
            account.busy()
            return facts
        except BaseException:
            engine.abort()
            raise

    def _engine(self, slots: Sequence[Slot], place: Place, member: Member) -> "Engine":
        from pipeline.stages.engine import Engine

        specs = unpack_specs(self.specs) if isinstance(self.specs, bytes) else self.specs
        if any(spec.mode == "compiled" for spec in specs):
            compiling.compile_lane_loop()
        lanes = [spec.number for spec in specs]
        records: Records = Tallies(lanes)
        if self.folder is not None:
            records = Recorder(self.folder, lanes, self.shape.symbols, total=self.total)
        return Engine(
            specs,
            self.shape,
            slots,
            self.terms,
            records,
            tolerant=self.tolerant,
            limit=self.limit,
            halving=Halving.join(self.halving, place.board),
            attend=member.begin,
            desk=member.desk(),
        )


def share(count: int, parts: int, part: int) -> range:
    """Return the ``part``-th of ``parts`` nearly equal consecutive ranges of ``count`` items."""
    return range(count * part // parts, count * (part + 1) // parts)


def _slots_of(place: Place, shape: SlotShape) -> list[Slot]:
    """Return the views of all slots of the ring."""
    return [Slot(shape, place.ring.slot(index)) for index in range(place.ring.slots)]


def _watched(
    engine: "Engine", place: Place, member: Member
) -> contextlib.AbstractContextManager[None]:
    """Have a hook that does not return named, but not where a debugger may wait in it."""
    from pipeline.stages.hook_watch import watching

    return watching(lambda: engine.at_work, member) if place.alone else contextlib.nullcontext()


def _step_aside(place: Place) -> None:
    """Let the engines have the processor first, if the system knows how.

    The engines do most of the work, and a slot that is ready too early only waits for them. With
    three busy processes on two cores a run takes an eighth less time.
    """
    if place.alone and hasattr(os, "nice"):
        os.nice(_NICENESS)


def _empty_slot(shape: SlotShape, *, read_only: bool = False) -> Slot:
    """Return an empty slot in memory of its own.

    A member works on it once before the tape starts, so that its compiled code is loaded by then.
    For that it must be ``read_only`` where the slots of the tape are, because code is compiled for
    the one or for the other.
    """
    # NumPy does not touch the memory, of which there is much and little is looked at.
    memory = np.zeros(shape.layout.size, np.uint8).data
    return Slot(shape, memory.toreadonly() if read_only else memory)


def _count(metrics: PerformanceMetrics, slot: Slot, **more: int) -> None:
    """Count a slot that this member has finished, before it releases it."""
    metrics.count("slots")
    for name, count in {"bars": int(slot.header[ROWS]), **more}.items():
        metrics.count(name, count)


def _closed(slot: Slot) -> int:
    """Return how many sessions close in a slot. If any do, the next slot begins another one."""
    return int(slot.open_sessions["closes"].sum())

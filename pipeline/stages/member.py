"""What every worker process of a run does around its own work: join, report, leave.

supervisor --Process args--> member: attach to ring, control page and stats
                             get ready, say so; run; send facts; leave
A member that fails writes what happened into its cell of the control page and exits with 1;
one that is told to stop (abort, or its parent gone) exits with STOPPED.
"""

import contextlib
import gc
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
from multiprocess import parent_process

from pipeline.errors import RingtapeError
from pipeline.lane.spec import LaneSpec, Terms
from pipeline.market.actions import Splits
from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.results.recorder import Recorder
from pipeline.results.tally import Tallies
from pipeline.stages.coordinator import Coordinator, Replay
from pipeline.stages.engine import Engine, Records
from pipeline.stages.halving import BoardSide, Halving, HalvingPlan
from pipeline.stages.metrics import PerformanceMetrics
from pipeline.stages.processor import Processor
from pipeline.strategy.source import unpack
from pipeline.tape.slot import END, ROWS, Slot, SlotShape
from shm.control import ControlPage, Member
from shm.errors import Aborted, Dismissed, PeerDied
from shm.gate import Gate
from shm.ring import Producer, Reader, Ring
from shm.stats import StatsBlock

#: Exit code of a member that left because it was told to.
STOPPED = 3
_NICENESS = 5


@dataclass(frozen=True)
class Place:
    """A member's place in the run: everything shared that it gets, and its name on the pages.

    ``ready``: the gate by which it says that it is ready, or, for the coordinator, those of all
    the others. ``facts``: the end of a pipe that takes what it found, once, when it is done.
    ``board``: an engine's side of the scoreboard, if there is one.
    """

    index: int
    role: str
    control: ControlPage
    stats: StatsBlock
    ring: Ring
    ready: tuple[Gate, ...]
    facts: Any
    board: BoardSide | None = None


def run_member(place: Place, work: Callable[[Place, Member], dict[str, Any]]) -> None:
    """Be one member of a run from start to exit."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us all; the supervisor decides
    threading.Thread(target=_end_with_supervisor, daemon=True).start()
    # What the libraries made lives as long as the process: not worth a collector's walk.
    gc.freeze()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    member = place.control.member(place.index)
    member.join()
    code = 0
    try:
        place.facts.send(work(place, member))
        member.note_exit("done")
    except (Aborted, PeerDied) as error:
        member.note_exit(str(error))
        code = STOPPED
    except RingtapeError as error:
        member.fail(f"{type(error).__name__}\n{error}")
        code = 1
    except BaseException as error:  # noqa: BLE001 - the process ends here, and tells why
        line = f"{type(error).__name__}: {error}".splitlines()[0]
        member.fail(f"RunError\n{line}\n{traceback.format_exc()}")
        code = 1
    finally:
        place.facts.close()
    sys.stdout.flush()
    sys.stderr.flush()
    # The views of slots would keep the mapping from closing in an orderly interpreter exit.
    os._exit(code)


def _memory() -> tuple[int, int]:
    """Return the bytes of memory that this process has to itself, and those that it shares.

    A run of seconds is hardly looked at from outside while it has the most.
    """
    sizes = psutil.Process().memory_full_info()
    return sizes.uss, sizes.rss - sizes.uss


def _end_with_supervisor() -> None:
    """End this process when the supervisor is gone, whatever it is doing, be it an endless hook.

    Works while compiled strategies run, too: the lane loop lets go of the interpreter's lock.
    """
    supervisor = parent_process()
    if supervisor is not None:
        supervisor.join()
        os._exit(STOPPED)


def slots_of(place: Place, shape: SlotShape) -> list[Slot]:
    """Return the views of all slots of the ring."""
    return [Slot(shape, place.ring.slot(index)) for index in range(place.ring.slots)]


def _step_aside() -> None:
    """Let the engines have the processor first, where the system knows how.

    They do most of the work, and what is ready too early only waits for them: with three busy
    processes on two cores a run takes an eighth less time.
    """
    if hasattr(os, "nice"):
        os.nice(_NICENESS)


def _empty_slot(shape: SlotShape) -> Slot:
    """Return a slot of nothing, in memory of its own.

    To work on it once changes nothing but that compiled code is loaded before the tape starts.
    """
    return Slot(shape, memoryview(bytearray(shape.layout.size)))


def coordinate(replay: Replay, producer: Producer, place: Place, member: Member) -> dict[str, Any]:
    """Be the coordinator."""
    _step_aside()
    metrics = PerformanceMetrics.for_row(place.stats, place.role)
    slots = slots_of(place, replay.shape)
    with Coordinator(replay, slots, metrics, place.control.check) as coordinator:
        coordinator.warm_up(_empty_slot(replay.shape))
        for gate in place.ready:
            with contextlib.suppress(Dismissed):
                gate.wait_until_ready()
        started = time.monotonic_ns()
        coordinator.run(producer)
        return {"started_ns": started, **coordinator.facts(), "memory": _memory()}


def process(
    shape: SlotShape,
    plan: bytes,
    symbols: range,
    splits: Splits,
    reader: Reader,
    place: Place,
    member: Member,
) -> dict[str, Any]:
    """Be a data processor; ``plan`` is a packed IndicatorPlan."""
    _step_aside()
    metrics = PerformanceMetrics.for_row(place.stats, place.role)
    slots = slots_of(place, shape)
    indicators: IndicatorPlan = unpack(plan)
    processor = Processor(indicators, symbols, slots[0], splits)
    processor.process(_empty_slot(shape))
    place.ready[0].signal_ready()
    done = False
    while not done:
        slot = slots[reader.take()]
        start = metrics.start_timer()
        processor.process(slot)
        done = bool(slot.header[END])
        _count(metrics, slot)
        reader.release()
        metrics.record_data_processor(start)
        metrics.flush()
    return {"memory": _memory()}


@dataclass(frozen=True)
class Analysis:
    """What an analysis engine does: ``specs`` is a packed list of LaneSpec.

    ``folder``: where result files go, if any are wanted; ``total``: lanes of the whole run.
    ``tolerant``: a strategy that raises, or takes more than ``limit`` ns in all (0: any time), ends
    its lane alone; ``halving``: when lanes are compared with those of other engines.
    """

    shape: SlotShape
    specs: bytes
    terms: Terms
    folder: Path | None
    total: int
    tolerant: bool = False
    limit: int = 0
    halving: HalvingPlan | None = None


def analyse(work: Analysis, reader: Reader, place: Place, member: Member) -> dict[str, Any]:
    """Be an analysis engine."""
    metrics = PerformanceMetrics.for_row(place.stats, place.role)
    slots = slots_of(place, work.shape)
    engine = _engine(work, slots, place, member)
    try:
        engine.warm_up(_empty_slot(work.shape))
        engine.start()
        place.ready[0].signal_ready()
        done = False
        while not done:
            index = reader.take()
            start = metrics.start_timer()
            fills = engine.analyse(index)
            done = bool(slots[index].header[END])
            _count(metrics, slots[index], fills=fills, sessions=_closed(slots[index]))
            reader.release()
            metrics.record_analysis_engine(start)
            metrics.flush()
        facts = engine.finish()
    except BaseException:
        engine.abort()
        raise
    return {**facts, "finished_ns": time.monotonic_ns(), "memory": _memory()}


def _engine(work: Analysis, slots: Sequence[Slot], place: Place, member: Member) -> Engine:
    specs: Sequence[LaneSpec] = unpack(work.specs)
    lanes = [spec.number for spec in specs]
    records: Records = Tallies(lanes)
    if work.folder is not None:
        records = Recorder(work.folder, lanes, work.shape.symbols, total=work.total)
    return Engine(
        specs,
        work.shape,
        slots,
        work.terms,
        records,
        tolerant=work.tolerant,
        limit=work.limit,
        halving=Halving.join(work.halving, place.board),
        attend=member.begin,
    )


def _count(metrics: PerformanceMetrics, slot: Slot, **more: int) -> None:
    """Count a slot that this member is done with, before it lets go of it."""
    metrics.count("slots")
    for name, count in {"bars": int(slot.header[ROWS]), **more}.items():
        metrics.count(name, count)


def _closed(slot: Slot) -> int:
    return int(slot.open_sessions["closes"].sum())

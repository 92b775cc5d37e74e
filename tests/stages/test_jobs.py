"""The jobs of a run, done one after the other in one process."""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dill
import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.lane.sent import pack_specs
from pipeline.lane.spec import Terms
from pipeline.market.time.time_manager import TimeManager
from pipeline.native.kernel import Kernel
from pipeline.stages.coordinator import Replay
from pipeline.stages.facts import EngineFacts, ProcessorFacts, TapeFacts
from pipeline.stages.jobs import Analysis, Coordination, Processing
from pipeline.stages.member import finish
from pipeline.stages.metrics import metrics_rows
from pipeline.strategy.source import pack
from shm.errors import Dismissed
from shm.names import new_run_id
from shm.stats import StatsBlock
from tests.reference.in_process import Setup, Slots, make_shape, make_specs, run_in_process
from tests.reference.market import Market, random_walk, session_table
from tests.reference.traders import Crosser
from tests.strategies import MINUTE, START

SPANS = [(START, START + 8 * MINUTE), (START + 60 * MINUTE, START + 72 * MINUTE)]
TERMS = Terms(500.0, per_share=0.01)


class Gate:
    """The gate of a processor or an engine; an engine may be dismissed before it is ready."""

    def __init__(self, *, dismissed: bool = False) -> None:
        self.dismissed = dismissed
        self.calls: list[str] = []

    def signal_ready(self) -> None:
        self.calls.append("ready")

    def wait_until_ready(self) -> None:
        self.calls.append("waited for")
        if self.dismissed:
            raise Dismissed("gate", "engine 0")


class Station:
    """A producer or reader of a ring that has a slot for all there is."""

    def __init__(self) -> None:
        self.taken = self.released = 0

    def take(self) -> int:
        self.taken += 1
        return self.taken - 1

    claim = take

    def release(self) -> None:
        self.released += 1

    publish = release


class Run:
    """Two symbols of two sessions, what the jobs share, and how each is done."""

    def __init__(self, folder: Path, stats: StatsBlock, mode: str = "interpreted") -> None:
        minutes = np.r_[np.arange(8), np.arange(60, 72)]
        bars = {name: random_walk(START + MINUTE * minutes, seed) for seed, name in enumerate("AB")}
        self.market = Market(bars, session_table(SPANS), ("1m", "5m"))
        self.specs, self.plan = make_specs(self.market, [Crosser()], mode)
        self.shape = make_shape(self.market, self.specs, self.plan, 4)
        self.slots = Slots.make(self.shape, 8)
        self.stats = stats
        self.catalog = str(self.market.write(folder))
        self.shared = {
            "stats": stats,
            "control": SimpleNamespace(check=lambda: None),
            "board": None,
            "command": None,
        }

    def done(self, job: Any, role: str, *gates: Gate) -> tuple[Any, Station]:
        """Do a job as it comes out of the pickler."""
        station = Station()
        place: Any = SimpleNamespace(
            role=role, ring=self._ring_of(role), ready=gates, alone=True, **self.shared
        )
        signs: list[str] = []
        member: Any = SimpleNamespace(
            begin=lambda lane, spent: None,
            desk=lambda: np.zeros(2, np.int64),
            prepare=lambda step, known=0: None,
            prepares=False,
            beat=lambda: signs.append("beat"),
            note_peak_memory=lambda: signs.append("memory"),
        )
        job = dill.loads(dill.dumps(job))
        facts = finish(job.turns(station, place, member), member)
        # At each turn, and of its memory at first and then once a second.
        assert signs[:2] == ["beat", "memory"]
        assert signs.count("beat") > self.stats.counters()[role]["slots"] > 0
        return facts, station

    def _ring_of(self, role: str) -> Any:
        """The ring as a member has it: an engine cannot write into it."""
        slots = [memoryview(buffer) for buffer in self.slots.buffers]
        if role.startswith("engine"):
            slots = [slot.toreadonly() for slot in slots]
        return SimpleNamespace(slots=len(slots), slot=slots.__getitem__)

    def coordination(self) -> Coordination:
        sessions = self.market.sessions
        calendar = TimeManager("CRYPTO").over(sessions)
        return Coordination(Replay(self.catalog, sessions, calendar, self.shape, 0.0, 0), False)

    def processing(self) -> Processing:
        return Processing(self.shape, pack(self.plan, []), range(2), {})

    def analysis(self, **options: Any) -> Analysis:
        return Analysis(self.shape, pack_specs(self.specs, []), TERMS, None, 1, **options)


@pytest.fixture
def niceness(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """By how much processes have stepped aside."""
    found: list[int] = []
    monkeypatch.setattr(os, "nice", found.append)
    return found


@pytest.fixture
def run(tmp_path: Path, niceness: list[int]) -> Iterator[Run]:
    with StatsBlock.create(new_run_id(), metrics_rows(1, 1)) as stats:
        yield Run(tmp_path, stats)


def test_jobs_in_turn_come_to_what_the_run_comes_to(run: Run):
    ready = [Gate() for _ in range(3)]
    tape, producer = run.done(run.coordination(), "coordinator", *ready[:2])
    processed, reader = run.done(run.processing(), "processor 0", ready[2])
    analysed, last = run.done(run.analysis(), "engine 0", ready[2])
    assert isinstance(tape, TapeFacts)
    assert isinstance(processed, ProcessorFacts)
    assert isinstance(analysed, EngineFacts)
    assert tape.present == (20, 20)
    assert producer.taken == producer.released == reader.released == last.released > 2
    (expected,), _ = run_in_process(run.market, [Crosser()], Setup(), TERMS)
    (lane,) = analysed.lanes
    assert lane.record.digest == expected.digest
    assert lane.session_dates.tolist() == run.market.sessions.date_ns.tolist()
    assert tape.started_ns < analysed.finished_ns
    assert all(facts.memory.unique > 0 for facts in (tape, processed, analysed))


def test_all_others_are_ready_before_the_tape_starts(run: Run):
    gates = [Gate(), Gate(dismissed=True), Gate()]
    _, producer = run.done(run.coordination(), "coordinator", *gates)
    assert [gate.calls for gate in gates] == [["waited for"]] * 3
    assert producer.taken > 2
    other = Gate()
    run.done(run.processing(), "processor 0", other)
    run.done(run.analysis(), "engine 0", other)
    assert other.calls == ["ready", "ready"]


def kernels() -> dict[str, Kernel]:
    """All kernels of the package, by module and name."""
    modules = [module for name, module in sys.modules.items() if name.startswith("pipeline.")]
    return {
        f"{one.__module__}:{one.py_func.__name__}": one
        for module in modules
        for one in vars(module).values()
        if type(one) is Kernel
    }


def versions() -> dict[str, list[Any]]:
    """Signatures for which kernels have machine code in this process."""
    found = {name: vars(kernel).get("entry") for name, kernel in kernels().items()}
    return {name: list(entry.overloads) for name, entry in found.items() if entry is not None}


class Ready(Gate):
    """Notes which machine code there is when a member is ready, or asks whether others are."""

    def signal_ready(self) -> None:
        self.versions = versions()

    wait_until_ready = signal_ready


def test_what_members_compile_before_the_tape_starts_is_what_the_tape_needs(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A kernel that is first called with an array of another type is compiled twice."""
    monkeypatch.setattr("pipeline.native.kept_code.KeptCode.is_empty", lambda self: True)
    for kernel in kernels().values():
        for kept in ("entry", "of_integers"):  # what other tests have compiled is not at hand
            vars(kernel).pop(kept, None)
    run = Run(tmp_path, run.stats, "compiled")
    analysis = run.analysis()
    (folder := tmp_path / "results").mkdir()
    compiled: dict[str, list[Any]] = {}
    for job, role in (
        (replace(run.coordination(), walks=True), "coordinator"),  # relieves the engine
        (run.processing(), "processor 0"),
        (replace(analysis, folder=folder), "engine 0"),
    ):
        ready = Ready()
        run.done(job, role, ready)
        compiled = ready.versions | compiled
        assert {name: versions()[name] for name in compiled} == compiled, role
    assert {"pipeline.results.tally:absorb_at", "pipeline.tape.schedule:_read"} <= set(compiled)


def test_coordinator_and_processor_step_aside_for_the_engine(run: Run, niceness: list[int]):
    run.done(run.coordination(), "coordinator")
    run.done(run.processing(), "processor 0", Gate())
    assert niceness == [5, 5]
    run.done(run.analysis(), "engine 0", Gate())
    assert niceness == [5, 5]


def test_every_member_counts_and_begins_its_session_anew(run: Run):
    run.done(run.coordination(), "coordinator")
    run.done(run.processing(), "processor 0", Gate())
    run.done(run.analysis(), "engine 0", Gate())
    rows = run.stats.snapshot()
    for role, timer in (("processor 0", "data_processor"), ("engine 0", "analysis_engine")):
        full, session = rows[role].full, rows[role].session
        assert full.counters["bars"] == 40
        assert full.counters["slots"] == full.timers[timer].count
        begun = rows["coordinator"].session.counters
        assert session.counters["slots"] == begun["slots"] == session.timers[timer].count
        assert session.counters["bars"] == begun["bars"]
        assert 0 < session.counters["bars"] < 40
    assert rows["engine 0"].full.counters["sessions"] == 2
    assert rows["engine 0"].session.counters["sessions"] == 1


def test_an_engine_that_fails_leaves_whole_result_files(run: Run, tmp_path: Path):
    run.done(run.coordination(), "coordinator")
    run.done(run.processing(), "processor 0", Gate())
    folder = tmp_path / "results"
    folder.mkdir()
    job = run.analysis()
    job = Analysis(job.shape, job.specs, job.terms, folder, 1)

    def fail() -> None:
        raise KeyboardInterrupt

    gate = Gate()
    gate.signal_ready = fail  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        run.done(job, "engine 0", gate)
    rows = {file.stem: pq.read_table(file).num_rows for file in folder.iterdir()}
    assert rows == dict.fromkeys(("equity", "fills", "orders", "round_trips"), 0)

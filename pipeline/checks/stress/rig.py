"""One measured run: a market, a number of lanes and a setting, as fast as it goes or at a rate.

A rig runs what a run or a sweep would, with the same processes and the same ring, but without a run
folder of the user's. A run of one lane writes its tables, as `run` does, into a folder that is
removed at once. Runs of several lanes write none, as in a sweep.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.checks.stress.result import Load, Setting
from pipeline.config.session import SessionConfig
from pipeline.runner.crew import Crew
from pipeline.runner.lanes import Lanes, make_lanes
from pipeline.runner.memory import check_members, check_memory, shape_within
from pipeline.runner.preparation import Division, Preparation, divide_evenly, prepare, work_of
from pipeline.runner.starting import start_context
from pipeline.runner.verdict import Load as VerdictLoad
from pipeline.runner.verdict import Verdict, verdict_of
from pipeline.runner.work import Work
from pipeline.stages.facts import RunFacts
from pipeline.stages.jobs import Coordination
from pipeline.stages.stage_times import MemberTime, member_times
from pipeline.sweeps.executors.memory import TreeMemory
from pipeline.tape.offer import Offer
from shm.histogram import Distribution
from shm.space import available_shared_memory
from shm.stats import StatsBlock

#: Is called about ten times a second during a run.
Onlooker = Callable[[Crew], None]
#: Shows a crew to onlookers of other processes while the block lasts.
Shown = Callable[[Crew], AbstractContextManager[None]]


def to_nobody(crew: Crew) -> AbstractContextManager[None]:
    """Show a crew to nobody."""
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Case:
    """What is run."""

    setting: Setting
    #: The first so many symbols, the strategy so many times, these intervals.
    symbols: int
    lanes: int
    streams: tuple[str, ...]
    #: At least so many base bars, if the market has them.
    bars: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run has shown."""

    case: Case
    load: Load
    #: Seconds from the start of the tape to the last result.
    seconds: float
    times: tuple[MemberTime, ...]
    verdict: Verdict
    peak_bytes: int
    #: When the tape began, on the monotonic clock in seconds.
    began: float
    #: At times of that clock, the base bars that the slowest engine had walked.
    walked: tuple[tuple[float, int], ...]
    #: Of bars that were offered: of each bar of each engine, and of the generator; in ns.
    latency: Distribution
    lag: Distribution

    @property
    def bars_per_second(self) -> float:
        """Base bars walked in a second."""
        return self.load.bars / self.seconds

    @property
    def evaluations_per_second(self) -> float:
        """Bars seen by lanes in a second."""
        return self.bars_per_second * self.load.lanes


@dataclass
class Rig:
    """Runs cases of one market and strategy.

    ``settings`` name the market; their ``pipeline`` section does not count. ``alter`` may change
    the jobs of a run before it starts. During a run the block of ``shown`` lasts.
    """

    settings: SessionConfig
    alter: Callable[[Work], Work] = lambda work: work
    shown: Shown = to_nobody
    _context: Any = None
    _prepared: dict[tuple[Any, ...], tuple[Lanes, Preparation]] = field(default_factory=dict)

    def run(
        self, case: Case, offer: Offer | None = None, onlooker: Onlooker = lambda crew: None
    ) -> Measured:
        """Run a case, at the rate of ``offer`` or as fast as it goes; return what it has shown.

        Raises what `run` raises, and whatever ``onlooker`` raises.
        """
        if self._context is None:
            self._context = start_context(self.settings.pipeline.start_method)
        lanes, preparation = self._prepare(case)
        settings = preparation.settings
        shape = shape_within(settings, lanes, available_shared_memory() // case.setting.slots)
        check_memory(settings, lanes, shape)
        check_members(case.setting.processors, case.setting.engines)
        with tempfile.TemporaryDirectory(prefix="ringtape-stress-") as folder:
            tables = Path(folder) if case.lanes == 1 else None
            division = Division(divide_evenly(case.lanes, case.setting.engines), tables)
            work = _offered(work_of(preparation, lanes, shape, division), offer)
            crew = Crew(
                self._context,
                self.alter(work),
                slots=case.setting.slots,
                slot_size=shape.layout.size,
                mode="data",
                title=f"{settings.session_name} (stress)",
                bars=preparation.extent.bars,
            )
            return self._measured(case, preparation, crew, onlooker)

    def _measured(
        self, case: Case, preparation: Preparation, crew: Crew, onlooker: Onlooker
    ) -> Measured:
        memory = TreeMemory()
        walked: list[tuple[float, int]] = []

        def tick(stats: StatsBlock) -> None:
            memory.sample()
            walked.append((time.monotonic(), _walked(stats, crew.engines)))
            onlooker(crew)

        with crew, self.shown(crew):
            crew.start(tick)
            facts = crew.watch(tick)
            memory.end(crew, facts)
            return _measure(case, preparation, crew, facts, memory.peak, walked)

    def _prepare(self, case: Case) -> tuple[Lanes, Preparation]:
        """Return the lanes of a case and what is known of its market, found once for each load."""
        key = (case.symbols, case.lanes, case.streams, case.bars)
        if key not in self._prepared:
            settings = self._settings_of(case)
            self._prepared[key] = make_lanes(settings, None), prepare(settings)
        lanes, preparation = self._prepared[key]
        whole = preparation.settings.model_dump()
        chosen = SessionConfig.load({**whole, "pipeline": self._section(case.setting)})
        return lanes, replace(preparation, settings=chosen)

    def _section(self, setting: Setting) -> dict[str, Any]:
        return {**setting.section(), "start_method": self.settings.pipeline.start_method}

    def _settings_of(self, case: Case) -> SessionConfig:
        whole = self.settings.model_dump()
        data = whole["session_data_config"]
        symbols = data["symbols"][: case.symbols]
        strategies = whole["strategy"]
        many = strategies if isinstance(strategies, list | tuple) else [strategies]
        repeated = [many[number % len(many)] for number in range(case.lanes)]
        return SessionConfig.load(
            {
                **whole,
                "sweep": None,
                "strategy": repeated,
                "session_data_config": {**data, "symbols": symbols, "streams": case.streams},
                "backtest_config": {
                    **whole["backtest_config"],
                    "speed_multiplier": 0.0,
                    "start_date": self._first_date(case),
                },
            }
        )

    def _first_date(self, case: Case) -> str:
        """Return the date from which on the market has the bars of a case, as ISO 8601."""
        whole = self.market(case.symbols).extent
        sessions = whole.sessions
        share = min(1.0, case.bars / max(1, whole.bars))
        index = len(sessions) - max(1, int(np.ceil(share * len(sessions))))
        return str(np.datetime64(int(sessions.date_ns[index]), "ns").astype("M8[D]"))

    def market(self, symbols: int) -> Preparation:
        """Return what is known of the whole market of the first ``symbols`` symbols."""
        key = (symbols,)
        if key not in self._prepared:
            whole = self.settings.model_dump()
            data = whole["session_data_config"]
            chosen = {**data, "symbols": data["symbols"][:symbols]}
            settings = SessionConfig.load({**whole, "session_data_config": chosen})
            self._prepared[key] = make_lanes(settings, None), prepare(settings)
        return self._prepared[key][1]


def _offered(work: Work, offer: Offer | None) -> Work:
    """Return the jobs of a run whose bars are offered at a rate."""
    if offer is None:
        return work
    replay = replace(work.coordination.replay, offer=offer)
    return Work(
        Coordination(replay, work.coordination.walks),
        work.processing,
        [replace(job, offer=offer) for job in work.analysis],
    )


def _walked(stats: StatsBlock, engines: Sequence[str]) -> int:
    rows = stats.counters()
    return min(rows[engine]["bars"] for engine in engines)


def _measure(
    case: Case,
    preparation: Preparation,
    crew: Crew,
    facts: RunFacts,
    peak: int,
    walked: Sequence[tuple[float, int]],
) -> Measured:
    tape, end = facts.tape, facts.finished_ns
    assert tape is not None
    assert end is not None
    seconds = (end - tape.started_ns) / 1e9
    times = member_times(crew.stats)
    rows = crew.stats.snapshot()
    load = Load(
        symbols=case.symbols,
        lanes=case.lanes,
        streams=case.streams,
        bars=tape.bars,
        sessions=tape.sessions,
    )
    judged = VerdictLoad.of(
        preparation.settings,
        lanes=case.lanes,
        slots=rows["coordinator"].full.counters["slots"],
        seconds=seconds,
        interpreted=any(one.mode == "interpreted" for one in preparation.settings.strategies),
    )
    return Measured(
        case,
        load,
        seconds,
        times,
        verdict_of(times, judged),
        peak,
        tape.started_ns / 1e9,
        tuple(walked),
        Distribution.merge(rows[engine].full.timers["latency"] for engine in crew.engines),
        rows["coordinator"].full.timers["lag"],
    )

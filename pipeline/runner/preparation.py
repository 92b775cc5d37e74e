"""Prepares a run before its processes start: sessions, terms, and the jobs of the processes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config.session import SessionConfig
from pipeline.dependencies.editions import editions
from pipeline.errors import ConfigError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.time.time_manager import SessionTable
from pipeline.results.year import Year
from pipeline.runner.actions import RunActions, read_actions
from pipeline.runner.benchmark import Benchmark, read_benchmark
from pipeline.runner.extent import Extent, find_extent
from pipeline.runner.lanes import Lanes
from pipeline.runner.terms import auctions_in, terms_of, time_manager
from pipeline.runner.work import Work
from pipeline.runner.year import year_of
from pipeline.strategy.source import pack
from pipeline.tape.open_files import allow_open_files

if TYPE_CHECKING:
    from pipeline.lane.spec import Terms
    from pipeline.stages.halving import HalvingPlan
    from pipeline.tape.slot import SlotShape


@dataclass(frozen=True)
class Preparation:
    """All that the lanes of a run share."""

    settings: SessionConfig
    #: The sessions and base bars, and what is to be said of them.
    extent: Extent
    benchmark: Benchmark | None
    actions: RunActions
    #: The terms on which all lanes trade.
    terms: "Terms"
    #: The year that figures are scaled to.
    year: Year

    @property
    def sessions(self) -> SessionTable:
        """The sessions of the run."""
        return self.extent.sessions


def prepare(
    settings: SessionConfig, verifying: Callable[[int, int], None] = lambda number, count: None
) -> Preparation:
    """Check that there is something to replay, and read the benchmark and corporate actions.

    ``verifying`` is called as by `find_extent`. Raises ConfigError and DataError.
    """
    if settings.mode == "live":
        raise ConfigError(
            'mode is "live", which needs a feed; this version replays history: use "backtest"'
        )
    allow_open_files(len(settings.session_data_config.symbols))
    extent = find_extent(settings, time_manager(settings), verifying)
    sessions = extent.sessions
    benchmark = read_benchmark(settings, sessions)
    actions = read_actions(settings, sessions)
    terms = replace(terms_of(settings, sessions), actions=actions.events)
    year = year_of(settings, time_manager(settings))
    return Preparation(settings, extent, benchmark, actions, terms, year)


def shape_of(settings: SessionConfig, lanes: Lanes, rows: int | None = None) -> "SlotShape":
    """Return the shape of the slots; ``rows`` overrides their usual number of rows."""
    from pipeline.tape.slot import SlotShape

    data = settings.session_data_config
    return SlotShape.plan(
        data.symbols,
        data.streams,
        [lanes.plan.columns(interval) for interval in data.streams],
        lookback=lanes.lookback,
        rows=settings.pipeline.slot_rows if rows is None else rows,
        quality=data.gap_filler.enable_session_quality,
        interpreted=any(spec.mode == "interpreted" for spec in lanes.specs),
    )


@dataclass(frozen=True)
class Division:
    """How a run's lanes are divided among engines, and how engines treat them."""

    #: Numbers of the lanes of each engine.
    shares: Sequence[Sequence[int]]
    #: Folder of the result tables; None if there are none.
    folder: Path | None
    #: Whether a lane that raises or takes too long ends alone (`stages.jobs.Analysis`).
    tolerant: bool = False
    #: Most processor time of a lane in ns; 0 for any.
    limit: int = 0
    #: How lanes are compared while they run; None if they are not.
    halving: "HalvingPlan | None" = None


def divide_evenly(lanes: int, engines: int) -> list[range]:
    """Return the numbers of the lanes of each engine, dealt in turn."""
    return [range(part, lanes, engines) for part in range(engines)]


def work_of(
    preparation: Preparation,
    lanes: Lanes,
    shape: "SlotShape",
    division: Division,
    *,
    travels: bool = True,
) -> Work:
    """Return the jobs of a run: symbols are divided among processors, lanes among engines.

    ``travels``: whether the jobs go to other processes, so that strategies are packed.
    """
    from pipeline.lane.sent import pack_specs
    from pipeline.stages.coordinator import Replay
    from pipeline.stages.jobs import Analysis, Coordination, Processing, share

    settings, actions = preparation.settings, preparation.actions
    pace = settings.backtest_config
    replay = Replay(
        str(Catalog(settings.catalog).path.absolute()),
        preparation.sessions,
        time_manager(settings).over(preparation.sessions),
        shape,
        pace.speed_multiplier,
        pace.prefetch_days,
        actions.splits,
        actions.scales,
        # A slot ends after the last session of each rung, so that engines compare lanes there.
        () if division.halving is None else division.halving.rungs,
        auctions_in(settings),
    )
    processors = settings.pipeline.processors
    # Compared by processors, because a sweep goes on without an engine that fails.
    known = editions({type(spec.strategy): None for spec in lanes.specs})
    plan = pack(lanes.plan, lanes.names, known) if travels else lanes.plan
    folder = None if division.folder is None else division.folder.absolute()
    by_number = {spec.number: spec for spec in lanes.specs}
    return Work(
        Coordination(replay, any(spec.mode == "compiled" for spec in lanes.specs)),
        [
            Processing(shape, plan, share(len(shape.symbols), processors, part), actions.splits)
            for part in range(processors)
        ],
        [
            Analysis(
                shape,
                pack_specs(specs, lanes.names) if travels else specs,
                preparation.terms,
                folder,
                len(lanes.specs),
                division.tolerant,
                division.limit,
                division.halving,
            )
            for specs in ([by_number[number] for number in numbers] for numbers in division.shares)
        ],
    )

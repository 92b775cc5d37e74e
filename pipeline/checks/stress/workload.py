"""What stress runs: a market that is long enough, and the lanes of a run or a sweep."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.checks.stress.market import enlarged
from pipeline.checks.stress.result import Setting, Workload
from pipeline.checks.stress.rig import Case, Rig, Shown, to_nobody
from pipeline.config.examples import example_path
from pipeline.config.session import SessionConfig
from pipeline.config.sweep import OPTUNA_METHODS
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.lock import catalog_lock
from pipeline.market.catalog.sample import sample_is_current, write_sample
from pipeline.native.cache_folder import cache_folder
from pipeline.sweeps.roster import Roster
from pipeline.sweeps.search.search import make_search
from shm.processors import usable_processors

#: Lanes of a sweep that stress runs at once. Beyond so many a bar takes its time by the lanes.
MOST_LANES: Final = 64
#: Sets of a larger space are looked at up to this one, and chosen evenly among them.
_LOOKED_AT: Final = 10_000
#: Seconds of replay for which a case of the closed loop gets bars, and the bars of a first try.
RUN_SECONDS: Final = 0.5
_TRY_BARS: Final = 100_000
#: The market has bars for so many seconds of the rate as fast as it goes, and at most so many.
_MARKET_SECONDS: Final = 3.0
_MOST_BARS: Final = 40_000_000


def sample_settings() -> SessionConfig:
    """Return the configuration of the sample, whose market is kept in the cache."""
    place = cache_folder() / "stress" / "sample"
    place.mkdir(parents=True, exist_ok=True)
    with catalog_lock(place.parent):
        catalog = Catalog(place)
        if not sample_is_current(catalog):
            write_sample(catalog)
    whole = SessionConfig.load(example_path("stress.json")).model_dump()
    return SessionConfig.load({**whole, "catalog": place.as_posix()})


@dataclass
class Prepared:
    """A rig over a market that is long enough, and the case that its configuration describes."""

    rig: Rig
    own: Case
    described: Workload
    #: Bars per second of the configuration's own case, as fast as it goes, by a first try.
    rate: float

    def with_bars(self, case: Case) -> Case:
        """Return a case of another load with as many bars as a run of half a second takes."""
        tried = self.rig.run(_of_bars(case, _TRY_BARS))
        return _of_bars(case, max(_TRY_BARS, int(tried.bars_per_second * RUN_SECONDS)))


def prepare_workload(settings: SessionConfig, name: str, shown: Shown = to_nobody) -> Prepared:
    """Return what stress runs for a configuration; ``name``: what it is called.

    Onlookers are shown its runs by ``shown``.

    The market is repeated on disk until it is long enough for this machine. Raises what `run` and
    `sweep` raise for a configuration that is wrong.
    """
    strategies = _strategies(settings)
    lanes = len(strategies)
    # A benchmark may have no bars in a market that is repeated.
    only = {"sweep": None, "benchmark": None, "strategy": strategies}
    plain = SessionConfig.load({**settings.model_dump(), **only})
    data = settings.session_data_config
    case = Case(_setting(settings, lanes), len(data.symbols), lanes, data.streams, _TRY_BARS)
    first = Rig(enlarged(plain, _TRY_BARS).settings, shown=shown)
    first.run(case)  # compiles, and starts the fork server
    rate = first.run(case).bars_per_second
    wanted = min(_MOST_BARS, max(_TRY_BARS, int(rate * _MARKET_SECONDS)))
    market = enlarged(plain, wanted)
    rig = Rig(market.settings, shown=shown)
    measured = rig.run(_of_bars(case, max(_TRY_BARS, int(rate * RUN_SECONDS))))
    rate = measured.bars_per_second
    own = _of_bars(case, max(_TRY_BARS, int(rate * RUN_SECONDS)))
    described = Workload(
        name=name,
        strategy=strategies[0]["name"],
        mode=strategies[0]["mode"],
        load=measured.load.model_copy(
            update={"bars": market.bars, "sessions": len(rig.market(case.symbols).sessions)}
        ),
        laps=market.laps,
    )
    return Prepared(rig, own, described, rate)


def _of_bars(case: Case, bars: int) -> Case:
    return Case(case.setting, case.symbols, case.lanes, case.streams, bars)


def _setting(settings: SessionConfig, lanes: int) -> Setting:
    """Return the setting to begin with: the configuration's own, engines as a sweep has them."""
    pipeline = settings.pipeline
    engines = pipeline.engines
    if "engines" not in pipeline.model_fields_set:
        engines = min(lanes, usable_processors().usable)
    return Setting(
        processors=min(pipeline.processors, len(settings.session_data_config.symbols)),
        engines=min(engines, lanes),
        slots=pipeline.slots,
        slot_rows=pipeline.slot_rows,
    )


def _strategies(settings: SessionConfig) -> list[dict[str, Any]]:
    """Return the strategy section of the lanes: those of a run, or some of a sweep's sets."""
    if settings.sweep is None:
        return [one.model_dump() for one in settings.strategies]
    method: dict[str, Any] = {"pruning": None}
    if settings.sweep.method in OPTUNA_METHODS:
        method |= {"method": "random", "samples": MOST_LANES}
    whole = settings.model_dump()
    roster = Roster(SessionConfig.load({**whole, "sweep": {**whole["sweep"], **method}}), None)
    sets = make_search(roster.sweep, roster.space, None).ask(_LOOKED_AT)
    count = min(len(sets), MOST_LANES)
    chosen = [sets[number * len(sets) // count] for number in range(count)]
    return [
        {
            "name": entry.name,
            "parameters": dict(entry.parameters),
            "mode": entry.lane.mode,
            "symbols": list(entry.lane.symbols) or None,
        }
        for entry in roster.entries(chosen, 0)
    ]


def read_workload(config: Path | None, overrides: Iterable[str] = ()) -> tuple[SessionConfig, str]:
    """Return the settings of a configuration and its name; None stands for the sample.

    ``overrides`` are settings to replace, each ``"dotted.path=value"``.
    """
    if config is None:
        return SessionConfig.load(sample_settings().model_dump(), overrides), "the sample"
    return SessionConfig.load(config, overrides), config.as_posix()

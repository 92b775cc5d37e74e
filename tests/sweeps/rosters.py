"""Rosters of one strategy on two symbols of the sample, and the lanes of all their sets."""

from pathlib import Path
from typing import Any

from pipeline import SessionConfig
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.runner.lanes import Lanes
from pipeline.sweeps.roster import Roster
from pipeline.sweeps.search.search import make_search
from tests.reference.processes import settings_of


def roster_of(sample: Path, lanes: int = 8, **settings: Any) -> Roster:
    config = settings_of("US_EQUITY", "2024-11-25", "2024-12-02", SYMBOLS[:2], ["1m"], sample)
    config["strategy"] = {"name": "tests.reference.traders:Crosser"}
    config["sweep"] = {"space": {"fast": {"from": 2, "to": 1 + lanes}}, "score": "total_return"}
    return Roster(SessionConfig.load(config | settings), None)


def lanes_of(roster: Roster) -> Lanes:
    sets = make_search(roster.sweep, roster.space, Path("none")).ask(10_000)
    return roster.lanes(roster.entries(sets, 0))

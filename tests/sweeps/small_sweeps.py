"""Small sweeps of the sample, and what they come to."""

from pathlib import Path
from typing import Any

from pipeline.market.catalog.sample import SYMBOLS
from pipeline.sweeps.ledger.ledger import LaneRow
from tests.reference.processes import settings_of

FIRST, LAST = "2024-11-25", "2024-12-02"


def small(sample: Path, **section: Any) -> dict[str, Any]:
    """Compiled averages over one symbol; ``section`` changes the sweep's."""
    settings = settings_of("US_EQUITY", FIRST, LAST, SYMBOLS[:1], ["1m"], sample)
    settings["strategy"] = {"name": "pipeline.strategy.examples:SmaCross"}
    space = {"fast": {"from": 3, "to": 14}, "slow": [20, 30]}
    settings["sweep"] = {"space": space, "score": "total_return", "best": 0, **section}
    return settings


def known(rows: list[LaneRow]) -> list[tuple]:
    """All that a ledger says of lanes, but for the time they took."""
    return [
        (row.key, row.parameters, row.universe, row.state, row.error, row.digest, row.statistics)
        for row in rows
    ]

"""Where the rounds take place: what is prepared once, and the folder of each round.

    prepared/  as `prepare` makes it
    round/     catalog/  csv/  cache/  out/  tmp/  strategies.py  config.json

A round has copies of its own, so that an accident in one does not reach another.
"""

import json
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.market.catalog.catalog import Catalog
from pipeline.sweeps.ledger.ledger import Ledger
from tests.chaos.plan import MARKETS, Plan
from tests.reference.own_process import environment

#: The variable that tells all processes of a round from others.
MARK = "RINGTAPE_CHAOS_ROUND"
SPACE = {"fast": [3, 4, 5, 6], "slow": [9, 20]}


@dataclass(frozen=True)
class Place:
    """The folder of one round, and what its commands are started with."""

    prepared: Path
    folder: Path
    mark: str

    @property
    def ledger(self) -> Path:
        """The ledger of its sweeps."""
        return self.folder / "out" / "ledger"

    def variables(self, **more: str | None) -> dict[str, str]:
        """The environment of the round's commands."""
        named = {
            MARK: self.mark,
            "RINGTAPE_CACHE_DIR": str(self.folder / "cache"),
            "TMPDIR": str(self.folder / "tmp"),
            "PYTHONDONTWRITEBYTECODE": "1",  # a process that is killed may leave half a file
            "COLUMNS": "200",
        }
        return environment(**{**named, **more})

    def restore(self) -> None:
        """Copy what an accident may have spoilt or removed: all but the output and the cache."""
        for name in ("out", "tmp", "cache"):
            (self.folder / name).mkdir(exist_ok=True)
        for name in ("catalog", "csv"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            shutil.copytree(self.prepared / name, self.folder / name)


def place_of(prepared: Path, folder: Path, plan: Plan) -> Place:
    """Make the folder of a round."""
    folder.mkdir(parents=True)
    place = Place(prepared, folder, uuid.uuid4().hex)
    place.restore()
    if not plan.empty:
        shutil.copytree(prepared / "cache", folder / "cache", dirs_exist_ok=True)
    if plan.action == "resume":
        shutil.copytree(prepared / f"half-{plan.market}", place.ledger)
    if plan.action == "import":
        shutil.copytree(prepared / "before", folder / "target")
    write_configuration(place, plan)
    return place


def write_configuration(place: Place, plan: Plan) -> None:
    """Write the configuration and the strategy of a round."""
    source = (place.prepared / "strategies.py").read_text()
    if plan.fresh:
        source = source.replace("EDITION = 0", f"EDITION = {1 + plan.number}")
    (place.folder / "strategies.py").write_text(source)
    settings = settings_of(plan.market, plan.mode, plan.pipeline)
    (place.folder / "config.json").write_text(json.dumps(settings))


def settings_of(market: str, mode: str, pipeline: dict[str, Any]) -> dict[str, Any]:
    """The configuration of runs and sweeps."""
    found = MARKETS[market]
    first, last = found["dates"]
    return {
        "session_name": "chaos",
        "exchange_group": "US_EQUITY",
        "backtest_config": {"start_date": first, "end_date": last},
        "session_data_config": {"symbols": found["symbols"], "streams": found["streams"]},
        "catalog": "catalog",
        "strategy": {"name": f"strategies.py:{found['strategy']}", "mode": mode},
        "pipeline": pipeline,
        "sweep": {"space": SPACE, "best": 1},
    }


def command(plan: Plan) -> list[str]:
    """The arguments of `ringtape` for the command of a round."""
    if plan.action == "import":
        return command_of_import()
    if plan.action == "run":
        return ["run", "config.json", "--json", "--out", "out", *["--inline"] * plan.inline]
    resume = ["--resume"] * (plan.action == "resume")
    return ["sweep", "config.json", "--json", "--out", "out", *resume]


def command_of_import() -> list[str]:
    """The arguments of `ringtape` for an import."""
    options = ["--interval", "1m", "--tz", "UTC", "--json"]
    return ["import", "csv", "--catalog", "target", *options]


def lanes_of(ledger: Path) -> dict[str, str]:
    """The digests of a ledger's lanes, or their states where they have none, by parameters."""
    with Ledger.open(ledger, create=False) as there:
        rows = there.lanes()
    return {json.dumps(row.parameters, sort_keys=True): row.digest or row.state for row in rows}


def contents_of(catalog: Path) -> list[str]:
    """The series of a catalog by name and hash, each of which was read to its end."""
    there = Catalog(catalog)
    for entry in there.entries():
        assert there.load(entry.symbol, entry.interval).num_rows == entry.rows
    return [f"{one.symbol} {one.interval} {one.rows} {one.sha256}" for one in there.entries()]

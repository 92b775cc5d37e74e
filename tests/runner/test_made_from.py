"""What a run was made from is in its summary: it tells code, data and Ringtape apart."""

import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pipeline
from pipeline import Result
from pipeline.market.catalog.catalog import Catalog
from pipeline.native.code_cache import source_hash
from tests.reference.own_process import python
from tests.reference.processes import settings_of

MINE = """from lots import LOT
from pipeline import Strategy


class Mine(Strategy):
    size: int = 1

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, LOT * self.size)
"""
FEES = "def fee(order):\n    return 1.0\n"
GUARDED = """
if __name__ == "__main__":
    from pipeline import run

    run("config.json", strategy=Mine)
"""

Made = Callable[..., dict[str, Any]]


@pytest.fixture
def made(sample: Path, tmp_path: Path) -> Made:
    """Run a strategy by a command, or as a script; give the entry of the summary."""
    config = settings_of("US_EQUITY", "2024-11-25", "2024-11-25", ["ALFA"], ["1m"], sample)
    config["strategy"] = {"name": "mine.py:Mine"}
    config["benchmark"] = "BRVO"
    config["execution"] = {"commission": "fees.py:fee"}
    (tmp_path / "config.json").write_text(json.dumps(config))

    def call(
        *options: str, mine: str = MINE, lots: str = "LOT = 100.0", script: bool = False
    ) -> dict[str, Any]:
        (tmp_path / "mine.py").write_text(mine + GUARDED)
        (tmp_path / "lots.py").write_text(f"{lots}\n")
        (tmp_path / "fees.py").write_text(FEES)
        command = ["-m", "pipeline.cli", "run", "config.json"]
        python(*(["mine.py"] if script else command), *options, cwd=tmp_path)
        entry: dict[str, Any] = Result.load(out=tmp_path / "runs").summary["made_from"]
        return entry

    return call


def test_the_code_counts_wherever_it_is_and_however_it_runs(made: Made):
    first = made()
    assert list(first["code"]) == ["mine.py:Mine", "fees.py:fee"]
    mine, fee = first["code"].values()
    for other in (
        made("--set", "strategy.name=mine:Mine"),
        made("--inline"),
        made("--set", "strategy.parameters.size=3"),
        made(script=True),
        made(mine=MINE.replace("    size", "    # The number of lots.\n    size")),
    ):
        assert list(other["code"].values()) == [mine, fee]
    for other in (
        made(mine=MINE.replace("LOT * self.size", "LOT + self.size")),
        made(mine=MINE.replace("size: int = 1", "size: int = 2")),
        made(lots="LOT = 200.0"),
    ):
        assert other["code"]["mine.py:Mine"] != mine
        assert other["code"]["fees.py:fee"] == fee


def test_data_and_ringtape_are_those_of_the_run(made: Made, sample: Path):
    entry, catalog = made(), Catalog(sample)
    assert entry["bars"] == {
        f"{symbol} 1m": catalog.entry(symbol, "1m").sha256 for symbol in ("ALFA", "BRVO")
    }
    assert entry["actions"] == {"ALFA": None, "BRVO": None}
    assert entry["python"] == platform.python_version()
    assert (entry["ringtape"], entry["sources"]) == (pipeline.__version__, source_hash())

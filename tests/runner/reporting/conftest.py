"""One run of the sample market with stops and targets, two lanes, and its page."""

from pathlib import Path

import pytest

from pipeline.results.folder import RunFolder
from pipeline.runner.run import run
from tests.reference.processes import settings_of

STRATEGY = "pipeline.strategy.examples:RsiReversion"


@pytest.fixture(scope="session")
def reported_folder(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    settings = settings_of(
        "US_EQUITY", "2024-11-18", "2024-12-03", ["ALFA", "BRVO"], ["1m", "5m"], sample
    )
    settings["benchmark"] = "CHRL"
    settings["execution"] = {"commission_per_share": 0.005, "slippage": 0.01}
    settings["strategy"] = [
        {"name": STRATEGY, "parameters": {"quantity": quantity}} for quantity in (100, 50)
    ]
    result = run(settings, out=tmp_path_factory.mktemp("reported"))
    return RunFolder(result.run_dir)

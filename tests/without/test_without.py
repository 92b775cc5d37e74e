"""What other systems lack is taken away from all processes, one thing at a time."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.reference.own_process import environment, python
from tests.reference.processes import assert_nothing_left, settings_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the other systems lack it anyway")

#: What is taken away, and whether runs need to be started by "spawn" then.
TAKEN_AWAY = {
    "affinity": "forkserver",
    "fcntl": "forkserver",
    "forkserver": "spawn",
    "getuid": "forkserver",
    "listing": "forkserver",
    "posixshmem": "forkserver",
    "proc": "forkserver",
    "reserving": "forkserver",
    "resource": "forkserver",
}

SPINE = """
import json, os, signal, sys
from pathlib import Path

from pipeline import run, sweep
from pipeline.errors import RunError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series
from tests.reference.processes import members

if __name__ == "__main__":
    settings = json.loads(Path("settings.json").read_text())
    there = Catalog(settings["catalog"])
    table = there.load("ALFA", "1m")
    Catalog("again").write_all([Series("ALFA", "1m", table, "s")])
    assert Catalog("again").load("ALFA", "1m").equals(table)
    one = run({**settings, "catalog": "again"}, out="runs")
    found = [one.digest]
    swept = {**settings, "sweep": {"space": {"fast": [3, 4, 5], "slow": [9]}}}
    first = sweep(swept, out="sweeps", engines=2)
    again = sweep(swept, out="sweeps", engines=2, resume=True)
    assert (again.summary["resumed"], again.summary["passes"]) == (3, 0)
    found += [row.digest for row in again.rows]

    def kill(progress):
        pid = members().get("engine 0")  # None once it was killed
        if progress.bars and pid is not None:
            os.kill(pid, signal.SIGKILL)

    paced = {**settings["backtest_config"], "speed_multiplier": 600}
    try:
        run({**settings, "backtest_config": paced}, progress=kill)
    except RunError as error:
        assert "engine 0" in str(error), error
    else:
        raise SystemExit("the run went on without its engine")
    print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Any:
    """The digests on a system that lacks nothing."""
    return digests(tmp_path_factory.mktemp("right"), sample, "forkserver")


def digests(folder: Path, sample: Path, start_method: str, **variables: str) -> Any:
    """Run the spine in a folder, in an own process with these variables; return its digests."""
    settings = settings_of("US_EQUITY", "2024-10-22", "2024-10-23", ["ALFA"], ["1m"], sample)
    settings["pipeline"] = {"start_method": start_method}
    settings["strategy"] = {"name": "pipeline.strategy.examples:SmaCross"}
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "spine.py").write_text(SPINE)
    done = python("-B", "spine.py", env=environment(**variables), cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.mark.parametrize("what", TAKEN_AWAY)
def test_results_are_the_same_without(what: str, right: Any, sample: Path, tmp_path: Path):
    variables = environment()
    path = f"{Path(__file__).parent}:{variables['PYTHONPATH']}"
    found = digests(tmp_path, sample, TAKEN_AWAY[what], RINGTAPE_TEST_WITHOUT=what, PYTHONPATH=path)
    assert found == right
    assert_nothing_left()

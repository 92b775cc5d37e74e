"""What other systems lack is taken away from all processes: what one system lacks, in one run.

Of what is taken away together nothing hides another thing: a run asks for each, whatever became of
the others. Apart are those that would: without /proc a run on Linux needs `resource`, and where
/dev/shm is not listed no name in it is looked up in /proc.
"""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.reference.own_process import environment, python
from tests.reference.processes import assert_nothing_left, settings_of
from tests.reference.terminal import on_a_terminal

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the other systems lack it anyway")

#: What is taken away together (`sitecustomize`), by the kind of system that lacks it.
TAKEN_AWAY = {
    "macos": "affinity,listing,long_names,proc,reserving,timed_waits",
    "windows": "code_page,fcntl,forkserver,listing,one_library,open_removed,resource,unix,zones",
    "container": "posixshmem,proc",
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
    swept = {**settings, "sweep": {"space": {"fast": [3, 4, 5], "slow": [9]}, "best": 0}}
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


#: A strategy whose file, name and output have characters that the code page of Windows lacks.
STRATEGY = """
from pipeline import Strategy

class Купить(Strategy):
    size: float = 1.0

    def on_start(self, ctx):
        print("купить → 市")

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, self.size)
"""
BARS = """ts,open,high,low,close,volume
2024-11-25 14:30:00,5,6,4,5,100
2024-11-25 14:31:00,5,7,5,6,100
2024-11-25 14:32:00,6,7,6,7,100
"""
COMMAND = "from pipeline.cli import main; main()"


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Any:
    """The digests on a system that lacks nothing."""
    return digests(tmp_path_factory.mktemp("right"), sample, environment())


def digests(folder: Path, sample: Path, variables: dict[str, str]) -> Any:
    """Run the spine in a folder, in an own process with these variables; return its digests."""
    settings = settings_of("US_EQUITY", "2024-10-22", "2024-10-23", ["ALFA"], ["1m"], sample)
    settings["strategy"] = {"name": "pipeline.strategy.examples:SmaCross"}
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "spine.py").write_text(SPINE)
    done = python("-B", "spine.py", env=variables, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def without(system: str) -> dict[str, str]:
    """The variables of a process from which all is taken away that a kind of system lacks."""
    path = f"{Path(__file__).parent}:{environment()['PYTHONPATH']}"
    return environment(RINGTAPE_TEST_WITHOUT=TAKEN_AWAY[system], PYTHONPATH=path)


@pytest.mark.parametrize("system", TAKEN_AWAY)
def test_results_are_the_same_without(system: str, right: Any, sample: Path, tmp_path: Path):
    assert digests(tmp_path, sample, without(system)) == right
    assert_nothing_left()


def test_commands_write_what_the_code_page_of_windows_lacks(tmp_path: Path):
    market = tmp_path / "Märkte 市"
    market.mkdir()
    (market / "市場.csv").write_text(BARS, encoding="utf-8")
    (tmp_path / "Стратегія.py").write_text(STRATEGY, encoding="utf-8")
    config = settings_of("US_EQUITY", "2024-11-25", "2024-11-25", ["市場"], ["1m"], market / "bars")
    config["strategy"] = {"name": "Стратегія.py:Купить", "mode": "interpreted"}
    text = json.dumps(config, ensure_ascii=False)
    (tmp_path / "Prüfung.json").write_text(text, encoding="utf-8")

    def ringtape(*words: str) -> str:
        options = {"env": without("windows"), "cwd": tmp_path, "encoding": "cp1252"}
        done = python("-B", "-c", COMMAND, *words, check=False, **options)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    shown = "市場".encode("ascii", "backslashreplace").decode()
    assert shown in ringtape("import", str(market), "--catalog", str(market / "bars"))
    assert shown in ringtape("catalog", str(market / "bars"))
    section = 'sweep={"space":{"size":[1.0,2.0]},"best":1}'
    swept = ringtape("sweep", "Prüfung.json", "--set", section, "--json")
    assert json.loads(swept)["lanes"] == 2
    words = shlex.join(["run", "Prüfung.json"])
    code = f"import os, shlex, sys; os.chdir({str(tmp_path)!r})\n"
    code += f"sys.argv[1:] = shlex.split({words!r})\n{COMMAND}"
    written = on_a_terminal(code, encoding="cp1252", **without("windows"))
    assert r"\u043a\u0443\u043f\u0438\u0442\u044c \u2192 \u5e02" in written
    assert r"\u041a\u0443\u043f\u0438\u0442\u044c" in written
    assert "Traceback" not in written
    assert_nothing_left()

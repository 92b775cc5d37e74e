"""A run whose terminal is closed: it ends with it, or goes on where SIGHUP is ignored."""

import json
import sys
from pathlib import Path

import pytest

from pipeline.market.catalog.sample import FIRST_DATE, SYMBOLS
from tests.reference.own_process import python
from tests.reference.processes import names_of, partial_folder, settings_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX terminals")

#: Runs a command in a terminal of its own, closes that when a date is shown, and prints the number
#: of the process and its exit code.
IN_TERMINAL = """
import os, pty, signal, sys

hang_up, date, *words = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    signal.signal(signal.SIGHUP, signal.SIG_DFL if hang_up == "ends" else signal.SIG_IGN)
    os.execv(sys.executable, [sys.executable, "-m", "pipeline.cli", *words])
shown = b""
while date.encode() not in shown:
    shown += os.read(terminal, 4096)
os.close(terminal)
print(pid, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.fixture
def config(sample: Path, tmp_path: Path) -> Path:
    """The configuration of a session that takes some seconds."""
    settings = settings_of("US_EQUITY", FIRST_DATE, FIRST_DATE, SYMBOLS[:1], ["1m"], sample)
    settings["backtest_config"]["speed_multiplier"] = 8000
    settings["strategy"] = {"name": "pipeline.strategy.examples:SmaCross"}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    return tmp_path / "config.json"


def ended(config: Path, hang_up: str) -> tuple[int, int]:
    """The number and the exit code of a run whose terminal is closed on the way."""
    words = ["run", config, "--out", config.parent / "runs"]
    done = python("-c", IN_TERMINAL, hang_up, FIRST_DATE, *words)
    pid, code = map(int, done.stdout.split())
    return pid, code


def test_a_run_that_ignores_sighup_goes_on_without_its_terminal(config: Path):
    pid, code = ended(config, "is ignored")
    assert code == 0
    (folder,) = (path for path in (config.parent / "runs").iterdir())
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["bars"], summary["partial"]) == (390, False)
    assert [path.name for path in folder.iterdir() if path.suffix == ".part"] == []
    assert names_of(pid) == []


def test_any_other_run_ends_with_its_terminal_and_keeps_what_it_had(config: Path):
    pid, code = ended(config, "ends")
    assert code == 129
    _, summary = partial_folder(config.parent / "runs")
    assert summary["partial"]
    assert names_of(pid) == []

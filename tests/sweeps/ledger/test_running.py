"""Which sweeps of a ledger are under way, as other processes see it."""

import subprocess
import sys
from pathlib import Path

from pipeline.sweeps.ledger.running import FOLDER, RunningMark, is_running
from tests.reference.own_process import environment

HOLDER = """
import sys
from pathlib import Path
from pipeline.sweeps.ledger.running import RunningMark
mark = RunningMark(Path(sys.argv[1]), "one")
print("held", flush=True)
sys.stdin.read()
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    line = [sys.executable, "-c", HOLDER, str(folder)]
    process = subprocess.Popen(
        line,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_sweep_runs_from_its_mark_until_it_is_closed(tmp_path: Path):
    assert not is_running(tmp_path, "one")
    mark = RunningMark(tmp_path, "one")
    assert is_running(tmp_path, "one")
    assert not is_running(tmp_path, "two")
    mark.close()
    mark.close()
    assert not is_running(tmp_path, "one")


def test_a_killed_sweep_does_not_run_and_the_next_removes_its_mark(tmp_path: Path):
    with holder(tmp_path) as process:
        assert is_running(tmp_path, "one")
        process.kill()
    assert not is_running(tmp_path, "one")
    mark = RunningMark(tmp_path, "two")
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == ["two"]
    mark.close()


def test_the_mark_of_a_sweep_that_runs_is_left_alone(tmp_path: Path):
    with holder(tmp_path) as process:
        RunningMark(tmp_path, "two").close()
        assert is_running(tmp_path, "one")
        process.communicate("")


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path):
    (tmp_path / FOLDER).write_text("in the way")
    RunningMark(tmp_path, "one").close()

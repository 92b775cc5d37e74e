"""`ringtape control`: what it takes, what it says, and a real run that it steers."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.controlling import said
from pipeline.watch.control import Steering
from pipeline.watch.live_runs import live_runs
from shm.names import LISTING, list_segments
from tests.cli.conftest import command_environment

AT = 1_730_821_320 * 10**9


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["walk"], "'walk' is not one of 'pause', 'resume', 'step', 'speed', 'stop'"),
        (["speed"], "speed takes a multiple of real time, 0 or more, none was given"),
        (["speed", "-1"], "speed takes a multiple of real time, 0 or more, was -1"),
        (["speed", "inf"], "0 or more, was inf"),
        (["speed", "nan"], "0 or more, was nan"),
        (["speed", "fast"], "0 or more, was fast"),
        (["step", "0"], "step takes how many moments, 1 to 1,000,000,000, was 0"),
        (["step", "1.5"], "was 1.5"),
        (["step", "1e30"], "was 1e30"),
        (["pause", "3"], "pause takes no number, was given 3"),
        ([], "Missing argument"),
    ],
)
def test_bad_input_gets_one_line(called, words: list[str], message: str):
    code, out, err = called("control", "ab12", *words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_verb_before_the_run_is_told_the_order(called):
    code, _, err = called("control", "pause", "ab12")
    assert code == 2
    assert "the run comes first: ringtape control ab12 pause" in err


@pytest.mark.skipif(not LISTING.is_dir(), reason="this system does not list shared memory")
def test_a_run_that_is_not_there_is_bad_input(called):
    code, _, err = called("control", "fffffff0", "pause")
    assert code == 2
    assert "no live run begins with 'fffffff0'" in err


def steering(**more: Any) -> Steering:
    known: dict[str, Any] = {"verb": "pause", "paused": False, "speed": 0.0, "close_ns": AT}
    known |= {"steps": 0, "steps_left": 0, "ended": False, "done": 0.41}
    return Steering("ab12", **({"kind": "run"} | known | more))


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (steering(paused=True), "paused at 2024-11-05 15:42Z, 41 % done"),
        (steering(paused=True, close_ns=None), "paused before its first moment, 41 % done"),
        (
            steering(verb="resume", speed=60.0),
            "goes on at 2024-11-05 15:42Z, at 60 times real time, 41 % done",
        ),
        (
            steering(verb="speed", paused=True, done=None),
            "paused at 2024-11-05 15:42Z, then goes as fast as it goes",
        ),
        (
            steering(verb="step", paused=True, steps=1),
            "1 moment handed on, paused at 2024-11-05 15:42Z, 41 % done",
        ),
        (
            steering(verb="step", paused=True, steps=312, steps_left=688),
            "312 of 1,000 moments handed on, goes on to step, now at 2024-11-05 15:42Z, 41 % done",
        ),
        (
            steering(kind="sweep", paused=True, close_ns=None),
            "paused between two passes, 41 % done",
        ),
        (
            steering(verb="step", ended=True, steps=2, steps_left=1, done=1.0),
            "2 of 3 moments handed on, its tape has ended, 100 % done",
        ),
        (steering(verb="stop", ended=True), "stopped at 2024-11-05 15:42Z, 41 % done"),
        (steering(verb="stop"), "is stopping at 2024-11-05 15:42Z, 41 % done"),
    ],
)
def test_one_line_says_what_is_now(found: Steering, text: str):
    assert said(found) == f"{found.kind} ab12: {text}"


@pytest.fixture
def run(sample: Path, settings_of_a_session, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A run in its own process that waits for its clock, some minutes for each session."""
    settings = settings_of_a_session(
        backtest_config={
            "start_date": "2024-10-22",
            "end_date": "2024-12-03",
            "speed_multiplier": 100.0,
        },
        session_data_config={"symbols": ["ALFA"], "streams": ["1m"]},
        catalog=str(sample),
    )
    (tmp_path / "it.json").write_text(json.dumps(settings))
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "run", "it.json"],
        cwd=tmp_path,
        env=command_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def id_of(process: "subprocess.Popen[str]") -> str:
    """The id of a process's run, once it is there."""
    while process.poll() is None:
        for found in live_runs():
            if found.pid == process.pid and found.describe()["state"] != "ending":
                return found.run_id
    raise AssertionError(process.communicate())


@pytest.mark.skipif(not LISTING.is_dir(), reason="this system does not list shared memory")
def test_a_run_is_steered_from_another_process_until_it_is_stopped(called, run, tmp_path: Path):
    run_id = id_of(run)
    code, out, err = called("control", run_id, "pause")
    while code:  # code is compiled first, where none is on disk
        assert "its tape has not begun" in err
        code, out, err = called("control", run_id, "pause")
    assert out.startswith(f"run {run_id}: paused ")
    steps = json.loads(called("control", run_id, "step", "390", "--json").out)
    assert (steps["run_id"], steps["steps"], steps["paused"]) == (run_id, 390, True)
    assert steps["close_ns"] > AT - 30 * 86_400 * 10**9
    assert "then goes as fast as it goes" in called("control", run_id, "speed", "0").out
    code, out, _ = called("control", run_id, "stop")
    assert code == 0
    assert out.startswith((f"run {run_id}: stopped at", f"run {run_id}: is stopping at"))
    _, errors = run.communicate()
    assert run.returncode == 3
    last = errors.splitlines()[-1]
    assert last.startswith("ringtape: stopped by ringtape control (process ")
    assert "partial results: " in last
    assert errors.splitlines()[0] == "paused by ringtape control"
    assert [name for name in list_segments() if name.owner_pid == run.pid] == []
    (folder,) = (tmp_path / "runs").iterdir()
    assert "stopped by ringtape control" in (folder / "PARTIAL").read_text()

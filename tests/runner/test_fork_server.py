"""A fork server that is stopped, dies or cannot be reached is named; the next run has another."""

import itertools
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from multiprocess import forkserver

from pipeline import run
from pipeline.errors import RunError
from pipeline.runner.fork_server import end_server, server_pid
from pipeline.runner.starting import start_context
from tests.reference.processes import assert_nothing_left, settings_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork server")


@pytest.fixture
def config(sample: Path) -> dict[str, Any]:
    """A run of one session, and a fork server for it."""
    start_context("forkserver")
    found = settings_of("US_EQUITY", "2024-10-22", "2024-10-22", ["ALFA"], ["1m"], sample)
    found["strategy"] = {"name": "pipeline.strategy.examples:SmaCross", "mode": "interpreted"}
    return found


def own_server() -> int:
    pid = server_pid()
    assert pid is not None
    return pid


def assert_the_next_run_is_right(config: dict[str, Any], out: Path) -> None:
    assert_nothing_left()
    assert run(config, out=out).summary["partial"] is False


def test_a_stopped_one_is_named_while_a_run_waits_for_its_answer(config, tmp_path: Path):
    told = []

    def tell(progress: Any) -> None:
        if progress.stuck and not told:
            told.append(progress.stuck)
            os.kill(pid, signal.SIGCONT)

    pid = own_server()
    os.kill(pid, signal.SIGSTOP)
    found = run(config, out=tmp_path, progress=tell)
    assert told[0].startswith(f"the fork server (process {pid}) is stopped (`kill -CONT {pid}` ")
    assert found.digest == run(config, out=tmp_path).digest
    assert_nothing_left()


def test_a_stopped_one_ends_the_run_after_the_limit_that_was_set(config, tmp_path: Path):
    pid = own_server()
    os.kill(pid, signal.SIGSTOP)
    limited = {**config, "pipeline": {"held_up_seconds": 3}}
    with pytest.raises(
        RunError, match=rf"^the fork server \(process {pid}\) is stopped .*allows 3 s"
    ):
        run(limited, out=tmp_path)
    assert_the_next_run_is_right(config, tmp_path)


def test_one_that_is_stopped_during_the_run_does_not_hold_up_the_end_of_a_run_that_fails(
    config, tmp_path: Path
):
    def stop(progress: Any) -> None:
        if progress.bars and not stopped:
            stopped.append(own_server())
            os.kill(stopped[0], signal.SIGSTOP)

    stopped: list[int] = []
    config["pipeline"] = {"held_up_seconds": 3, "slot_rows": 1}
    with pytest.raises(RunError, match=r"^the fork server \(process \d+\) is stopped "):
        run(config, out=tmp_path, progress=stop)
    assert_the_next_run_is_right(config, tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="no limit of another process can be set")
def test_one_that_dies_of_the_files_that_it_may_open_is_named(config, tmp_path: Path, capfd):
    import resource

    end_server()  # the next one writes where this test reads, and then has all its files open
    run(config, out=tmp_path)
    pid = own_server()
    there = {int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir()}
    most = next(number for number in itertools.count() if number not in there)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
    with pytest.raises(RunError, match=rf"^the fork server \(pid {pid}\) ended with exit code 1"):
        run(config, out=tmp_path)
    assert capfd.readouterr().err == (
        "ringtape: the fork server cannot go on: OSError: [Errno 24] Too many open files\n"
    )
    assert_the_next_run_is_right(config, tmp_path)


def test_one_whose_socket_was_removed_is_named(config, tmp_path: Path):
    address = forkserver._forkserver._forkserver_address
    Path(address).unlink()
    with pytest.raises(RunError, match=r"listener-\w+ was removed, by which the fork server"):
        run(config, out=tmp_path)
    assert_the_next_run_is_right(config, tmp_path)

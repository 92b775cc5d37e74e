"""`ringtape top`, on runs whose pages the tests write."""

import io
import json
import os
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pipeline.cli.top_screen import SORTINGS, line, screen
from pipeline.stages.metrics import metrics_rows
from pipeline.watch.pace import Pace
from shm.control import ControlPage, RunState
from shm.names import new_run_id
from shm.notice import NoticePage
from shm.stale import remove_stale
from shm.stats import StatsBlock
from tests.cli.conftest import command_environment
from tests.reference.terminal import open_terminal
from tests.watch.documents import sweep_document

ROLES = ["coordinator", "processor 0", "engine 0"]


@contextmanager
def alive(run_id: str) -> Iterator[ControlPage]:
    with (
        ControlPage.create(run_id, ROLES, title="mine\n/runs/mine-1", bars=1000) as control,
        StatsBlock.create(run_id, metrics_rows(1, 1)) as stats,
    ):
        control.set_state(RunState.RUNNING)
        control.set_slots(4)
        control.member(2).join()
        stats.row("engine 0").count("bars", 410)
        stats.row("engine 0").count("slots", 2)
        stats.row("coordinator").count("slots", 5)
        yield control


@contextmanager
def top(*args: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "top", *args],
        env=command_environment(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_piped_it_writes_a_line_at_each_look_until_the_run_is_over():
    run_id = new_run_id()
    with alive(run_id), top(run_id, "--interval", "0.1") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        for text in lines:
            assert text.startswith(f"run {run_id}, mine, running, 41% done")
            assert "3 of 4 slots" in text
            assert "\x1b" not in text
    # The pages are gone, and this process lives.
    assert process.wait() in (0, -signal.SIGKILL)


def test_piped_as_json_it_writes_a_document_in_a_line_at_each_look():
    run_id = new_run_id()
    with alive(run_id), top(run_id, "--interval", "0.1", "--json") as process:
        assert process.stdout is not None
        documents = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert [one["run_id"] for one in documents] == [run_id, run_id]


def test_a_terminal_without_a_screen_gets_lines():
    run_id = new_run_id()
    main, terminal = open_terminal()
    with alive(run_id):
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "top", run_id, "--interval", "0.1"],
            env=command_environment(TERM="dumb"),
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=subprocess.DEVNULL,
        )
        written = read_until(main, "3 of 4 slots")
        process.kill()
        process.wait()
    assert written.startswith(f"run {run_id}, mine, running, 41% done")
    os.close(main)
    os.close(terminal)


def test_a_run_that_ends_ends_it_with_0():
    run_id = new_run_id()
    with alive(run_id) as control:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "top", run_id, "--interval", "0.1"],
            env=command_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        process.stdout.readline()
        control.set_state(RunState.DONE)
    rest, _ = process.communicate()
    assert process.returncode == 0
    assert "done" in rest.splitlines()[-1]


def test_a_run_that_was_killed_ends_it_with_1_and_what_remains():
    run_id = new_run_id()
    script = textwrap.dedent(
        f"""
        from tests.cli.test_top import alive
        with alive({run_id!r}):
            print("began", flush=True)
            input()
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=command_environment(PYTHONPATH=os.pathsep.join(sys.path)),
    ) as supervisor:
        assert supervisor.stdout is not None
        supervisor.stdout.readline()
        with top(run_id, "--interval", "0.1") as process:
            assert process.stdout is not None
            process.stdout.readline()
            supervisor.kill()
            supervisor.wait()
            _, told = process.communicate()
    remove_stale()
    assert process.returncode == 1
    # Another run of this machine may have removed what was left before top looked at it.
    assert f"run {run_id} was killed: its supervisor, process {supervisor.pid}, is gone" in told
    assert "remain" in told


def test_once_shows_all_figures(ringtape):
    run_id = new_run_id()
    with alive(run_id):
        done = ringtape("top", run_id, "--once")
        assert done.returncode == 0
        assert f"run {run_id}, mine, running, 41 % done" in done.stdout
        document = json.loads(ringtape("top", run_id, "--once", "--json").stdout)
        assert document["slots"] == {"all": 4, "in_use": 3}
        assert document == json.loads(ringtape("stats", run_id, "--json").stdout) | {
            name: document[name] for name in ("processes", "memory_bytes")
        }


def test_a_sweep_between_two_passes_is_shown(ringtape):
    run_id = new_run_id()
    said = {**sweep_document()["sweep"], "pass_run_id": None, "session_name": "swept"}
    with NoticePage.create(run_id) as page:
        page.write(json.dumps({**said, "counters": {"engine": {"bars": 77}}}))
        document = json.loads(ringtape("top", run_id, "--once", "--json").stdout)
    assert (document["kind"], document["processes"]) == ("sweep", [])
    assert document["counters"] == {"engine": {"bars": 77}}
    assert document["sweep"]["lanes"] == 5


def test_no_such_run_is_bad_input(ringtape):
    done = ringtape("top", "fffffff0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no live run begins with 'fffffff0'" in done.stderr


def test_on_a_terminal_keys_sort_and_quit_and_the_terminal_is_as_before():
    termios = pytest.importorskip("termios")
    run_id = new_run_id()
    main, terminal = open_terminal()
    before = termios.tcgetattr(terminal)
    with alive(run_id):
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "top", run_id, "--interval", "0.2"],
            env=command_environment(TERM="xterm", COLUMNS="80", LINES="24", NO_COLOR="1"),
            stdin=terminal,
            stdout=terminal,
            stderr=subprocess.DEVNULL,
        )
        written = read_until(main, "now by role")
        assert "mine" in written
        os.write(main, b"s")
        read_until(main, "now by busy")
        os.write(main, b"q")
        read_until(main, "\x1b[?1049l")
        assert process.wait() == 0
        assert termios.tcgetattr(terminal) == before
    os.close(main)
    os.close(terminal)


def read_until(descriptor: int, text: str) -> str:
    written, deadline = "", time.monotonic() + 60
    while text not in written:
        assert time.monotonic() < deadline, written
        if select.select([descriptor], [], [], 1)[0]:
            written += os.read(descriptor, 65536).decode(errors="replace")
    return written


@pytest.mark.parametrize("sorting", SORTINGS)
@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 12), (200, 60)])
def test_a_screen_fits(sorting: str, width: int, height: int):
    from rich.console import Console

    document = sweep_document()
    process = document["processes"][0]
    document["processes"] = [{**process, "role": f"engine {n}"} for n in range(40)]
    console = Console(width=width, height=height, color_system=None, file=io.StringIO())
    figures = Pace().add(0.0, document)
    with console.capture() as capture:
        console.print(screen(document, figures, sorting, height))
    lines = capture.get().splitlines()
    assert all(len(one) <= width for one in lines)
    if height >= 24:
        assert len(lines) <= height


def test_a_line_says_what_is_known():
    figures = Pace().add(0.0, sweep_document())
    told = line(sweep_document(), figures)
    for part in ("sweep abc12345", "25% done", "3 of 4 slots", "5 of 8 lanes done", "1 failed"):
        assert part in told


def test_a_line_of_what_is_not_known_is_shorter():
    document: dict[str, Any] = sweep_document(done=None, slots={"all": 0, "in_use": 0})
    del document["sweep"]
    told = line(document, Pace().add(0.0, document))
    assert "slots" not in told
    assert "lanes" not in told


def test_a_stress_has_a_phase_and_no_lanes():
    document = sweep_document(kind="stress", sweep={"phase": "soak", "pass_run_id": None})
    figures = Pace().add(0.0, document)
    told = line(document, figures)
    assert told.startswith("stress abc12345")
    assert ", soak, " in told
    assert "lanes" not in told
    assert figures.evaluations_per_second is None

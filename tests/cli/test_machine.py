import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.errors import RingtapeError
from pipeline.watch.live_runs import LiveRun, find_run, live_runs
from shm.control import ControlPage, RunState
from shm.names import LISTING, list_segments, new_run_id
from shm.stats import RowSpec, StatsBlock
from tests.reference.own_process import environment
from tests.reference.terminal import open_terminal

Done = subprocess.CompletedProcess[str]

pytestmark = pytest.mark.skipif(
    not LISTING.is_dir(), reason=f"this system does not list shared memory in {LISTING}"
)


@pytest.fixture
def run() -> Iterator[tuple[str, ControlPage, StatsBlock]]:
    """The control page and the stats block of a run whose supervisor is this process."""
    run_id = new_run_id()
    rows = [RowSpec("engine 0", counters=("bars",), timers=("slot",))]
    with (
        ControlPage.create(
            run_id, ["coordinator", "engine 0"], title="mine\n/runs/mine-1", bars=2_468
        ) as control,
        StatsBlock.create(run_id, rows) as stats,
    ):
        control.set_state(RunState.RUNNING)
        control.member(1).join()
        row = stats.row("engine 0")
        row.count("bars", 1_234)
        for milliseconds in range(1, 101):
            row.timer("slot").record(milliseconds * 1_000_000)
        row.flush()
        yield run_id, control, stats


@pytest.fixture
def dead_pid() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def test_live_runs_are_listed(ringtape, run):
    run_id, _, _ = run
    done = ringtape("stats", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (found,) = [one for one in json.loads(done.stdout)["runs"] if one["run_id"] == run_id]
    assert found.pop("began") > 0
    assert found == {
        "kind": "run",
        "run_id": run_id,
        "pid": os.getpid(),
        "state": "running",
        "processes": 2,
        "session_name": "mine",
        "run_dir": "/runs/mine-1",
        "done": 0.5,
    }
    (line,) = [text for text in ringtape("stats").stdout.splitlines() if run_id in text]
    assert "mine" in line
    assert "50 %" in line


def test_stats_of_a_run_as_json(ringtape, run):
    run_id, _, _ = run
    document = json.loads(ringtape("stats", run_id, "--json").stdout)
    assert (document["run_id"], document["state"]) == (run_id, "running")
    coordinator, engine = document["processes"]
    assert (coordinator["pid"], coordinator["heartbeat_age"]) == (0, None)
    assert engine["pid"] == os.getpid()
    figures = document["stats"]["engine 0"]["run"]
    assert figures["counters"] == {"bars": 1_234}
    slot = figures["timers"]["slot"]
    assert (slot["count"], slot["min"], slot["max"]) == (100, 0.001, 0.1)
    assert slot["mean"] == pytest.approx(0.0505)
    assert slot["p50"] == pytest.approx(0.050, rel=1 / 256)
    assert slot["p99"] == pytest.approx(0.099, rel=1 / 256)


def test_stats_of_a_run_as_text_by_the_beginning_of_its_id(ringtape, run):
    run_id, _, _ = run
    written = ringtape("stats", run_id[:7]).stdout
    for part in (
        f"run {run_id}, mine, running, 50 % done, began 20",
        "coordinator",
        "1,234",
        "1 ms",
        "100 ms",
        "p99",
    ):
        assert part in written


def test_looking_on_leaves_the_run_as_it_was(ringtape, run):
    run_id, control, stats = run
    ours = [name for name in list_segments() if name.run_id == run_id]
    before = control.members(), stats.snapshot()["engine 0"].full.counters
    for _ in range(2):
        assert ringtape("stats", run_id).returncode == 0
    assert [name for name in list_segments() if name.run_id == run_id] == ours
    assert (control.members(), stats.snapshot()["engine 0"].full.counters) == before
    ControlPage.attach(control.name).close()


def test_a_run_that_is_not_alive_is_bad_input(ringtape):
    done = ringtape("stats", "fffffff0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no live run begins with 'fffffff0'" in done.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_a_run_of_another_user_is_not_listed(run):
    assert run[0] in [found.run_id for found in live_runs()]
    os.seteuid(65534)
    try:
        assert run[0] not in [found.run_id for found in live_runs()]
    finally:
        os.seteuid(0)


def test_a_run_whose_supervisor_is_dead_is_not_listed(run, dead_pid: int):
    fakes = [LISTING / f"rt-{run[0]}-{dead_pid}-{kind}" for kind in ("control", "stats")]
    try:
        for fake in fakes:
            fake.touch()
        assert dead_pid not in [found.pid for found in live_runs()]
        assert run[0] in [found.run_id for found in live_runs()]
    finally:
        for fake in fakes:
            fake.unlink(missing_ok=True)


def test_an_id_that_is_not_clear_is_refused_naming_those_alive(monkeypatch: pytest.MonkeyPatch):
    runs = [LiveRun(run_id, 1, {}) for run_id in ("aa1", "aa2", "b")]
    monkeypatch.setattr("pipeline.watch.live_runs.live_runs", lambda: runs)
    assert find_run("b").run_id == "b"
    with pytest.raises(RingtapeError, match="several runs begin with 'aa'; alive are aa1, aa2, b"):
        find_run("aa")
    with pytest.raises(RingtapeError, match="several runs are alive, name one of aa1, aa2, b"):
        find_run(None)
    with pytest.raises(RingtapeError, match="is empty, expected its beginning; alive are aa1"):
        find_run("")


def test_a_run_that_ends_while_it_is_listed_is_shown_as_ending():
    gone = LiveRun("aa", 1, {"control": "rt-aa-1-control", "stats": "rt-aa-1-stats"})
    found = gone.describe()
    assert (found["run_id"], found["pid"]) == ("aa", 1)
    assert (found["state"], found["processes"], found["done"]) == ("ending", 0, None)


def test_watch_shows_the_run_until_it_is_over(tmp_path: Path):
    run_id = new_run_id()
    main, terminal = open_terminal()
    with (
        ControlPage.create(run_id, ["engine 0"]) as control,
        StatsBlock.create(run_id, [RowSpec("engine 0", counters=("bars",))]) as stats,
    ):
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "stats", run_id, "--watch"],
            env=environment(TERM="xterm"),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        )
        os.close(terminal)
        written = os.read(main, 65536)
        stats.row("engine 0").count("bars", 777)
        while b"777" not in written:
            written += os.read(main, 65536)
        assert control.state is RunState.STARTING
    try:
        while os.read(main, 65536):
            pass
    except OSError:
        pass
    finally:
        os.close(main)
    assert process.wait() == 0


@pytest.fixture
def removed_by(ringtape, run, dead_pid: int) -> Iterator[Callable[..., tuple[str, Done]]]:
    """Call `ringtape clean` with arguments; return the name that it removed, and its answer.

    Every run of this machine removes such names too when it starts. Where one was quicker, the name
    is left once more.
    """
    left = LISTING / f"rt-{run[0]}-{dead_pid}-ring"

    def clean(*arguments: str) -> tuple[str, Done]:
        for _ in range(20):
            left.touch()
            done = ringtape("clean", *arguments)
            assert (done.returncode, done.stderr) == (0, "")
            assert not left.exists()
            if left.name in done.stdout:
                return left.name, done
        raise AssertionError(f"`ringtape clean` never named {left.name}, which was gone each time")

    yield clean
    left.unlink(missing_ok=True)


def test_clean_removes_what_the_dead_left_and_nothing_of_the_living(removed_by):
    name, done = removed_by("--json")
    removed = json.loads(done.stdout)["removed"]
    assert name in removed
    assert not any(f"-{os.getpid()}-" in other for other in removed)


def test_clean_says_what_it_removed(removed_by):
    name, done = removed_by()
    assert f"removed {name}" in done.stdout.splitlines()

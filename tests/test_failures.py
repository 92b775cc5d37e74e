"""What happens when something goes wrong: who is named, what is left, and that nothing hangs.

Runs have real processes. The moment of a blow is chosen by the run's progress, never by a sleep;
where something must end, a generous watchdog waits for it.
"""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from multiprocess import forkserver

from pipeline import run
from pipeline.cli import main
from pipeline.errors import RunError, StrategyError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.sample import FIRST_DATE, LAST_DATE, SYMBOLS
from pipeline.runner.progress import Progress
from shm.names import LISTING
from shm.stale import remove_stale
from tests.reference.own_process import environment, python
from tests.reference.processes import (
    alive,
    assert_nothing_left,
    members,
    names_of,
    partial_folder,
    settings_of,
)
from tests.reference.traders import Crosser, Tinkerer

WATCHDOG_SECONDS = 20.0

needs_listing = pytest.mark.skipif(
    not LISTING.is_dir(), reason=f"this system does not list shared memory in {LISTING}"
)


@pytest.fixture
def config(sample: Path) -> dict[str, Any]:
    """A run of every part: two processors, two engines, each timestamp handed on by itself."""
    settings = settings_of("US_EQUITY", FIRST_DATE, LAST_DATE, SYMBOLS, ["1m", "5m"], sample)
    settings["pipeline"] = {"processors": 2, "engines": 2, "slots": 3, "slot_rows": 1}
    return settings


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    assert_nothing_left()


LANES = [Tinkerer(), Crosser()]
INTERPRETED = ("strategy.0.mode=interpreted", "strategy.1.mode=interpreted")


class Blow:
    """A progress callback that does something once, when so many bars have been replayed.

    With ``bars`` None it is when the tape has started; 0 is the first call, before that.
    """

    def __init__(self, bars: int | None, act: Callable[["Blow"], None]) -> None:
        self._bars, self._act = bars, act
        self._begun = time.monotonic()
        self.members: dict[str, int] = {}
        self.moment = 0.0

    def __call__(self, progress: Progress) -> None:
        reached = (
            progress.session_date is not None if self._bars is None else progress.bars >= self._bars
        )
        if reached and not self.moment:
            self.members = members()
            self.moment = time.monotonic()
            self._act(self)
        elif time.monotonic() - max(self._begun, self.moment) > WATCHDOG_SECONDS:
            raise TimeoutError(f"the run hangs at {progress}")


# --- kill -9 -------------------------------------------------------------------------------------

ROLES = ("coordinator", "processor 0", "processor 1", "engine 0", "engine 1")


def assert_killed_member_is_named(config: dict[str, Any], role: str, bars: int, out: Path) -> None:
    """Kill a member after so many bars; before the first, no run folder is left."""
    blow = Blow(bars, lambda blow: os.kill(blow.members[role], signal.SIGKILL))
    with pytest.raises(RunError) as caught:
        run(config, strategy=LANES, overrides=INTERPRETED, out=out, progress=blow)
    assert time.monotonic() - blow.moment < WATCHDOG_SECONDS
    pid = blow.members[role]
    assert re.match(rf"{role} \(pid {pid}\) was ended by SIGKILL", str(caught.value)), bars
    assert len(blow.members) == len(ROLES)
    assert_nothing_left(list(blow.members.values()))
    if not bars:
        assert list(out.iterdir()) == []
        return
    reason, summary = partial_folder(out)
    assert role in reason
    assert role in summary["reason"]


@pytest.mark.parametrize("role", ROLES)
def test_a_member_killed_while_all_are_busy_ends_the_run(config, role: str, tmp_path: Path):
    assert_killed_member_is_named(config, role, random.randrange(1, 8_000), tmp_path / "runs")


@pytest.mark.parametrize("role", ["coordinator", "processor 0", "engine 1"])
def test_a_member_killed_while_all_wait_for_the_clock_ends_the_run(
    config, role: str, tmp_path: Path
):
    config["backtest_config"]["speed_multiplier"] = 600
    assert_killed_member_is_named(config, role, random.randrange(1, 20), tmp_path / "runs")


@pytest.mark.parametrize("role", ["coordinator", "processor 0", "engine 0"])
def test_a_member_killed_before_the_tape_starts_ends_the_run(config, role: str, tmp_path: Path):
    config["pipeline"]["start_method"] = "spawn"  # takes its time to start
    assert_killed_member_is_named(config, role, 0, tmp_path / "runs")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_fork_server_that_is_killed_is_named_and_no_member(config, tmp_path: Path, number: int):
    killed = []

    def kill(_: Blow) -> None:
        killed.append(forkserver._forkserver._forkserver_pid)
        os.kill(killed[0], number)

    blow = Blow(1000, kill)
    with pytest.raises(RunError) as caught:
        run(config, strategy=LANES, out=tmp_path / "runs", progress=blow)
    name = signal.Signals(number).name
    assert str(caught.value).startswith(f"the fork server (pid {killed[0]}) was ended by {name}")
    assert "it reported no error" not in str(caught.value)
    assert_nothing_left(list(blow.members.values()))
    config["backtest_config"]["end_date"] = FIRST_DATE
    assert run(config, strategy=LANES, out=tmp_path / "again").summary["partial"] is False


def test_a_member_that_does_not_listen_is_killed_with_the_rest(config, tmp_path: Path):
    stuck = tmp_path / "stuck.py"
    stuck.write_text(
        "from pipeline import Strategy\n\n\nclass Stuck(Strategy):\n"
        "    def on_bar(self, bar, ctx):\n        while True:\n            pass\n"
    )
    config["strategy"] = {"name": f"{stuck}:Stuck", "mode": "interpreted"}
    config["pipeline"]["engines"] = 1
    blow = Blow(None, lambda blow: os.kill(blow.members["processor 0"], signal.SIGKILL))
    with pytest.raises(RunError, match=r"^processor 0 .*SIGKILL"):
        run(config, out=tmp_path / "runs", progress=blow)
    assert_nothing_left(list(blow.members.values()))


SUPERVISED = """
import json, sys
from pipeline import run
from tests.reference.processes import members
from tests.reference.traders import Tinkerer

told = False

def tell(progress):
    global told
    if progress.bars > 0 and not told:
        told = True
        print(json.dumps(members()), flush=True)

modes = ["strategy.0.mode=interpreted"]
run(json.loads(sys.argv[1]), strategy=Tinkerer, overrides=modes, out=sys.argv[2], progress=tell)
"""


@needs_listing
@pytest.mark.parametrize("trackers_too", [False, True])
def test_what_a_killed_supervisor_leaves_goes_by_itself_or_with_the_next_start(
    config, tmp_path: Path, trackers_too: bool
):
    # So many free slots that who waits for the clock would not meet a gate for a minute.
    config["backtest_config"]["speed_multiplier"] = 600
    config["pipeline"]["slots"] = 600
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISED, json.dumps(config), str(tmp_path / "runs")],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as supervisor:
        assert supervisor.stdout is not None
        pids = json.loads(supervisor.stdout.readline()).values()
        below = psutil.Process(supervisor.pid).children(recursive=True)
        assert {process.pid for process in below} > set(pids)
        assert names_of(supervisor.pid) != []
        for process in below if trackers_too else ():
            if "resource_tracker" in " ".join(process.cmdline()):
                process.kill()
        supervisor.kill()
        supervisor.wait()
    _, running = psutil.wait_procs(below, timeout=WATCHDOG_SECONDS)
    assert running == []
    left = names_of(supervisor.pid)
    assert trackers_too or left == []
    remove_stale()  # a run that starts elsewhere on this machine may be quicker
    assert names_of(supervisor.pid) == []
    (folder,) = (tmp_path / "runs").iterdir()
    assert (folder / "PARTIAL").is_file()


# --- Ctrl-C --------------------------------------------------------------------------------------

ANNOUNCING = """
import os
from pipeline import Strategy


class Announcing(Strategy):
    def on_session_open(self, session, ctx):
        os.write(1, b"open\\n")

    def on_bar(self, bar, ctx):
        pass
"""


@pytest.mark.skipif(sys.platform == "win32", reason="its terminals send no signals")
@pytest.mark.parametrize(
    ("sent", "code", "word"),
    [
        ("SIGINT", 130, "interrupted"),
        ("SIGHUP", 129, "ended, because its terminal was closed"),
    ],
)
def test_what_a_terminal_sends_ends_with_its_code_a_partial_folder_and_nothing_left(
    config, tmp_path: Path, sent: str, code: int, word: str
):
    (tmp_path / "announcing.py").write_text(ANNOUNCING)
    config["backtest_config"]["speed_multiplier"] = 600
    config["strategy"] = {"name": "announcing.py:Announcing", "mode": "interpreted"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "run", "config.json"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "open\n"
        below = psutil.Process(command.pid).children(recursive=True)
        os.killpg(command.pid, signal.Signals[sent])  # as a terminal does: all of them get it
        _, errors = command.communicate(timeout=WATCHDOG_SECONDS)
    assert command.returncode == code
    reason, _ = partial_folder(tmp_path / "runs")
    assert reason == "interrupted\n"
    (line,) = errors.splitlines()
    assert re.match(rf"ringtape: {word}; .*runs/test-", line)
    _, running = psutil.wait_procs(below, timeout=WATCHDOG_SECONDS)
    assert running == []
    assert names_of(command.pid) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_what_the_progress_callback_raises_ends_the_run_and_passes_through(
    config, tmp_path: Path, error: type[BaseException]
):
    def stop(_: Blow) -> None:
        raise error("enough")

    blow = Blow(100, stop)
    with pytest.raises(error):
        run(config, strategy=LANES, out=tmp_path / "runs", progress=blow)
    assert_nothing_left(list(blow.members.values()))
    reason, _ = partial_folder(tmp_path / "runs")
    assert reason == ("interrupted\n" if error is KeyboardInterrupt else "enough\n")


# --- a strategy that fails -----------------------------------------------------------------------

RAISING = """
from pipeline import Strategy, state


class Raising(Strategy):
    level: float = state(0.0)

    def on_bar(self, bar, ctx):
        if bar.symbol == 2 and ctx.count(2) == 40:
            self.level = 1.0
            raise ValueError("too much")
"""


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_a_strategy_that_raises_is_named_with_line_symbol_and_time(
    config, tmp_path: Path, mode: str, capsys
):
    source = tmp_path / "raising.py"
    source.write_text(RAISING)
    line = 1 + RAISING.splitlines().index('            raise ValueError("too much")')
    config["strategy"] = {"name": f"{source}:Raising", "mode": mode}
    config["pipeline"] = {"engines": 1}
    with pytest.raises(StrategyError) as caught:
        run(config, out=tmp_path / "runs")
    ts = Catalog(Path(config["catalog"])).load(SYMBOLS[2], "1m")["ts"][39].as_py()
    moment = f"{ts.replace(minute=ts.minute + 1):%Y-%m-%d %H:%M:%S}Z"
    assert str(caught.value) == (
        f"{source}:{line}: Raising.on_bar raised ValueError: too much "
        f"(for {SYMBOLS[2]} at {moment})"
    )
    assert partial_folder(tmp_path / "runs")[0] == f"{caught.value}\n"
    (tmp_path / "config.json").write_text(json.dumps(config))
    arguments = ["run", str(tmp_path / "config.json"), "--out", str(tmp_path / "again")]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 1
    assert f"ringtape: error: {caught.value}" in capsys.readouterr().err


def test_code_that_cannot_be_compiled_is_named_with_its_line_and_the_way_out(
    config, tmp_path: Path
):
    source = tmp_path / "uncompiled.py"
    source.write_text(
        "from pipeline import Strategy\n\n\nclass Open(Strategy):\n"
        "    def on_bar(self, bar, ctx):\n        open('x')\n"
    )
    config["strategy"] = {"name": f"{source}:Open"}
    with pytest.raises(StrategyError) as caught:
        run(config, out=tmp_path / "runs")
    message = str(caught.value)
    assert message.startswith(f"{source}:")
    assert "Open.on_bar cannot be compiled" in message
    assert '"interpreted"' in message
    assert "\n" not in message
    assert list((tmp_path / "runs").iterdir()) == []


# --- one who only looks --------------------------------------------------------------------------


@needs_listing
def test_a_reader_of_the_stats_that_comes_and_goes_leaves_the_run_as_it_was(config, tmp_path: Path):
    config["backtest_config"]["end_date"] = "2024-10-31"
    undisturbed = run(config, strategy=LANES, overrides=INTERPRETED, out=tmp_path / "runs")
    seen: list[dict[str, Any]] = []

    def look(_: Blow) -> None:
        (run_id,) = {name.split("-")[1] for name in names_of(os.getpid())}
        before = names_of(os.getpid())
        done = python("-m", "pipeline.cli", "stats", run_id, "--json")
        assert done.stderr == ""
        seen.append(json.loads(done.stdout))
        assert names_of(os.getpid()) == before
        assert len(alive(list(members().values()))) == len(members())

    watched = run(
        config,
        strategy=LANES,
        overrides=INTERPRETED,
        out=tmp_path / "runs",
        progress=Blow(None, look),
    )
    assert watched.digest == undisturbed.digest
    (document,) = seen
    assert [member["role"] for member in document["processes"]] == list(ROLES)

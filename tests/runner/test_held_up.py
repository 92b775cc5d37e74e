"""A process of a run that is stopped: it is named, and may end the run."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pipeline import run, sweep
from pipeline.errors import RunError
from tests.reference.processes import assert_nothing_left, members, settings_of
from tests.reference.traders import Crosser

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGSTOP")

WATCHDOG_SECONDS = 60.0


@pytest.fixture
def config(sample: Path) -> dict[str, Any]:
    symbols = ["ALFA", "BRVO"]
    found = settings_of("US_EQUITY", "2024-10-22", "2024-11-01", symbols, ["1m"], sample)
    found["pipeline"] = {"slots": 3, "slot_rows": 1}
    return found


class Stopper:
    """A progress callback that stops a member once, and lets it go on when it has been named."""

    def __init__(self, role: str) -> None:
        self._role = role
        self._began = time.monotonic()
        self.pid = 0
        self.told = ""

    def __call__(self, progress: Any) -> None:
        assert time.monotonic() - self._began < WATCHDOG_SECONDS, progress
        under_way = getattr(progress, "bars", 0) or getattr(progress, "seconds", 0.0)
        if under_way and not self.pid:
            self.pid = members()[self._role]
            os.kill(self.pid, signal.SIGSTOP)
        if progress.stuck and not self.told:
            self.told = progress.stuck
            os.kill(self.pid, signal.SIGCONT)


@pytest.mark.parametrize("role", ["coordinator", "engine 0"])
def test_a_stopped_process_is_named_and_the_run_goes_on_with_it(config, role: str, tmp_path: Path):
    right = run(config, strategy=Crosser(), out=tmp_path)
    stopper = Stopper(role)
    found = run(config, strategy=Crosser(), out=tmp_path, progress=stopper)
    assert stopper.told.startswith(
        f"{role} (process {stopper.pid}) is stopped (`kill -CONT {stopper.pid}` lets it go on), "
    )
    assert found.digest == right.digest
    assert_nothing_left()


@pytest.mark.parametrize(
    ("role", "begun", "settings"),
    [
        ("engine 0", False, {"held_up_seconds": 3, "start_method": "spawn"}),
        ("processor 0", True, {"held_up_seconds": 4}),
    ],
)
def test_a_run_ends_after_the_limit_that_was_set(
    config, tmp_path: Path, role: str, begun: bool, settings: dict[str, Any]
):
    """Also if the process is stopped before it has begun."""
    config["pipeline"] |= settings

    def stop(progress: Any) -> None:
        if not stopped and role in members() and (progress.bars or not begun):
            stopped.append(members()[role])
            os.kill(stopped[0], signal.SIGSTOP)

    stopped: list[int] = []
    words = rf"^{role} \(process \d+\) is stopped .*allows {settings['held_up_seconds']} s"
    with pytest.raises(RunError, match=words):
        run(config, strategy=Crosser(), out=tmp_path, progress=stop)
    assert_nothing_left(stopped)


def test_a_sweep_names_a_stopped_processor_too(config, tmp_path: Path):
    config["backtest_config"]["end_date"] = "2024-10-23"
    config["sweep"] = {"space": {"fast": [3, 4]}, "best": 0}
    config["strategy"] = {"name": "tests.reference.traders:Crosser", "mode": "interpreted"}
    stopper = Stopper("processor 0")
    sweep(config, out=tmp_path, engines=1, progress=stopper)
    assert stopper.told.startswith("processor 0 (process ")
    assert_nothing_left()

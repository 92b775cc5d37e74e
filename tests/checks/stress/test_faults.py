"""Faults done to real runs: what they say, and that nothing is left of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.checks.stress.faults import KILLED, STOPPED, do_faults, left_behind
from pipeline.checks.stress.open_loop import offered
from pipeline.checks.stress.result import Fault, OpenPoint, Setting
from pipeline.checks.stress.rig import Case, Onlooker, Rig
from pipeline.config.session import SessionConfig
from shm.names import new_run_id
from shm.notice import NoticePage


@pytest.fixture(scope="module")
def found(sample: Path) -> dict[tuple[str, str], Fault]:
    settings = SessionConfig.load(
        {
            "session_name": "faulty",
            "backtest_config": {"start_date": "2024-10-22", "end_date": "2024-12-03"},
            "session_data_config": {"symbols": ["ALFA", "BRVO", "CHRL", "DLTA", "ECHO"]},
            "strategy": {"name": "pipeline.strategy.examples:SmaCross"},
            "catalog": str(sample),
        }
    )
    rig = Rig(settings)
    setting = Setting(processors=1, engines=1, slots=4, slot_rows=None)
    case = Case(setting, 5, 2, ("1m",), 60_000)

    def offer(look: Onlooker) -> OpenPoint:
        return offered(rig, case, 25_000.0, 2.0, 0.01, onlooker=look)

    return {(fault.role, fault.fault): fault for fault in do_faults(offer)}


@pytest.mark.parametrize("role", ["coordinator", "processor 0", "engine 0"])
def test_a_run_whose_process_is_stopped_goes_on(found: dict[tuple[str, str], Fault], role: str):
    fault = found[role, STOPPED]
    assert fault.went_on
    assert "went on" in fault.said
    assert fault.left_behind == ()


@pytest.mark.parametrize("role", ["coordinator", "processor 0", "engine 0"])
def test_a_run_whose_process_is_killed_says_so(found: dict[tuple[str, str], Fault], role: str):
    fault = found[role, KILLED]
    assert not fault.went_on
    assert role in fault.said
    assert "SIGKILL" in fault.said
    assert fault.seconds is not None
    assert fault.left_behind == ()


def test_what_is_left_of_a_run_is_named():
    run_id = new_run_id()
    with (
        NoticePage.create(run_id) as page,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process,
    ):
        found = list(left_behind(run_id, [process.pid, 0]))
        assert found == [f"process {process.pid}", page.name]
        process.communicate(b"\n")
    assert list(left_behind(run_id, [process.pid])) == []

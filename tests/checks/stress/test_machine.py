from pathlib import Path

import psutil
import pytest

from pipeline.checks.stress import machine
from pipeline.checks.stress.machine import MachineLook


def test_facts_come_from_the_system(tmp_path: Path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("processor : 0\nmodel name : Some Chip 9000\n")
    folder = tmp_path / "sys/devices/system/cpu/cpu0/cpufreq"
    folder.mkdir(parents=True)
    (folder / "scaling_governor").write_text("performance\n")
    found = machine.machine(tmp_path)
    assert (found.model, found.governor) == ("Some Chip 9000", "performance")
    assert found.memory == psutil.virtual_memory().total
    assert 1 <= found.usable <= found.processors


def test_what_a_system_does_not_say_is_empty(tmp_path: Path):
    found = machine.machine(tmp_path)
    assert found.governor == ""
    assert found.model


def test_the_share_of_stolen_time_is_of_the_block_alone(monkeypatch: pytest.MonkeyPatch):
    class Times(tuple[float, ...]):
        steal = property(lambda self: self[1])

    looks = iter([Times((100.0, 50.0)), Times((190.0, 60.0))])
    monkeypatch.setattr(psutil, "cpu_times", lambda: next(looks))
    look = MachineLook(machine.machine())
    assert look.facts().steal == pytest.approx(0.1)


def test_a_system_without_stolen_time_says_nothing_of_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(psutil, "cpu_times", lambda: (1.0, 2.0))
    look = MachineLook(machine.machine())
    assert look.facts().steal is None

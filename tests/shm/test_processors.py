import os
from pathlib import Path

import pytest

from shm import processors
from shm.processors import BusyLook, Processors, usable_processors


@pytest.fixture(autouse=True)
def _eight_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)


@pytest.mark.parametrize(
    ("quota", "usable", "limited_by"),
    [
        (None, 6, "its affinity"),
        (6.0, 6, "its affinity"),
        (2.5, 2, "a quota of 2.5 processors (control group)"),
        (0.5, 1, "a quota of 0.5 processors (control group)"),
    ],
)
def test_the_least_of_affinity_and_quota_counts(
    monkeypatch: pytest.MonkeyPatch, quota: float | None, usable: int, limited_by: str
) -> None:
    monkeypatch.setattr(processors, "processor_quota", lambda: quota)
    assert usable_processors() == Processors(usable, 8, limited_by)


def test_without_affinity_all_processors_are_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(processors, "processor_quota", lambda: None)
    assert usable_processors() == Processors(8, 8, "")


STAT = """cpu  0 0 0 9999 0 0 0 0 0 0
cpu0 1 1 1 {0} 50 0 0 0 0 0
cpu1 1 1 1 {0} 0 0 0 0 0 0
cpu7 1 1 1 5 0 0 0 0 0 0
intr 5
"""


def test_idle_time_is_that_of_the_processors_that_may_be_used(tmp_path: Path) -> None:
    file = tmp_path / "stat"
    file.write_text(STAT.format(100))
    assert processors._idle_ns(file) == 250 * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    file.write_text("nothing of it")
    assert processors._idle_ns(file) is None
    assert processors._idle_ns(tmp_path / "none") is None


def test_time_that_is_not_idle_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors.time, "monotonic_ns", lambda: 2_000)
    monkeypatch.setattr(processors, "_idle_ns", lambda: 5_000)
    assert BusyLook(6, 0, 0).taken_ns() == 6 * 2_000 - 5_000
    assert BusyLook(6, 1_000, 4_500).taken_ns() == 6 * 1_000 - 500
    assert BusyLook(6, 0, None).taken_ns() == 0
    assert BusyLook(2, 0, 0).taken_ns() == 0

import os

import pytest

from shm import processors
from shm.processors import Processors, usable_processors


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

"""A soak, on a crew whose latencies the tests write and whose time they keep."""

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline.checks.stress.result import OpenPoint, Slope
from pipeline.checks.stress.slopes import slope
from pipeline.checks.stress.soak import MEASURES, soak
from pipeline.stages.metrics import PerformanceMetrics, metrics_rows
from shm.names import new_run_id
from shm.stats import StatsBlock


class Crew:
    """What a soak looks at of a crew."""

    def __init__(self, stats: StatsBlock, run_id: str) -> None:
        self.stats, self.run_id = stats, run_id
        self.engines = ("engine 0",)
        self._metrics = PerformanceMetrics.for_row(stats, "engine 0")

    def members(self) -> list[Any]:
        return [SimpleNamespace(pid=os.getpid()), SimpleNamespace(pid=0)]

    def wait(self, milliseconds: float) -> None:
        """Let a hundred bars wait for so long."""
        self._metrics.record_latencies(np.full(100, round(milliseconds * 1e6)))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def crews() -> Iterator[Callable[[], Crew]]:
    owned = []

    def make() -> Crew:
        run_id = new_run_id()
        owned.append(StatsBlock.create(run_id, metrics_rows(1, 1)))
        return Crew(owned[-1], run_id)

    yield make
    for block in owned:
        block.close()


def laps(
    clock: list[float], crews: Callable[[], Crew], seconds: int, latency: Callable[[float], float]
) -> Callable[[float, Any], OpenPoint]:
    """Return what offers a rate for a lap of so many seconds."""

    def offer(rate: float, look: Callable[[Crew], None]) -> OpenPoint:
        crew = crews()
        for _ in range(seconds):
            clock[0] += 1.5
            crew.wait(latency(clock[0]))
            look(crew)
        return None  # type: ignore[return-value]  # a soak does not look at it

    return offer


def test_an_even_run_grows_nothing(clock: list[float], crews: Callable[[], Crew]):
    found = soak(laps(clock, crews, 60, lambda at: 2.0), 1000.0, 1.0, slope)
    assert set(found.series) == set(MEASURES)
    assert len(found.at) == 60
    assert found.series["latency p99"] == pytest.approx([0.002] * 60, rel=1 / 256)
    assert min(found.series["open files"]) > 0
    assert min(found.series["shared memory"]) > 0
    assert not any(one.grows for one in found.slopes)
    assert "Nothing grows (60 looks in 1 lap)" in found.said


def test_a_latency_that_climbs_is_named(clock: list[float], crews: Callable[[], Crew]):
    found = soak(laps(clock, crews, 100, lambda at: 2.0 + at / 20), 1000.0, 1.0, slope)
    grown = next(one for one in found.slopes if one.measure == "latency p99")
    assert grown.grows
    assert grown.per_hour == pytest.approx(0.18, rel=0.02)
    assert "Grows: latency p99" in found.said


def test_what_climbs_too_little_to_be_sure_is_told_too(clock: list[float], crews):
    found = soak(laps(clock, crews, 60, lambda at: 2.0 + at / 1000), 1000.0, 1.0, slope)
    assert found.said.startswith("Nothing grows for certain (60 looks in 1 lap). Perhaps: ")
    assert re.search(r"latency p99 \(\+3\.\d* ms an hour\)", found.said)
    assert "a longer soak" in found.said


def test_histograms_begin_anew_with_each_lap(clock: list[float], crews: Callable[[], Crew]):
    found = soak(laps(clock, crews, 10, lambda at: 3.0), 1000.0, 1.0, slope)
    assert found.series["latency p99"] == pytest.approx([0.003] * len(found.at), rel=1 / 256)
    assert "in 4 laps" in found.said


def test_of_many_laps_each_gives_one_value(clock: list[float], crews: Callable[[], Crew]):
    taken: dict[str, int] = {}

    def counted(
        measure: str, unit: str, at: Sequence[float], values: Sequence[float], **matters: float
    ) -> Slope:
        taken[measure] = len(values)
        return slope(measure, unit, at, values, **matters)

    soak(laps(clock, crews, 4, lambda at: 2.0), 1000.0, 1.0, counted)
    assert taken["memory of the command"] == 40
    assert taken["memory of the processes"] == 10


def test_it_says_how_far_it_is(clock: list[float], crews: Callable[[], Crew]):
    told: list[float] = []
    soak(laps(clock, crews, 60, lambda at: 2.0), 1000.0, 1.0, slope, told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0

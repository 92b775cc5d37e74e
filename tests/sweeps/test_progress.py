"""What is told of a sweep while it runs: it only ever grows, and ends at what was done."""

from typing import Any

import pytest

from pipeline.stages.metrics import PerformanceMetrics, metrics_rows
from pipeline.sweeps import progress as module
from pipeline.sweeps.progress import Meter, SweepProgress
from shm.names import new_run_id
from shm.stats import StatsBlock


class Clock:
    """Stands for the module `time`."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def stats() -> Any:
    with StatsBlock.create(new_run_id(), metrics_rows(1, 2)) as block:
        yield block


def walk(stats: StatsBlock, engine: int, bars: int) -> None:
    metrics = PerformanceMetrics.for_row(stats, f"engine {engine}")
    metrics.count("bars", bars)
    metrics.flush()


def test_what_engines_have_walked_counts_for_each_of_their_lanes(stats, clock):
    told: list[SweepProgress] = []
    meter = Meter(told.append, 5)
    tick = meter.begin_pass([[0, 2, 4], [1, 3]], 100)
    tick(stats)
    assert (told[-1].evaluations, told[-1].evaluations_total, told[-1].seconds) == (0, 500, 0.0)
    walk(stats, 0, 10)
    walk(stats, 1, 30)
    clock.now += 7.0  # until the tape starts is no replaying
    tick(stats)
    assert (told[-1].evaluations, told[-1].seconds) == (3 * 10 + 2 * 30, 0.0)
    clock.now += 2.0
    tick(stats)
    assert told[-1].seconds == 2.0
    assert (told[-1].lanes, told[-1].lanes_total, told[-1].passes) == (0, 5, 1)
    meter.end_pass(5, 480, 2.5)
    assert (told[-1].lanes, told[-1].evaluations, told[-1].seconds) == (5, 480, 2.5)
    assert told[-1].evaluations_total == 480


def test_what_is_left_is_taken_to_be_as_long_as_the_last_pass(stats, clock):
    told: list[SweepProgress] = []
    meter = Meter(told.append, 10)
    meter.begin_pass([[0], [1]], 100)
    meter.end_pass(2, 150, 1.0)
    assert told[-1].evaluations_total == 150 + 8 * 100
    meter.begin_pass([[0], [1]], 200)(stats)
    assert (told[-1].evaluations, told[-1].evaluations_total) == (150, 150 + 8 * 200)
    assert (told[-1].passes, told[-1].lanes) == (2, 2)


def test_where_nobody_knows_how_many_there_will_be_the_total_is_what_is_there(stats, clock):
    told: list[SweepProgress] = []
    meter = Meter(told.append, None)
    tick = meter.begin_pass([[0, 1], []], 100)
    walk(stats, 0, 40)
    tick(stats)
    assert told[-1].lanes_total is None
    assert told[-1].evaluations == told[-1].evaluations_total == 80


def test_the_best_is_that_of_the_highest_merit_and_told_as_it_is(stats, clock):
    told: list[SweepProgress] = []
    meter = Meter(told.append, None)
    meter.end_pass(1, 0, 0.0)
    assert (told[-1].best, told[-1].best_parameters) == (None, "")
    meter.found(-0.5, 0.5, "fast 3")  # less is better: merit is the score turned around
    meter.found(-0.7, 0.7, "fast 4")
    meter.found(-0.5, 0.5, "fast 5")  # the first of equal ones
    meter.end_pass(1, 0, 0.0)
    assert (told[-1].best, told[-1].best_parameters) == (0.5, "fast 3")


def test_nobody_who_asks_is_told_nothing_but_all_is_counted(stats):
    meter = Meter(None, 4)
    meter.begin_pass([[0], [1]], 10)(stats)
    meter.end_pass(2, 20, 0.5)
    assert (meter.lanes, meter.evaluations, meter.seconds, meter.passes) == (2, 20, 0.5, 1)

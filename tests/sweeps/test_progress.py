"""What a sweep reports while it runs: it never shrinks, and ends at what was done."""

import pytest

from pipeline.sweeps import progress as module
from pipeline.sweeps.progress import Meter, SweepProgress


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


def test_what_engines_have_walked_counts_for_each_of_their_lanes(clock):
    told: list[SweepProgress] = []
    meter = Meter(told.append, 5)
    report = meter.begin_pass([[0, 2, 4], [1, 3]], 100)
    report([0, 0], "", "")
    assert (told[-1].evaluations, told[-1].evaluations_total, told[-1].seconds) == (0, 500, 0.0)
    clock.now += 7.0  # nothing is replayed until the tape starts
    report([10, 30], "", "")
    assert (told[-1].evaluations, told[-1].seconds) == (3 * 10 + 2 * 30, 0.0)
    clock.now += 2.0
    report([10, 30], "", "")
    assert told[-1].seconds == 2.0
    assert (told[-1].lanes, told[-1].lanes_total, told[-1].passes) == (0, 5, 1)
    meter.end_pass(5, 480, 2.5)
    assert (told[-1].lanes, told[-1].evaluations, told[-1].seconds) == (5, 480, 2.5)
    assert told[-1].evaluations_total == 480


def test_what_is_compiled_is_told_until_the_first_bars(clock):
    told: list[SweepProgress] = []
    report = Meter(told.append, 2).begin_pass([[0], [1]], 10)
    report([0, 0], "the expected bars (1 of 2)", "")
    assert told[-1].compiling == "the expected bars (1 of 2)"
    report([1, 0], "the expected bars (1 of 2)", "")
    assert told[-1].compiling == ""


def test_a_hook_that_does_not_return_is_told(clock):
    told: list[SweepProgress] = []
    report = Meter(told.append, 2).begin_pass([[0], [1]], 10)
    report([1, 0], "", "mine.py:3: Mine.on_bar has not returned for 5 s")
    assert told[-1].stuck == "mine.py:3: Mine.on_bar has not returned for 5 s"
    report([2, 0], "", "")
    assert told[-1].stuck == ""


def test_a_sweep_that_is_paused_says_so(clock):
    told: list[SweepProgress] = []
    report = Meter(told.append, 2).begin_pass([[0], [1]], 10)
    report([1, 0], "", "", True)
    assert told[-1].paused
    report([2, 0], "", "", False)
    assert not told[-1].paused


def test_what_is_left_is_taken_to_be_as_long_as_the_last_pass(clock):
    told: list[SweepProgress] = []
    meter = Meter(told.append, 10)
    meter.begin_pass([[0], [1]], 100)
    meter.end_pass(2, 150, 1.0)
    assert told[-1].evaluations_total == 150 + 8 * 100
    meter.begin_pass([[0], [1]], 200)([0, 0], "", "")
    assert (told[-1].evaluations, told[-1].evaluations_total) == (150, 150 + 8 * 200)
    assert (told[-1].passes, told[-1].lanes) == (2, 2)


def test_lanes_that_were_known_are_a_part_of_what_is_done(clock):
    """Of 12 lanes 9 are known; half of the bars of the others is nine and a half tenths."""
    told: list[SweepProgress] = []
    meter = Meter(told.append, 12)
    assert SweepProgress(0, None, 0, 0, 0.0, None, "", 0).share is None
    meter.know(9)
    assert (told[-1].lanes, told[-1].known, told[-1].share) == (9, 9, 0.75)
    report = meter.begin_pass([[0, 1], [2]], 100)
    report([50, 50], "", "")
    assert (told[-1].evaluations, told[-1].evaluations_total) == (150, 300)
    assert told[-1].share == 0.875
    meter.end_pass(3, 300, 1.0)
    assert (told[-1].lanes, told[-1].share) == (12, 1.0)


def test_where_the_number_of_lanes_is_unknown_the_total_is_what_was_made(clock):
    told: list[SweepProgress] = []
    meter = Meter(told.append, None)
    meter.begin_pass([[0, 1], []], 100)([40, 0], "", "")
    assert told[-1].lanes_total is None
    assert told[-1].evaluations == told[-1].evaluations_total == 80


def test_the_best_is_that_of_the_highest_merit_and_told_as_it_is(clock):
    told: list[SweepProgress] = []
    meter = Meter(told.append, None)
    meter.end_pass(1, 0, 0.0)
    assert (told[-1].best, told[-1].best_parameters) == (None, "")
    meter.found(-0.5, 0.5, "fast 3")  # less is better: merit is the score turned around
    meter.found(-0.7, 0.7, "fast 4")
    meter.found(-0.5, 0.5, "fast 5")  # the first of equal ones
    meter.end_pass(1, 0, 0.0)
    assert (told[-1].best, told[-1].best_parameters) == (0.5, "fast 3")


def test_without_a_listener_everything_is_counted_all_the_same():
    meter = Meter(None, 4)
    meter.begin_pass([[0], [1]], 10)([0, 0], "", "")
    meter.end_pass(2, 20, 0.5)
    assert (meter.lanes, meter.evaluations, meter.seconds, meter.passes) == (2, 20, 0.5, 1)

"""Which engines of a pass are killed, and how the lanes of engines that died are reported."""

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.market.time.query_cache import CacheStatistics
from pipeline.results.year import Year
from pipeline.runner.preparation import Division
from pipeline.stages.facts import EngineFacts, MemorySizes, RunFacts, TapeFacts
from pipeline.stages.halving import HalvingPlan
from pipeline.sweeps.executors.guard import Guard
from shm.control import NO_TASK, ControlPage
from shm.names import new_run_id
from tests import lane_facts


class StubCrew:
    """Two engines that are only a page, and a list of those that were killed."""

    engines = ("engine 0", "engine 1")

    def __init__(self, control: ControlPage) -> None:
        self.members = control.members
        self.killed: list[str] = []

    def kill(self, role: str) -> None:
        self.killed.append(role)


@pytest.fixture
def control() -> Iterator[ControlPage]:
    roles = ["coordinator", "processor 0", "engine 0", "engine 1"]
    with ControlPage.create(new_run_id(), roles) as page:
        yield page


def guard_of(control: ControlPage, **options: Any) -> tuple[Guard, StubCrew]:
    crew = StubCrew(control)
    division = Division([[0, 2], [1, 3]], None, tolerant=True, **options)
    return Guard(crew, division), crew  # type: ignore[arg-type]  # a stub


HOUR = 3_600_000_000_000
SIZES = MemorySizes(1, 1)
ASKED = CacheStatistics(3, 0, 0, 3, 1, 100, 3)
TAPE = TapeFacts(1_000_000_000, (10,), 10, 3, "2024-11-25", "2024-11-27", ASKED, SIZES)


def facts_of(*engines: EngineFacts | None, tape: TapeFacts | None = TAPE) -> RunFacts:
    """What a crew of one processor has sent home."""
    return RunFacts(tape, [None], engines)


def test_an_engine_whose_lane_does_not_come_back_is_ended_once(control: ControlPage):
    guard, crew = guard_of(control, limit=HOUR)
    for index in range(3):
        control.member(index).join()
    guard.end_stuck()
    control.member(2).begin(2, HOUR - 60_000_000_000)
    guard.end_stuck()
    assert crew.killed == []
    control.member(2).begin(2, HOUR)
    control.member(0).begin(0, HOUR)  # no engine, whatever it says
    for _ in range(2):
        guard.end_stuck()
    assert crew.killed == ["engine 0"]
    assert guard.lose(control.members()[2], "was ended by SIGKILL")
    outcome = guard.outcome(facts_of(None, None))
    assert outcome.suspects == {2: "did not come back within 3600 s"}
    assert outcome.unfinished == [0]


def test_without_a_limit_a_lane_may_take_a_minute_for_one_slot(control: ControlPage):
    guard, crew = guard_of(control)
    for index in (2, 3):
        control.member(index).join()
    control.member(2).begin(0, 30_000_000_000)
    control.member(3).begin(1, 61_000_000_000)
    guard.end_stuck()
    assert crew.killed == ["engine 1"]


def test_an_engine_that_has_not_joined_or_is_at_no_lane_is_never_stuck(control: ControlPage):
    guard, crew = guard_of(control, limit=1)
    control.member(3).join()
    control.member(3).begin(NO_TASK, HOUR)
    guard.end_stuck()
    assert crew.killed == []


def test_an_engine_that_ends_at_no_lane_makes_none_suspect(control: ControlPage):
    guard, _ = guard_of(control)
    control.member(3).join()
    assert guard.lose(control.members()[3], "was ended by SIGKILL")
    outcome = guard.outcome(facts_of(None, None))
    assert (outcome.suspects, outcome.unfinished) == ({}, [1, 3])


def test_where_lanes_are_compared_no_engine_goes_on_when_one_has_ended(control: ControlPage):
    guard, _ = guard_of(control, halving=HalvingPlan((1,), "total_return", 0.5, Year(252)))
    control.member(3).join()
    control.member(3).begin(3)
    assert not guard.lose(control.members()[3], "was ended by SIGABRT")
    outcome = guard.outcome(facts_of(None, None, tape=None))
    assert outcome.suspects == {3: "was ended by SIGABRT"}
    assert sorted(outcome.unfinished) == [0, 1, 2]
    assert outcome.seconds == 0.0


def test_what_engines_found_is_put_together(control: ControlPage):
    guard, _ = guard_of(control)
    one = [lane_facts.facts_of(lane=2)]
    two = [lane_facts.facts_of(lane=1), lane_facts.facts_of(lane=3)]
    facts = facts_of(
        EngineFacts(one, {0: "raised"}, 3_500_000_000, SIZES),
        EngineFacts(two, {}, 3_000_000_000, SIZES),
    )
    outcome = guard.outcome(facts)
    assert outcome.finished == {2: one[0], 1: two[0], 3: two[1]}
    assert (outcome.lost, outcome.suspects, outcome.unfinished) == ({0: "raised"}, {}, [])
    assert outcome.seconds == 2.5
    assert outcome.tape is TAPE
    assert guard.outcome(facts_of(*facts.engines, tape=None)).seconds == 0.0

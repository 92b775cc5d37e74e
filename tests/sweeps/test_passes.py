"""One pass: how large its slots are, which engines are ended, and what becomes of their lanes."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline import SessionConfig
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.market.time.query_cache import CacheStatistics
from pipeline.runner.preparation import Division, prepare
from pipeline.runner.starting import start_context
from pipeline.stages.facts import EngineFacts, MemorySizes, RunFacts, TapeFacts
from pipeline.stages.halving import HalvingPlan
from pipeline.sweeps.memory import TreeMemory
from pipeline.sweeps.passes import PassOutcome, _Guard, memory_needed, run_pass, slot_shape
from pipeline.sweeps.roster import Roster
from pipeline.sweeps.search.search import make_search
from shm.control import NO_TASK, ControlPage
from shm.names import new_run_id
from tests.lane_facts import told_of
from tests.reference.processes import assert_nothing_left, members, settings_of

GIB = 2**30


def roster_of(sample: Path, lanes: int = 8, **settings: Any) -> Roster:
    config = settings_of("US_EQUITY", "2024-11-25", "2024-12-02", SYMBOLS[:2], ["1m"], sample)
    config["strategy"] = {"name": "tests.reference.traders:Crosser"}
    config["sweep"] = {"space": {"fast": {"from": 2, "to": 1 + lanes}}, "score": "total_return"}
    return Roster(SessionConfig.load(config | settings), None)


def lanes_of(roster: Roster) -> Any:
    sets = make_search(roster.sweep, roster.space, Path("none")).ask(10_000)
    return roster.lanes(roster.entries(sets, 0))


# --- how large -----------------------------------------------------------------------------------


def test_slots_are_shorter_where_memory_is_scarce_or_columns_are_many(sample: Path):
    few, many = roster_of(sample, 8), roster_of(sample, 400)
    usual = slot_shape(few.settings, lanes_of(few), 4 * GIB)
    scarce = slot_shape(few.settings, lanes_of(few), 4 << 20)
    wide = slot_shape(many.settings, lanes_of(many), 4 * GIB)
    assert usual.rows > scarce.rows >= 8_192 // 2
    assert usual.rows > wide.rows >= 8_192 // 2
    assert wide.lookback == usual.lookback


def test_slots_are_as_long_as_the_configuration_says(sample: Path):
    roster = roster_of(sample, 400, pipeline={"slot_rows": 50_000})
    assert slot_shape(roster.settings, lanes_of(roster), 1 << 20).rows == 50_000


def test_a_pass_needs_more_for_every_lane_session_and_slot(sample: Path):
    one, two = roster_of(sample, 8), roster_of(sample, 16)
    three = roster_of(sample, 8, pipeline={"slots": 16})

    def needed(roster: Roster, sessions: int = 10) -> int:
        return memory_needed(roster.settings, lanes_of(roster), sessions, 4 * GIB)

    assert needed(one) < needed(two)
    assert needed(one) < needed(three)
    assert needed(one, 20) == needed(one) + 8 * 8 * 10


# --- which engines are ended ---------------------------------------------------------------------


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


def guard_of(control: ControlPage, **options: Any) -> tuple[_Guard, StubCrew]:
    crew = StubCrew(control)
    division = Division([[0, 2], [1, 3]], None, tolerant=True, **options)
    return _Guard(crew, division), crew  # type: ignore[arg-type]  # a stub


HOUR = 3_600_000_000_000
SIZES = MemorySizes(1, 1)
ASKED = CacheStatistics(3, 0, 0, 3, 1, 100, 3)
TAPE = TapeFacts(1_000_000_000, (10,), 10, 0, 3, "2024-11-25", "2024-11-27", ASKED, SIZES)


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


def test_who_has_not_joined_or_is_at_no_lane_is_never_stuck(control: ControlPage):
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


def test_where_lanes_are_compared_nobody_goes_on_without_an_engine(control: ControlPage):
    guard, _ = guard_of(control, halving=HalvingPlan((1,), "total_return", 0.5))
    control.member(3).join()
    control.member(3).begin(3)
    assert not guard.lose(control.members()[3], "was ended by SIGABRT")
    outcome = guard.outcome(facts_of(None, None, tape=None))
    assert outcome.suspects == {3: "was ended by SIGABRT"}
    assert sorted(outcome.unfinished) == [0, 1, 2]
    assert outcome.seconds == 0.0


def test_what_engines_found_is_put_together(control: ControlPage):
    guard, _ = guard_of(control)
    dates = np.array([10, 20, 30])
    one = [told_of(lane=2, sessions=1)]
    two = [told_of(lane=1, sessions=3), told_of(lane=3, sessions=2)]
    facts = facts_of(
        EngineFacts(one, {0: "raised"}, dates, 3_500_000_000, SIZES),
        EngineFacts(two, {}, dates, 3_000_000_000, SIZES),
    )
    outcome = guard.outcome(facts)
    found = {number: lane.session_dates.tolist() for number, lane in outcome.finished.items()}
    assert found == {2: [10], 1: [10, 20, 30], 3: [10, 20]}
    assert (outcome.lost, outcome.suspects, outcome.unfinished) == ({0: "raised"}, {}, [])
    assert outcome.seconds == 2.5
    assert outcome.tape is TAPE
    assert guard.outcome(facts_of(*facts.engines, tape=None)).seconds == 0.0


# --- with all processes --------------------------------------------------------------------------


def run_with(
    roster: Roster, shares: Sequence[Sequence[int]], tick: Any = None, **options: Any
) -> PassOutcome:
    context = start_context(roster.settings.pipeline.start_method)
    division = Division(shares, None, tolerant=True, **options)
    outcome = run_pass(
        context,
        prepare(roster.settings),
        lanes_of(roster),
        division,
        GIB,
        TreeMemory(),
        tick or (lambda stats: None),
    )
    assert_nothing_left()
    return outcome


@pytest.mark.parametrize("slots", [1, 3])
@pytest.mark.parametrize("start_method", ["forkserver", "spawn"])
def test_the_others_finish_their_lanes_when_an_engine_is_killed(
    sample: Path, start_method: str, slots: int
):
    pipeline = {"start_method": start_method, "slots": slots, "slot_rows": 1, "processors": 2}
    roster = roster_of(sample, pipeline=pipeline)
    shares = [[0, 1, 2], [3, 4, 5], [6, 7]]
    undisturbed = run_with(roster, shares)
    blow = SimpleNamespace(struck=False)

    def kill(stats: Any) -> None:
        walked = stats.snapshot()["engine 1"].full.counters["bars"]
        if not blow.struck and walked > 0:
            os.kill(members()["engine 1"], signal.SIGKILL)
            blow.struck = True

    outcome = run_with(roster, shares, kill)
    assert sorted(undisturbed.finished) == list(range(8))
    assert blow.struck
    assert sorted(outcome.finished) == [0, 1, 2, 6, 7]
    assert sorted([*outcome.suspects, *outcome.unfinished]) == [3, 4, 5]
    for number, lane in outcome.finished.items():
        assert lane.record.digest == undisturbed.finished[number].record.digest
    assert all("was ended by SIGKILL" in why for why in outcome.suspects.values())


def test_when_every_engine_is_killed_all_their_lanes_are_left(sample: Path):
    roster = roster_of(sample, pipeline={"slot_rows": 1, "slots": 2})
    killed: set[str] = set()

    def kill(stats: Any) -> None:
        for role, pid in members().items():
            if role.startswith("engine") and role not in killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(role)

    outcome = run_with(roster, [[0, 1, 2, 3], [4, 5, 6, 7]], kill)
    assert killed == {"engine 0", "engine 1"}
    assert outcome.finished == outcome.lost == {}
    assert sorted([*outcome.suspects, *outcome.unfinished]) == list(range(8))
    assert outcome.seconds == 0.0


def test_one_session_has_no_rung_and_all_lanes_finish(sample: Path):
    dates = {"start_date": "2024-11-25", "end_date": "2024-11-25"}
    roster = roster_of(sample, backtest_config=dates)
    plan = HalvingPlan((), "total_return", 0.5)
    outcome = run_with(roster, [[0, 1, 2, 3], [4, 5, 6, 7]], halving=plan)
    assert sorted(outcome.finished) == list(range(8))
    assert {lane.sessions for lane in outcome.finished.values()} == {1}


def test_seconds_are_those_of_the_replay(sample: Path):
    began = time.monotonic()
    outcome = run_with(roster_of(sample), [[0, 1, 2, 3], [4, 5, 6, 7]])
    assert 0.0 < outcome.seconds < time.monotonic() - began

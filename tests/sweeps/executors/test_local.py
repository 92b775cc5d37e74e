"""Passes with all their processes: what is left of them when engines are killed."""

import os
import signal
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.results.year import Year
from pipeline.runner.preparation import Division, prepare
from pipeline.runner.starting import start_context
from pipeline.stages.halving import HalvingPlan
from pipeline.sweeps.executors.local import LocalExecutor
from pipeline.sweeps.executors.protocol import PassOutcome
from pipeline.sweeps.roster import Roster
from tests.reference.processes import assert_nothing_left, members
from tests.sweeps.rosters import lanes_of, roster_of


def run_with(
    roster: Roster, shares: Sequence[Sequence[int]], report: Any = None, **options: Any
) -> PassOutcome:
    context = start_context(roster.settings.pipeline.start_method)
    executor = LocalExecutor(context, prepare(roster.settings), len(shares), memory=1.0)
    division = Division(shares, None, tolerant=True, **options)
    outcome = executor.run_pass(lanes_of(roster), division, report or (lambda *_: None))
    assert executor.peak_bytes > 0
    assert_nothing_left()
    return outcome


@pytest.mark.parametrize(
    ("start_method", "slots"), [("forkserver", 1), ("forkserver", 3), ("spawn", 3)]
)
def test_the_others_finish_their_lanes_when_an_engine_is_killed(
    sample: Path, start_method: str, slots: int
):
    pipeline = {"start_method": start_method, "slots": slots, "slot_rows": 1, "processors": 2}
    roster = roster_of(sample, pipeline=pipeline)
    shares = [[0, 1, 2], [3, 4, 5], [6, 7]]
    undisturbed = run_with(roster, shares)
    blow = SimpleNamespace(struck=False)

    def kill(bars: Sequence[int], *_: str) -> None:
        if not blow.struck and bars[1] > 0:
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

    def kill(bars: Sequence[int], *_: str) -> None:
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
    plan = HalvingPlan((), "total_return", 0.5, Year(252))
    outcome = run_with(roster, [[0, 1, 2, 3], [4, 5, 6, 7]], halving=plan)
    assert sorted(outcome.finished) == list(range(8))
    assert {lane.sessions for lane in outcome.finished.values()} == {1}


def test_seconds_are_those_of_the_replay(sample: Path):
    began = time.monotonic()
    outcome = run_with(roster_of(sample), [[0, 1, 2, 3], [4, 5, 6, 7]])
    assert 0.0 < outcome.seconds < time.monotonic() - began


def test_the_bars_that_each_engine_has_walked_are_reported(sample: Path):
    seen: list[list[int]] = []
    outcome = run_with(
        roster_of(sample), [[0, 1, 2, 3], [4, 5, 6, 7]], lambda bars, *_: seen.append([*bars])
    )
    assert outcome.tape is not None
    assert seen[-1] == [outcome.tape.bars] * 2
    assert all(one <= other for one, other in pairwise(seen))

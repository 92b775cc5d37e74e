import math
import random
import threading
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.results.statistics import sharpe_ratio
from pipeline.results.year import Year
from pipeline.stages.halving import Halving, HalvingPlan, Scoreboard, best_of, rungs_of, score_of
from shm.control import ControlPage
from shm.errors import Aborted
from shm.names import new_run_id

DAY = 86_400_000_000_000
scores = st.lists(st.sampled_from([math.nan, -math.inf, -1.0, 0.0, 0.5, 2.0]), min_size=1)


@given(scores, st.floats(0.01, 0.99))
def test_the_best_share_goes_on_at_least_one_and_equal_ones_by_number(
    found: list[float], keep: float
):
    left = [lane for lane, score in enumerate(found) if not math.isnan(score)]
    count = max(1, math.ceil(keep * len(left)))
    expected = sorted(left, key=lambda lane: (-found[lane], lane))[:count]
    assert best_of(np.array(found), keep) == set(expected)


@given(st.integers(1, 64), st.integers(1, 300))
def test_rungs_are_evenly_spaced_within_the_run(count: int, sessions: int):
    rungs = rungs_of(count, sessions)
    assert list(rungs) == sorted(set(rungs))
    assert all(0 < rung < sessions for rung in rungs)
    assert len(rungs) <= count
    if sessions > count:
        assert len(rungs) == count
        edges = [0, *rungs, sessions]
        gaps = [b - a for a, b in pairwise(edges)]
        assert max(gaps) - min(gaps) <= 1


def test_a_score_is_the_figure_of_the_summary_and_turned_around_by_a_minus():
    closes = np.array([101.0, 99.0, 104.0, 103.0])
    dates = np.arange(4) * DAY
    returns = np.diff(np.concatenate(([100.0], closes))) / np.concatenate(([100.0], closes[:-1]))
    expected = sharpe_ratio(returns, 252.0)

    def score(name: str, sessions: int = 4) -> float:
        plan = HalvingPlan((), name, 0.5, Year(252))
        return score_of(plan, 100.0, closes[:sessions], dates[:sessions], 0.1)

    assert score("sharpe_ratio") == pytest.approx(expected)
    assert score("total_return") == pytest.approx(0.03)
    assert score("annual_return") == pytest.approx(1.03**63 - 1)
    assert score("-max_drawdown") == -0.1
    assert score("sharpe_ratio", 1) == -math.inf


def test_a_ruined_account_comes_behind_all_others_also_where_its_figure_is_good():
    plan = HalvingPlan((), "total_return", 0.5, Year(252))
    dates = np.arange(2) * DAY
    assert score_of(plan, 100.0, np.array([110.0, 400.0]), dates, 1.2) == -math.inf
    assert score_of(plan, 100.0, np.array([-10.0, 400.0]), dates, 0.1) == -math.inf
    assert score_of(plan, 100.0, np.array([110.0, 90.0]), dates, 0.3) == pytest.approx(-0.1)


def survivors_of(
    found: Sequence[Sequence[float]], engines: int, plan: HalvingPlan
) -> list[list[set[int]]]:
    """What each engine comes to at each rung; lanes are dealt to engines in turn."""
    roles = [f"engine {number}" for number in range(engines)]
    run_id = new_run_id()
    results: list[list[set[int]]] = [[] for _ in roles]
    with (
        ControlPage.create(run_id, roles) as control,
        Scoreboard(run_id, len(plan.rungs), len(found[0]), roles, control) as board,
    ):

        def take_part(engine: int) -> None:
            halving = Halving.join(plan, board.side(roles[engine]))
            assert halving is not None
            own = set(range(engine, len(found[0]), engines))
            for sessions in plan.rungs:
                rung = halving.rung(sessions)
                assert rung is not None
                survivors = halving.survivors(rung, {lane: found[rung][lane] for lane in own})
                results[engine].append(survivors)
                own &= survivors
            halving.leave()

        threads = [threading.Thread(target=take_part, args=(e,)) for e in range(engines)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return results


@pytest.mark.parametrize("engines", [1, 2, 3, 5])
def test_all_engines_come_to_the_same_survivors_however_lanes_are_dealt(engines: int):
    chance = random.Random(7)
    plan = HalvingPlan((2, 5, 9), "total_return", 0.5, Year(252))
    found = [[chance.random() for _ in range(21)] for _ in plan.rungs]
    results = survivors_of(found, engines, plan)
    alone = survivors_of(found, 1, plan)[0]
    assert [len(one) for one in alone] == [11, 6, 3]
    assert results == [alone] * engines


def test_other_numbers_of_sessions_are_no_rung_and_without_a_plan_there_is_nothing():
    assert Halving.join(None, None) is None
    plan = HalvingPlan((2,), "total_return", 0.5, Year(252))
    run_id = new_run_id()
    with (
        ControlPage.create(run_id, ["engine 0"]) as control,
        Scoreboard(run_id, 1, 3, ["engine 0"], control) as board,
    ):
        halving = Halving(plan, board.side("engine 0"))
        assert (halving.rung(1), halving.rung(2), halving.rung(3)) == (None, 0, None)
        halving.leave()


def test_an_engine_waits_no_longer_for_the_others_when_the_run_is_aborted():
    plan, roles = HalvingPlan((2,), "total_return", 0.5, Year(252)), ["engine 0", "engine 1"]
    run_id = new_run_id()
    with (
        ControlPage.create(run_id, roles) as control,
        Scoreboard(run_id, 1, 2, roles, control) as board,
    ):
        halving = Halving(plan, board.side("engine 0"))
        control.abort("engine 1", "ended")
        with pytest.raises(Aborted):
            halving.survivors(0, {0: 1.0})
        halving.leave()

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.watch.pace import Figures, Pace
from tests.watch.documents import sweep_document


def look(bars: int, done: float | None, **changes: Any) -> dict[str, Any]:
    # At 200 bars a second all time is accounted for.
    one = bars * 500_000
    rows = {
        "engine 0": {"bars": bars, "busy_ns": 9 * one, "starved_ns": one, "blocked_ns": 0},
        "engine 1": {"bars": bars, "busy_ns": 7 * one, "starved_ns": 3 * one, "blocked_ns": 0},
        "coordinator": {"bars": bars, "busy_ns": one, "starved_ns": 0, "blocked_ns": 9 * one},
    }
    counters = {"engine": {"bars": 2 * bars, "busy_ns": 16 * one, "starved_ns": 4 * one}}
    return sweep_document(rows=rows, counters=counters, done=done, **changes)


def looked(*looks: tuple[float, dict[str, Any]]) -> Figures:
    pace = Pace()
    for at, one in looks:
        figures = pace.add(at, one)
    return figures


def test_one_look_knows_no_rate_but_the_shares_so_far():
    figures = looked((0.0, look(100, 0.1)))
    assert (figures.bars_per_second, figures.evaluations_per_second) == (None, None)
    assert figures.left is None
    engine = next(one for one in figures.stages if one.stage == "engine")
    assert (engine.busy, engine.starved) == (0.8, 0.2)


def test_rates_are_those_of_the_last_seconds():
    slow = [(float(at), look(10 * at, 0.001 * at)) for at in range(20)]
    fast = [(20.0 + at, look(190 + 1000 * at, 0.02 + 0.01 * at)) for at in range(20)]
    assert looked(*slow, *fast).bars_per_second == pytest.approx(1000)


def test_shares_are_those_between_two_looks():
    figures = looked((0.0, look(100, 0.1)), (1.0, look(300, 0.2)))
    engine = next(one for one in figures.stages if one.stage == "engine")
    assert (engine.processes, engine.busy, engine.starved) == (2, 0.8, 0.2)
    decode = next(one for one in figures.stages if one.stage == "decode")
    assert decode.blocked == pytest.approx(0.9)
    assert figures.busy["engine 1"] == pytest.approx(0.7)


@pytest.mark.parametrize(("ready", "busy"), [(3, 1.0), (2, 0.0)])
def test_a_process_in_the_middle_of_a_slot_is_busy_if_there_is_a_slot_for_it(
    ready: int, busy: float
):
    looks = [look(100, 0.1), look(100, 0.1)]
    for one in looks:
        one["rows"]["processor 0"] = {"slots": ready}
        one["rows"]["engine 0"]["slots"] = 2
    figures = looked((0.0, looks[0]), (1.0, looks[1]))
    assert figures.busy["engine 0"] == pytest.approx(busy)


@pytest.mark.parametrize(("in_use", "blocked"), [(4, 1.0), (3, 0.0)])
def test_a_coordinator_is_blocked_where_no_slot_is_free(in_use: int, blocked: float):
    slots = {"all": 4, "in_use": in_use}
    figures = looked((0.0, look(100, 0.1, slots=slots)), (1.0, look(100, 0.1, slots=slots)))
    decode = next(one for one in figures.stages if one.stage == "decode")
    assert decode.blocked == pytest.approx(blocked)


@given(st.lists(st.tuples(st.integers(0, 500), st.booleans()), min_size=1, max_size=8))
def test_shares_are_shares_whatever_passes_begin_in_between(steps: list[tuple[int, bool]]):
    """Rows begin at 0 with each pass, and counters do not."""
    pace, number, bars, whole = Pace(), 0, 0, 0
    for at, (more, fresh) in enumerate(steps):
        number, bars = (number + 1, more) if fresh else (number, bars + more)
        whole += more
        one = look(bars, 0.1)
        one["sweep"] = {**one["sweep"], "pass_run_id": str(number)}
        one["counters"] = look(whole, 0.1)["counters"]
        figures = pace.add(float(at), one)
        for stage in figures.stages:
            parts = (stage.busy, stage.starved, stage.blocked)
            assert all(0.0 <= part <= 1.0 for part in parts)
            assert sum(parts) == pytest.approx(1.0) or sum(parts) == 0.0
        assert all(0.0 <= share <= 1.0 for share in figures.busy.values())


def test_evaluations_are_those_of_the_sweep():
    before, now = look(1, 0.1), look(2, 0.2)
    now["sweep"] = {**now["sweep"], "evaluations": before["sweep"]["evaluations"] + 500}
    assert looked((0.0, before), (2.0, now)).evaluations_per_second == 250


def test_a_run_has_no_evaluations():
    one = look(1, 0.1)
    del one["sweep"]
    assert looked((0.0, one), (1.0, one)).evaluations_per_second is None


@given(st.floats(0.001, 0.02), st.integers(3, 40))
def test_at_an_even_pace_the_time_left_is_known(pace: float, looks: int):
    figures = looked(*((float(at), look(at, pace * at)) for at in range(looks)))
    assert figures.left is not None
    expected = (1 - pace * (looks - 1)) / pace
    assert figures.left.seconds == pytest.approx(expected, rel=1e-6)
    assert figures.left.least == pytest.approx(figures.left.most, rel=1e-6)


@given(st.lists(st.floats(0, 0.02), min_size=3, max_size=40))
def test_the_time_left_lies_between_its_bounds(steps: list[float]):
    done = [sum(steps[:at]) for at in range(len(steps))]
    figures = looked(*((float(at), look(at, share)) for at, share in enumerate(done)))
    if figures.left is not None:
        assert figures.left.least <= figures.left.seconds <= figures.left.most
        assert not math.isnan(figures.left.most)


def test_where_it_is_not_known_how_much_is_done_nothing_is_said():
    assert looked((0.0, look(1, None)), (1.0, look(2, None))).left is None

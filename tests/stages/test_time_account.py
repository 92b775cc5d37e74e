from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stages import time_account
from pipeline.stages.metrics import PerformanceMetrics, metrics_rows
from pipeline.stages.stage_times import add_times, member_times
from pipeline.stages.time_account import TimeAccount
from shm.names import new_run_id
from shm.stats import StatsBlock

steps = st.lists(st.tuples(st.sampled_from(["busy", "starved", "away"]), st.integers(0, 10**9)))


@pytest.fixture
def block() -> Iterator[StatsBlock]:
    with StatsBlock.create(new_run_id(), metrics_rows(1, 2)) as made:
        yield made


@given(steps)
def test_the_parts_add_up_to_the_wall_time(done: list[tuple[str, int]]):
    now = [1]
    with (
        pytest.MonkeyPatch.context() as patch,
        StatsBlock.create(new_run_id(), metrics_rows(1, 1)) as block,
    ):
        patch.setattr(time_account, "_now", lambda: now[0])
        account = TimeAccount(PerformanceMetrics.for_row(block, "engine 0"))
        account.begin(1)
        for kind, ns in done:
            now[0] += ns
            if kind == "starved":
                account.starved()
            else:
                account.was_away(ns // 3 if kind == "away" else 0)
                account.busy()
        counted = block.counters()["engine 0"]
        parts = {name: counted[f"{name}_ns"] for name in ("busy", "starved", "blocked")}
        assert sum(parts.values()) == now[0] - 1
        assert parts["starved"] == sum(ns for kind, ns in done if kind == "starved")
        assert parts["blocked"] == sum(ns // 3 for kind, ns in done if kind == "away")


def test_it_begins_once(block: StatsBlock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(time_account, "_now", lambda: 1000)
    account = TimeAccount(PerformanceMetrics.for_row(block, "coordinator"))
    account.begin(100)
    account.begin(900)
    assert account.blocked() == 900


def test_waits_for_slots_are_timed(block: StatsBlock):
    metrics = PerformanceMetrics.for_row(block, "processor 0")
    account = TimeAccount(metrics)
    account.begin(1)
    account.starved()
    metrics.flush()
    assert metrics.numbers()["wait_for_bars"]["count"] == 1


def test_a_wait_for_the_clock_is_no_wait_at_an_edge(block: StatsBlock):
    metrics = PerformanceMetrics.for_row(block, "coordinator")
    account = TimeAccount(metrics)
    account.begin(1)
    account.starved(at_edge=False)
    metrics.flush()
    assert metrics.numbers()["wait_for_room"]["count"] == 0
    assert block.counters()["coordinator"]["starved_ns"] > 0


def test_the_times_of_passes_add_up_by_process(block: StatsBlock):
    for role, ns in (("engine 0", 5), ("engine 1", 7)):
        PerformanceMetrics.for_row(block, role).count("busy_ns", ns * 10**9)
    once = member_times(block)
    assert [one.name for one in once] == ["coordinator", "processor 0", "engine 0", "engine 1"]
    twice = {one.name: one for one in add_times([once, once])}
    assert (twice["engine 0"].busy, twice["engine 1"].busy) == (10.0, 14.0)
    assert twice["engine 1"].stage == "engine"
    assert twice["engine 1"].wall == 14.0

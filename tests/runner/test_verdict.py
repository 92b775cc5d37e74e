from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.session import SessionConfig
from pipeline.runner.verdict import Load, verdict_of
from pipeline.stages.stage_times import MemberTime


def load(**changes: Any) -> Load:
    settings = {
        "session_name": "judged",
        "backtest_config": {"start_date": "2024-10-22", "end_date": "2024-12-03"},
        "session_data_config": {"symbols": ["A", "B", "C", "D"]},
        "strategy": {"name": "pipeline.strategy.examples:SmaCross"},
        "catalog": str(Path("nowhere")),
    }
    sections = {
        name: changes.pop(name) for name in ("pipeline", "backtest_config") if name in changes
    }
    for name, section in sections.items():
        settings[name] = {**settings.get(name, {}), **section}  # type: ignore[dict-item]
    known = {"lanes": 8, "slots": 100, "seconds": 10.0, "interpreted": False, "processors": 8}
    return Load(SessionConfig.load(settings), **{**known, **changes})


def times(
    decode: float, derive: float, *engines: float, processor: float = 0.0
) -> list[MemberTime]:
    """Shares of 10 s for which processes are busy; the coordinator is blocked, others starved."""
    found = [MemberTime("coordinator", 10 * decode, 0.0, 10 - 10 * decode, processor)]
    found.append(MemberTime("processor 0", 10 * derive, 10 - 10 * derive, 0.0, processor))
    found += [
        MemberTime(f"engine {n}", 10 * busy, 10 - 10 * busy, 0.0, processor)
        for n, busy in enumerate(engines)
    ]
    return found


def test_an_engine_with_lanes_to_share_out_gets_another_one():
    found = verdict_of(times(0.2, 0.3, 0.98), load())
    assert found.bound == "engine"
    assert found.said == (
        "Engine-bound: the engine is busy for 98% of the time; 2 engines would give about 2.0 x"
        " (pipeline.engines=2)."
    )


def test_a_gain_ends_at_the_next_stage():
    found = verdict_of(times(0.2, 0.7, 0.98), load())
    assert "about 1.4 x" in found.said


def test_where_the_next_stage_is_close_it_is_named():
    found = verdict_of(times(0.2, 0.88, 0.99), load())
    assert "would give little, as deriving is busy for 88% of the time" in found.said


def test_where_processors_are_full_more_processes_give_little():
    found = verdict_of(times(0.2, 0.3, 0.98, processor=6.5), load(processors=2))
    assert "would give little, as 2 processors are 98% busy" in found.said


def test_one_lane_cannot_be_shared():
    found = verdict_of(times(0.2, 0.3, 0.98), load(lanes=1))
    assert "1 lane cannot be shared by more than 1 engine" in found.said
    slow = verdict_of(times(0.2, 0.3, 0.98), load(lanes=1, interpreted=True))
    assert 'mode "compiled" is faster' in slow.said


def test_the_busiest_engine_bounds_all():
    found = verdict_of(times(0.1, 0.2, 0.99, 0.2), load())
    assert found.bound == "engine"
    assert found.share == pytest.approx(0.99)
    assert found.stages["engine"].busy == pytest.approx(0.595)


@pytest.mark.parametrize(
    ("shares", "more", "bound"),
    [
        ((0.97, 0.2, 0.3), {}, "decode"),
        ((0.2, 0.97, 0.3), {}, "derive"),
        ((0.92, 0.2, 0.97), {}, "balanced"),
        ((0.3, 0.2, 0.4), {}, "hand-over"),
        ((0.3, 0.2, 0.97), {"seconds": 0.05}, ""),
        ((0.3, 0.2, 0.97), {"slots": 9}, ""),
    ],
)
def test_what_bounds(shares: tuple[float, ...], more: dict[str, Any], bound: str):
    found = verdict_of(times(*shares), load(**more))
    assert found.bound == bound
    assert found.said.lower().startswith(bound or "too short to say")


def test_a_clock_bounds_what_waits_for_it():
    found = [MemberTime("coordinator", 0.5, 9.5, 0.0, 0.5), *times(0.0, 0.1, 0.2)[1:]]
    told = verdict_of(found, load(backtest_config={"speed_multiplier": 60.0}))
    assert told.bound == "clock"


@pytest.mark.parametrize("shares", [(0.3, 0.1, 0.2), (0.9, 0.1, 0.2), (0.9, 0.1, 0.9)])
def test_a_clock_that_stages_cannot_keep_up_with_is_named(shares: tuple[float, ...]):
    told = verdict_of(times(*shares), load(backtest_config={"speed_multiplier": 60.0}))
    assert told.bound in ("hand-over", "decode", "balanced")
    assert "backtest_config.speed_multiplier of 0" in told.said


def test_processors_that_other_programs_keep_busy_are_counted():
    found = times(0.2, 0.3, 0.98, processor=1.0)
    found[0] = replace(found[0], machine=15.0)
    told = verdict_of(found, load(processors=2))
    assert "2 engines would give about 1.3 x" in told.said
    found[0] = replace(found[0], machine=19.6)
    told = verdict_of(found, load(processors=2))
    assert "one more engine would give little, as 2 processors are 98% busy" in told.said


def test_decoding_on_demand_is_told_of_the_background():
    told = verdict_of(times(0.97, 0.1, 0.2), load(backtest_config={"prefetch_days": 0}))
    assert "prefetch_days of 1" in told.said


@given(st.lists(st.floats(0, 1), min_size=3, max_size=6))
def test_any_shares_are_judged_in_one_sentence_of_80_columns(shares: list[float]):
    found = verdict_of(times(*shares), load())
    assert found.said.endswith(".")
    assert "\n" not in found.said
    assert all(len(line) <= 80 for line in found.text().splitlines())
    assert 0 <= found.share <= 1
    document = found.document()
    assert set(document["stages"]) == {"decode", "derive", "engine"}
    assert all(value >= 0 for stage in document["stages"].values() for value in stage.values())

"""How large the slots of a pass are, and how much memory a pass takes."""

from pathlib import Path

from pipeline.sweeps.executors import pass_size
from pipeline.sweeps.executors.pass_size import allowed_memory, memory_needed, slot_shape
from pipeline.sweeps.roster import Roster
from tests.sweeps.rosters import lanes_of, roster_of

GIB = 2**30


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


def test_a_pass_may_take_most_of_what_is_free_or_as_much_as_is_wanted(monkeypatch):
    monkeypatch.setattr(pass_size, "available_shared_memory", lambda: 1000 << 20)
    assert allowed_memory(None) == 800 << 20
    assert allowed_memory(0.5) == 512 << 20
    assert allowed_memory(2.0) == 1000 << 20

"""What processes send home, put together."""

import pickle

import numpy as np
import pytest

from pipeline.market.time.query_cache import CacheStatistics
from pipeline.stages.facts import (
    EngineFacts,
    MemorySizes,
    ProcessorFacts,
    RunFacts,
    TapeFacts,
)
from tests.lane_facts import told_of

SIZES = MemorySizes(2_000, 1_000)
ASKED = CacheStatistics(3, 0, 0, 3, 1, 100, 3)
TAPE = TapeFacts(5, (10, 7), 12, 1, 3, "2024-11-25", "2024-11-27", ASKED, SIZES)
DATES = np.array([10, 20, 30])
ONE = EngineFacts([told_of(lane=2, sessions=1)], {0: "raised"}, DATES, 70, SIZES)
TWO = EngineFacts([told_of(lane=3, sessions=2), told_of(lane=1, sessions=3)], {}, DATES, 60, SIZES)


def test_each_lane_has_the_dates_of_the_sessions_that_it_has_seen():
    facts = RunFacts(TAPE, [None], [ONE, None, TWO])
    found = [(lane.lane, lane.session_dates.tolist()) for lane in facts.lanes()]
    assert found == [(1, [10, 20, 30]), (2, [10]), (3, [10, 20])]


def test_a_run_has_finished_when_its_last_engine_has():
    assert RunFacts(TAPE, [], [TWO, ONE, None]).finished_ns == 70
    assert RunFacts(TAPE, [], [None]).finished_ns is None


def test_members_come_in_the_order_of_the_roles():
    processor = ProcessorFacts(SIZES)
    facts = RunFacts(TAPE, [processor, None], [None, ONE])
    assert facts.members == (TAPE, processor, None, None, ONE)


def test_bars_on_the_tape_are_those_of_all_symbols():
    assert TAPE.bars == 17


@pytest.mark.parametrize("facts", [TAPE, ProcessorFacts(SIZES)])
def test_facts_are_the_same_in_another_process(facts):
    assert pickle.loads(pickle.dumps(facts)) == facts


def test_a_process_knows_its_own_memory():
    sizes = MemorySizes.of_this_process()
    taken = np.ones(4_000_000)
    more = MemorySizes.of_this_process()
    assert more.unique - sizes.unique > 0.5 * taken.nbytes
    assert sizes.shared > 0

"""What processes send home, put together."""

import mmap
import pickle

import numpy as np
import pytest
from multiprocess import get_context

from pipeline.lane.facts import LaneFacts, OpenPosition
from pipeline.market.time.query_cache import CacheStatistics
from pipeline.results.tally import LaneRecord
from pipeline.stages.facts import (
    EngineFacts,
    MemorySizes,
    ProcessorFacts,
    RunFacts,
    TapeFacts,
    receive_facts,
    send_facts,
)
from tests.lane_facts import facts_of

SIZES = MemorySizes(2_000, 1_000)
ASKED = CacheStatistics(3, 0, 0, 3, 1, 100, 3)
TAPE = TapeFacts(5, (10, 7), 12, 3, "2024-11-25", "2024-11-27", ASKED, SIZES)
ONE = EngineFacts([facts_of(lane=2)], {0: "raised"}, 70, SIZES)
TWO = EngineFacts([facts_of(lane=3), facts_of(lane=1)], {}, 60, SIZES)


def test_lanes_of_all_engines_come_in_their_order():
    facts = RunFacts(TAPE, [None], [ONE, None, TWO])
    assert [lane.lane for lane in facts.lanes()] == [1, 2, 3]


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
def test_facts_arrive_as_they_were_sent(facts):
    receiving, sending = get_context("spawn").Pipe(duplex=False)
    send_facts(sending, facts)
    assert receive_facts(receiving) == facts
    sending.close()
    with pytest.raises(EOFError):
        receive_facts(receiving)


def test_lanes_that_ended_together_share_their_dates_when_they_arrive():
    receiving, sending = get_context("spawn").Pipe(duplex=False)
    dates = np.array([10, 20, 30])
    lanes = [facts_of(lane=lane, session_dates=dates) for lane in (0, 1)]
    send_facts(sending, EngineFacts(lanes, {}, 60, SIZES))
    arrived = receive_facts(receiving)
    assert isinstance(arrived, EngineFacts)
    one, other = arrived.lanes
    assert one.session_dates.tolist() == [10, 20, 30]
    assert one.session_dates is other.session_dates


def test_lanes_arrive_as_they_were_sent():
    lanes = [
        facts_of(
            lane=lane,
            equity=100.5 + lane,
            session_dates=np.arange(lane),
            session_equity=np.arange(lane) + 0.25,
            positions=(OpenPosition(0, 1.0, 2.0, -0.5),) * lane,
            never_ready=("A 1m (fast)",),
        )
        for lane in (0, 2, 3)
    ]
    sent = EngineFacts(lanes, {1: "raised"}, 60, SIZES)
    arrived = pickle.loads(pickle.dumps(sent))
    assert (arrived.lost, arrived.finished_ns, arrived.memory) == ({1: "raised"}, 60, SIZES)
    for some, others in zip(arrived.lanes, lanes, strict=True):
        for name, one, other in zip(LaneFacts._fields, some, others, strict=True):
            np.testing.assert_array_equal(one, other, name)
        assert type(some.record) is LaneRecord


def test_a_process_knows_its_own_memory():
    sizes = MemorySizes.of_this_process()
    # From the system, not from NumPy, which may give memory that an array before has left.
    with mmap.mmap(-1, 32_000_000, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as taken:
        taken.write(bytes([1]) * len(taken))
        more = MemorySizes.of_this_process()
        assert more.unique - sizes.unique > 0.5 * len(taken)
    assert sizes.shared > 0

"""What an engine counts of its lanes, slot by slot."""

import numpy as np

from pipeline.stages.lane_counts import LaneCounts


def test_the_equities_of_all_slots_stand_side_by_side():
    counts = LaneCounts(3, [(), (1,)])
    assert counts.by_session().shape == (3, 0)
    counts.begin([10, 20])
    counts.closes[:] = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    counts.begin([])
    counts.begin([30])
    counts.closes[1] = 7.0
    assert counts.sessions == 3
    assert counts.dates.tolist() == [10, 20, 30]
    assert counts.by_session().tolist() == [[1.0, 2.0, 0.0], [3.0, 4.0, 7.0], [5.0, 6.0, 0.0]]
    # It may be asked at a rung, and goes on.
    counts.begin([40])
    counts.closes[2] = 8.0
    assert counts.by_session()[2].tolist() == [5.0, 6.0, 0.0, 8.0]


def test_lanes_are_told_by_row_and_universe_and_share_their_dates():
    counts = LaneCounts(3, [(), (1,)])
    counts.begin([10])
    counts.closes[:, 0] = [1.0, 2.0, 3.0]
    counts.seen |= {(): 8, (1,): 5}
    counts.spent[:] = [1_000_000_000, 0, 500_000_000]
    told = counts.columns([2, 0], [(1,), ()])
    assert told["sessions"] == [1, 1]
    assert told["session_dates"][0] is told["session_dates"][1]
    np.testing.assert_array_equal(told["session_equity"], [[3.0], [1.0]])
    assert (told["bars"], told["seconds"]) == ([5, 8], [0.5, 1.0])

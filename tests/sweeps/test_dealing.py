from hypothesis import given
from hypothesis import strategies as st

from pipeline.sweeps.dealing import spread

costs = st.lists(st.floats(0.1, 100.0), min_size=1, max_size=60)


@given(costs, st.integers(1, 8))
def test_every_lane_goes_to_one_engine_and_none_is_idle_that_need_not_be(
    found: list[float], engines: int
):
    shares = spread(found, engines)
    assert sorted(lane for share in shares for lane in share) == list(range(len(found)))
    assert [share for share in shares if share == sorted(share)] == shares
    assert sum(bool(share) for share in shares) == min(engines, len(found))


@given(costs, st.integers(1, 8))
def test_no_engine_has_more_to_do_than_graham_allows(found: list[float], engines: int):
    loads = [sum(found[lane] for lane in share) for share in spread(found, engines)]
    # The best division is no shorter than either of these.
    least = max(sum(found) / engines, max(found))
    assert max(loads) <= least * (2 - 1 / engines) * (1 + 1e-9)


@given(st.integers(1, 100), st.integers(1, 8))
def test_lanes_of_equal_cost_are_dealt_in_turn(lanes: int, engines: int):
    counts = [len(share) for share in spread([1.0] * lanes, engines)]
    assert max(counts) - min(counts) <= 1


def test_dear_lanes_do_not_share_an_engine():
    assert spread([5.0, 1.0, 1.0, 5.0, 1.0, 1.0], 2) == [[0, 1, 4], [2, 3, 5]]

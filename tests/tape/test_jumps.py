"""Which prices are said to jump."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tape.jumps import Jump, JumpFinder


def jumps(sessions: list[int], prices: list[float], splits: dict[int, float], step: int = 99):
    """The jumps of bars that open and close at one price."""
    finder = JumpFinder(splits)
    session, price = np.array(sessions), np.array(prices, float)
    for at in range(0, len(sessions), step):
        finder.look_at(session[at : at + step], (price[at : at + step],) * 5)
    return finder.found


@pytest.mark.parametrize(
    ("sessions", "prices", "splits", "found"),
    [
        ([0, 1], [100, 50], {}, [Jump(1, 100, 50)]),
        ([0, 1], [100, 50], {1: 2.0}, []),
        ([0, 1], [50, 400], {}, [Jump(1, 50, 400)]),  # a reverse split
        ([0, 1], [50, 400], {1: 0.125}, []),
        ([0, 1], [100, 64], {}, []),
        ([0, 0, 1], [100, 50, 50], {}, []),  # within a session
        ([0, 4], [100, 50], {}, [Jump(4, 100, 50)]),
        ([0, 5], [100, 50], {}, []),  # too far apart
        ([3], [100], {}, []),
    ],
)
def test_a_price_jumps_between_sessions_without_a_split(sessions, prices, splits, found):
    assert jumps(sessions, prices, splits) == found


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([40.0, 90.0, 100.0])), min_size=1),
    st.integers(1, 9),
)
def test_the_blocks_do_not_matter(rows: list[tuple[int, float]], step: int):
    sessions = np.cumsum([ahead for ahead, _ in rows]).tolist()
    prices = [price for _, price in rows]
    assert jumps(sessions, prices, {}, step) == jumps(sessions, prices, {})

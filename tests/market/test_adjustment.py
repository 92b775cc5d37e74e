"""Adjusted prices by hand, and that nothing after the run shows in them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market.actions import Action
from pipeline.market.adjustment import last_closes, scale_of


def test_prices_before_a_split_are_divided_and_volumes_multiplied():
    scale = scale_of([Action(2, 0, 7.0, 0.0)], np.full(4, math.nan))
    columns = tuple(np.array([700.0, 700.0, 100.0, 101.0]) for _ in range(5))
    adjusted = scale.adjusted(columns, np.arange(4))
    assert adjusted[3].tolist() == [100.0, 100.0, 100.0, 101.0]
    assert adjusted[4].tolist() == [4900.0, 4900.0, 100.0, 101.0]


def test_prices_before_a_dividend_lose_its_share_of_the_close_before_it():
    scale = scale_of([Action(1, 0, 1.0, 2.0)], np.array([50.0, 49.0]))
    assert (1.0 / scale.price).tolist() == pytest.approx([0.96, 1.0])
    assert scale.volume.tolist() == [1.0, 1.0]


def test_the_close_before_a_dividend_is_in_the_shares_of_then():
    actions = [Action(1, 0, 2.0, 0.0), Action(2, 0, 1.0, 5.0)]
    closes = np.array([100.0, math.nan, 44.0])
    assert last_closes(closes, actions).tolist() == [100.0, 50.0, 44.0]
    assert (1.0 / scale_of(actions, closes).price).tolist() == pytest.approx([0.45, 0.9, 1.0])


def test_a_dividend_before_the_first_bar_scales_nothing():
    scale = scale_of([Action(1, 0, 1.0, 5.0)], np.array([math.nan, 3.0]))
    assert scale.price.tolist() == [1.0, 1.0]


def test_a_dividend_of_the_whole_price_cannot_be_adjusted_for():
    with pytest.raises(DataError, match="a dividend of 5 is not below the close of 5 before it"):
        scale_of([Action(1, 0, 1.0, 5.0)], np.array([5.0, 3.0]))


@given(st.data())
def test_returns_of_adjusted_closes_are_those_with_dividends_reinvested(data):
    """Close over close before less the dividend, the split counted: whatever the actions."""
    sessions = data.draw(st.integers(2, 8))
    closes = np.array(
        data.draw(st.lists(st.integers(50, 200), min_size=sessions, max_size=sessions))
    )
    actions = [
        Action(k, 0, data.draw(st.sampled_from([1.0, 2.0, 7.0, 0.125])), float(d))
        for k in range(1, sessions)
        if (d := data.draw(st.integers(0, 3))) or data.draw(st.booleans())
    ]
    adjusted = closes / scale_of(actions, closes.astype(float)).price
    by_session = {action.session: action for action in actions}
    for k in range(1, sessions):
        action = by_session.get(k, Action(k, 0, 1.0, 0.0))
        expected = action.split * closes[k] / (closes[k - 1] - action.dividend)
        assert adjusted[k] / adjusted[k - 1] == pytest.approx(expected, rel=1e-12)
    assert adjusted[-1] == closes[-1]

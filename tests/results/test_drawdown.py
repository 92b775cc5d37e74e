"""Drawdowns against values worked out by hand, naive definitions and empyrical."""

import math

import empyrical
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.results.drawdown import (
    NEVER,
    Drawdowns,
    absorb_drawdown,
    deepest,
    drawdown_state,
    drawdowns,
    max_drawdown,
)

curves = st.lists(st.floats(1.0, 1e6), min_size=1, max_size=40)


def test_max_drawdown_by_hand():
    assert max_drawdown(np.array([100.0, 120.0, 90.0, 150.0, 149.0])) == 0.25
    assert max_drawdown(np.array([100.0, 80.0, 60.0])) == pytest.approx(0.4)
    assert max_drawdown(np.array([1.0, 2.0, 3.0])) == 0.0
    assert max_drawdown(np.empty(0)) == 0.0
    assert max_drawdown(np.array([100.0, -50.0])) == 1.5
    assert max_drawdown(np.array([-10.0, -20.0])) == 0.0


@given(curves, st.lists(st.integers(0, 40), max_size=4))
def test_max_drawdown_is_its_definition_however_the_curve_is_cut(curve, cuts):
    equity = np.array(curve)
    expected = max(1 - value / max(curve[: i + 1]) for i, value in enumerate(curve))
    state = drawdown_state()
    for piece in np.split(equity, sorted(cuts)):
        absorb_drawdown(state, piece)
    assert deepest(state) == expected == max_drawdown(equity)


def climbed(equity):
    """The maximum drawdown, one equity after the other; what is not a number is passed over."""
    peak = trough = -math.inf
    found = 0.0
    for value in equity.tolist():
        if value > peak:
            found = max(found, 1.0 - trough / peak) if peak > 0 else found
            peak = trough = value
        elif value < trough:
            trough = value
    return max(found, 1.0 - trough / peak) if peak > 0 else found


@given(
    st.integers(0, 2**32),
    st.integers(1, 1500),
    st.floats(-0.01, 0.01),
    st.lists(st.tuples(st.integers(0, 1499), st.sampled_from([math.nan, math.inf, -0.0, -1e9]))),
    st.lists(st.integers(0, 1500), max_size=3),
)
def test_long_curves_give_what_a_walk_along_them_gives(seed, rows, drift, oddities, cuts):
    noise = np.random.default_rng(seed).normal(drift, 0.05, rows)
    equity = 5.0 + noise.cumsum()
    for place, odd in oddities:
        equity[place % rows] = odd
    state = drawdown_state()
    for piece in np.split(equity, sorted(cuts)):
        absorb_drawdown(state, piece)
    np.testing.assert_equal(deepest(state), climbed(equity))


@given(st.lists(st.integers(-2000, 2500), min_size=1, max_size=60))
def test_the_depth_agrees_with_empyrical(values):
    """Its sign is that of the return, ours of the loss."""
    returns = np.array(values) / 1e4
    found = drawdowns(1.0, np.cumprod(1.0 + returns))
    assert found.depth == pytest.approx(-empyrical.max_drawdown(returns), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("closes", "expected"),
    [
        ([110, 99, 104, 110, 111], Drawdowns(0.1, 0, 1, 3, 3, 3)),
        ([90, 100, 100, 99], Drawdowns(0.1, -1, 0, 1, 2, 2)),
        ([110, 100, 88, 100], Drawdowns(0.2, 0, 2, NEVER, 3, 3)),
        ([100, 98, 99, 99, 100, 80, 101], Drawdowns(0.2, 4, 5, 6, 2, 4)),
        ([100, 110, 120], Drawdowns(0.0, NEVER, NEVER, NEVER, 0, 0)),
        ([100, 100], Drawdowns(0.0, NEVER, NEVER, NEVER, 0, 0)),
        ([], Drawdowns(0.0, NEVER, NEVER, NEVER, 0, 0)),
        ([0, 0], Drawdowns(1.0, -1, 0, NEVER, 2, 2)),
        ([-50, 20], Drawdowns(1.5, -1, 0, NEVER, 2, 2)),
    ],
)
def test_drawdowns_by_hand(closes, expected):
    assert drawdowns(100.0, np.array(closes, float)) == pytest.approx(expected)


def test_without_money_there_is_no_drawdown():
    assert math.isnan(drawdowns(0.0, np.array([1.0, 2.0])).depth)


@given(st.lists(st.integers(1, 12), max_size=30))
def test_drawdowns_are_their_definition(values):
    """By walking: every peak until the equity is back at it, or the end."""
    curve = [6, *values]
    spans = []
    for start in range(len(curve)):
        if curve[start] < max(curve[: start + 1]):
            continue
        back = [i for i in range(start + 1, len(curve)) if curve[i] >= curve[start]]
        end = back[0] if back else len(curve) - 1
        lowest = min(curve[start : end + 1])
        if lowest < curve[start]:
            bottom = curve.index(lowest, start)
            spans.append((1 - lowest / curve[start], start, bottom, end, bool(back)))
    found = drawdowns(6.0, np.array(values, float))
    if not spans:
        assert found == (0.0, NEVER, NEVER, NEVER, 0, 0)
        return
    depth, start, bottom, end, recovered = max(spans, key=lambda span: span[0])
    assert found == (
        pytest.approx(depth),
        start - 1,
        bottom - 1,
        end - 1 if recovered else NEVER,
        end - start,
        max(span[3] - span[1] for span in spans),
    )


@given(st.lists(st.lists(st.integers(-3, 12), min_size=4, max_size=4), min_size=1, max_size=9))
def test_the_drawdowns_of_an_account_are_the_same_among_others(values):
    closes = np.array(values, float)
    initial = np.arange(len(values)) - 1.0  # one without money
    together = drawdowns(initial, closes)
    for place, (first, curve) in enumerate(zip(initial, closes, strict=True)):
        alone = drawdowns(first, curve)
        np.testing.assert_array_equal([one[place] for one in together], alone)

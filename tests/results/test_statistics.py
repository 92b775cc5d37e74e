"""Statistics against values worked out by hand and against naive definitions."""

import math
import statistics as stdlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.results.statistics import (
    Drawdown,
    annual_return,
    lane_statistics,
    max_drawdown,
    session_returns,
    sharpe_ratio,
    total_return,
    volatility,
    win_rate,
)

curves = st.lists(st.floats(1.0, 1e6), min_size=1, max_size=40)


def test_total_return_by_hand():
    assert total_return(100.0, 125.0) == 0.25
    assert total_return(100.0, 0.0) == -1.0
    assert math.isnan(total_return(0.0, 5.0))


def test_session_returns_start_from_the_initial_equity():
    assert session_returns(100.0, np.array([110.0, 99.0])).tolist() == pytest.approx([0.1, -0.1])
    assert len(session_returns(100.0, np.empty(0))) == 0


def test_a_return_from_nothing_is_not_defined():
    returns = session_returns(100.0, np.array([-5.0, 20.0]))
    assert returns[0] == pytest.approx(-1.05)
    assert math.isnan(returns[1])
    assert math.isnan(sharpe_ratio(returns, 252))


def test_annual_return_compounds():
    """Two sessions of a two-session year are a year; 21 % in two years is 10 % a year."""
    assert annual_return(100.0, np.array([110.0, 121.0]), 2.0) == pytest.approx(0.21)
    assert annual_return(100.0, np.array([110.0, 121.0]), 1.0) == pytest.approx(0.10)


def test_annual_return_at_its_limits():
    assert annual_return(100.0, np.array([-1.0]), 252) == -1.0
    assert annual_return(100.0, np.array([1000.0]), 1e6) == math.inf
    assert math.isnan(annual_return(100.0, np.empty(0), 252))
    assert math.isnan(annual_return(0.0, np.array([1.0]), 252))


def test_volatility_and_sharpe_by_hand():
    """Returns 1, 2, 3 %: mean 2 %, sample deviation 1 %, four sessions a year."""
    returns = np.array([0.01, 0.02, 0.03])
    assert volatility(returns, 4) == pytest.approx(0.02)
    assert sharpe_ratio(returns, 4) == pytest.approx(4.0)


def test_ratios_need_two_sessions_that_differ():
    assert math.isnan(volatility(np.array([0.1]), 252))
    assert math.isnan(sharpe_ratio(np.array([0.1]), 252))
    steady = session_returns(100.0, 100.0 * 1.01 ** np.arange(1, 30))
    assert math.isnan(sharpe_ratio(steady, 252))
    assert math.isnan(sharpe_ratio(np.zeros(5), 252))


@given(st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=30))
def test_sharpe_is_the_textbook_formula(values):
    scatter = stdlib.stdev(values)
    if scatter > 1e-9:
        expected = stdlib.fmean(values) / scatter * math.sqrt(252)
        assert sharpe_ratio(np.array(values), 252) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_max_drawdown_by_hand():
    assert max_drawdown(np.array([100.0, 120.0, 90.0, 150.0, 149.0])) == 0.25
    assert max_drawdown(np.array([100.0, 80.0, 60.0])) == pytest.approx(0.4)
    assert max_drawdown(np.array([1.0, 2.0, 3.0])) == 0.0
    assert max_drawdown(np.empty(0)) == 0.0
    assert max_drawdown(np.array([100.0, -50.0])) == 1.5
    assert max_drawdown(np.array([-10.0, -20.0])) == 0.0


@settings(deadline=None)
@given(curves, st.lists(st.integers(0, 40), max_size=4))
def test_max_drawdown_is_its_definition_however_the_curve_is_cut(curve, cuts):
    equity = np.array(curve)
    expected = max(1 - value / max(curve[: i + 1]) for i, value in enumerate(curve))
    drawdown = Drawdown()
    for piece in np.split(equity, sorted(cuts)):
        drawdown.absorb(piece)
    assert drawdown.maximum == expected == max_drawdown(equity)


def test_win_rate():
    assert win_rate(3, 4) == 0.75
    assert math.isnan(win_rate(0, 0))


def test_lane_statistics_gather_them():
    closes = np.array([101.0, 103.02, 106.1106])
    figures = lane_statistics(100.0, closes, 4)
    assert figures == {
        "total_return": pytest.approx(0.061106),
        "annual_return": pytest.approx(1.061106 ** (4 / 3) - 1),
        "volatility": pytest.approx(0.02),
        "sharpe_ratio": pytest.approx(4.0),
    }
    assert lane_statistics(100.0, np.empty(0), 252)["total_return"] == 0.0

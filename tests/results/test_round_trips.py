"""Figures of round trips against values worked out by hand and the profits themselves."""

import math
import statistics as stdlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.results.round_trips import (
    expectancy,
    payoff_ratio,
    profit_factor,
    system_quality,
    win_rate,
)


def test_by_hand():
    """Won 30 and 10, lost 5, 15 and nothing."""
    assert win_rate(2, 5) == 0.4
    assert profit_factor(40.0, 20.0) == 2.0
    assert expectancy(40.0, 20.0, 5) == 4.0
    assert payoff_ratio(40.0, 20.0, 2, 5) == pytest.approx(3.0)


def test_without_round_trips_nothing_is_defined():
    figures = (win_rate(0, 0), profit_factor(0, 0), expectancy(0, 0, 0), payoff_ratio(0, 0, 0, 0))
    assert all(map(math.isnan, (*figures, system_quality(0, 0.0, 0.0))))


def test_all_won_or_all_lost():
    assert math.isnan(profit_factor(40.0, 0.0))
    assert math.isnan(payoff_ratio(40.0, 0.0, 3, 3))
    assert profit_factor(0.0, 20.0) == 0.0
    assert math.isnan(payoff_ratio(0.0, 20.0, 0, 3))


def test_system_quality_by_hand():
    """Profits 1, 2, 3: mean 2, sample deviation 1."""
    assert system_quality(3, 6.0, 14.0) == pytest.approx(2 * math.sqrt(3))


def test_system_quality_needs_two_profits_that_differ():
    assert math.isnan(system_quality(1, 5.0, 25.0))
    assert math.isnan(system_quality(3, 3 * 0.1, 3 * 0.1 * 0.1))
    assert math.isnan(system_quality(4, 0.0, 0.0))


@given(st.lists(st.integers(-10_000, 10_000), min_size=2, max_size=50))
def test_system_quality_is_the_textbook_formula(cents):
    profits = [value / 100 for value in cents]
    scatter = stdlib.stdev(profits)
    found = system_quality(len(profits), math.fsum(profits), math.fsum(p * p for p in profits))
    if scatter > 0.01:
        expected = math.sqrt(len(profits)) * stdlib.fmean(profits) / scatter
        assert found == pytest.approx(expected, rel=1e-6)
    elif scatter == 0:
        assert math.isnan(found)

"""Figures relative to a benchmark, against values worked out by hand and empyrical."""

import math

import empyrical
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.results.relative import (
    alpha,
    beta,
    correlation,
    information_ratio,
    relative_statistics,
    tracking_error,
)
from pipeline.results.year import Year
from tests.results.test_statistics import days

pairs = st.lists(
    st.tuples(st.integers(-2000, 2500), st.integers(-2000, 2500)), min_size=1, max_size=60
)


@given(pairs)
def test_they_agree_with_empyrical(values):
    """But for alpha where all is lost per session, and ratios of a lane that is its benchmark.

    Its alpha there is a power of a negative number; ours is -1. Its excess Sharpe is infinite or
    that of a rounding error; ours is NaN. It does not annualise the excess Sharpe.
    """
    returns, benchmark = np.array(values).T / 1e4
    close = {"rel": 1e-9, "abs": 1e-9, "nan_ok": True}
    assert beta(returns, benchmark) == pytest.approx(empyrical.beta(returns, benchmark), **close)
    per_session = np.mean(returns - beta(returns, benchmark) * benchmark)
    if -1 < per_session < 10:  # beyond, 252 of them overflow
        theirs = empyrical.alpha(returns, benchmark)
        assert alpha(returns, benchmark, 252) == pytest.approx(theirs, **close)
    excess = empyrical.excess_sharpe(returns, benchmark)
    ratio = information_ratio(returns, benchmark, 252)
    if len(set((returns - benchmark).round(9))) > 1:
        assert ratio == pytest.approx(excess * math.sqrt(252), **close)
        theirs = empyrical.annual_volatility(returns - benchmark)
        assert tracking_error(returns, benchmark, 252) == pytest.approx(theirs, **close)
    else:
        assert math.isnan(ratio)


@given(pairs)
def test_correlation_is_numpys(values):
    returns, benchmark = np.array(values).T / 1e4
    found = correlation(returns, benchmark)
    if np.ptp(returns) > 0 and np.ptp(benchmark) > 0:
        assert found == pytest.approx(np.corrcoef(returns, benchmark)[0, 1], abs=1e-9)
        assert -1.0 <= found <= 1.0
    else:
        assert math.isnan(found)


def test_a_lane_that_holds_half_has_half_the_beta():
    benchmark = np.array([0.02, -0.01, 0.03, 0.0])
    assert relative_statistics(0.5 * benchmark + 0.001, benchmark, days(4), Year(4)) == {
        "alpha": pytest.approx(1.001**4 - 1),
        "beta": pytest.approx(0.5),
        "correlation": pytest.approx(1.0),
        "tracking_error": pytest.approx(0.5 * np.std(benchmark, ddof=1) * 2),
        "information_ratio": pytest.approx(-0.004 / np.std(0.5 * benchmark, ddof=1) * 2),
    }


def test_sessions_before_the_benchmark_are_left_out():
    benchmark = np.array([math.nan, math.nan, 0.02, -0.01, 0.03])
    returns = np.array([0.5, -0.5, 0.01, 0.0, 0.04])
    year, dates = Year(4, 0.05), days(5)
    riskless = year.riskless_returns(dates)
    found = relative_statistics(returns, benchmark, dates, year)
    plain = relative_statistics(returns[2:], benchmark[2:], dates[2:], Year(4))
    assert found | {"alpha": 0.0} == plain | {"alpha": 0.0}
    assert found["alpha"] == alpha(returns[2:] - riskless[2:], benchmark[2:] - riskless[2:], 4)


def test_over_a_gap_of_the_benchmark_and_after_its_end_no_return_is_invented():
    """The lane's returns of a gap are one return, as the benchmark's; a year has fewer of them."""
    benchmark = np.array([0.02, math.nan, math.nan, 0.05, -0.01, 0.03, math.nan])
    returns = np.array([0.01, 0.02, -0.03, 0.04, 0.0, 0.04, 0.9])
    found = relative_statistics(returns, benchmark, days(7), Year(12))
    r = np.array([0.01, 1.02 * 0.97 * 1.04 - 1, 0.0, 0.04])
    b = np.array([0.02, 0.05, -0.01, 0.03])
    assert found == {
        "alpha": pytest.approx(alpha(r, b, 12 * 4 / 6)),
        "beta": pytest.approx(beta(r, b)),
        "correlation": pytest.approx(correlation(r, b)),
        "tracking_error": pytest.approx(tracking_error(r, b, 12 * 4 / 6)),
        "information_ratio": pytest.approx(information_ratio(r, b, 12 * 4 / 6)),
    }


def test_a_benchmark_known_for_less_than_a_twelfth_of_a_year_gives_no_alpha():
    benchmark = np.concatenate((np.full(10, math.nan), np.tile([0.02, -0.01], 10)))
    returns = 0.5 * benchmark + 0.001
    figures = relative_statistics(returns, benchmark, days(30), Year(252))
    assert {name for name, value in figures.items() if math.isnan(value)} == {"alpha"}


@pytest.mark.parametrize(
    ("returns", "benchmark"),
    [
        ([], []),
        ([0.1], [0.2]),
        ([0.1, 0.2], [math.nan, math.nan]),
        ([0.1, math.nan, 0.0], [0.1, 0.2, 0.3]),
    ],
    ids=["none", "one", "no benchmark yet", "ruined"],
)
def test_where_nothing_is_defined_all_are_nan(returns, benchmark):
    dates = days(len(returns))
    figures = relative_statistics(np.array(returns), np.array(benchmark), dates, Year(4))
    assert all(map(math.isnan, figures.values()))


def test_a_benchmark_that_does_not_move_has_no_beta():
    figures = relative_statistics(np.array([0.1, 0.2]), np.zeros(2), days(2), Year(4))
    undefined = {name for name, value in figures.items() if math.isnan(value)}
    assert undefined == {"alpha", "beta", "correlation"}


def test_alpha_at_its_limits():
    """More than all lost per session is all lost; a good hour, annualised, is beyond a float."""
    benchmark = np.array([0.1, -0.1])
    assert alpha(np.array([-2.0, -2.0]), benchmark, 252) == -1.0
    assert alpha(np.array([9.0, 9.0]), benchmark, 1e6) == math.inf

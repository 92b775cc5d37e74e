"""Statistics against values worked out by hand, naive definitions and empyrical."""

import math
import statistics as stdlib

import empyrical
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import DAY_NS
from pipeline.results.drawdown import max_drawdown
from pipeline.results.statistics import (
    account_drawdown,
    annual_return,
    best_and_worst,
    calmar_ratio,
    expected_shortfall,
    figure_returns,
    lane_statistics,
    monthly_returns,
    omega_ratio,
    session_returns,
    sharpe_ratio,
    shows_ruin,
    sortino_ratio,
    total_return,
    turnover_per_year,
    value_at_risk,
    volatility,
)
from pipeline.results.year import Year

# In basis points: returns of a real market either scatter by at least that or not at all.
series = st.lists(st.integers(-2000, 2500), min_size=1, max_size=60)

#: A year so short that no run is too short for it.
SHORT = Year(4)


def days(count):
    """The dates of so many sessions, one each day."""
    return np.datetime64("2024-01-01", "ns").astype(np.int64) + np.arange(count) * DAY_NS


def assert_agrees(returns, figures):
    """Each figure, of the equity that the returns make of 1, is what empyrical says by its name."""
    closes = np.cumprod(1.0 + returns)
    for name, figure in figures.items():
        theirs = getattr(empyrical, name)(returns)
        assert figure(closes) == pytest.approx(theirs, rel=1e-9, abs=1e-9, nan_ok=True), name


def test_total_return_by_hand():
    assert total_return(100.0, 125.0) == 0.25
    assert total_return(100.0, 0.0) == -1.0
    assert math.isnan(total_return(0.0, 5.0))


def test_session_returns_start_from_the_initial_equity():
    assert session_returns(100.0, np.array([110.0, 99.0])).tolist() == pytest.approx([0.1, -0.1])
    assert len(session_returns(100.0, np.empty(0))) == 0


@pytest.mark.parametrize(
    ("closes", "returns"),
    [
        ([-5.0, 20.0, 30.0], [-1.05]),
        ([50.0, 0.0, 0.0], [-0.5, -1.0]),
        ([120.0, 60.0, -30.0], [0.2, -0.5, -1.5]),
    ],
    ids=["back above zero", "nothing left", "in the last session"],
)
def test_the_first_close_at_or_below_zero_ends_the_returns(closes, returns):
    found = session_returns(100.0, np.array(closes))
    assert found[: len(returns)] == pytest.approx(returns)
    assert np.isnan(found[len(returns) :]).all()
    assert np.isnan(figure_returns(100.0, np.array(closes), 0.0)).all()


def test_an_account_is_ruined_by_a_close_or_by_a_moment_within_a_session():
    closes = np.array([110.0, 90.0])
    falls = [account_drawdown(100.0, closes, fall) for fall in (0.9, 1.0, 1.3)]
    assert falls == [0.9, 1.0, 1.3]
    assert [shows_ruin(fall) for fall in falls] == [False, True, True]
    assert not shows_ruin(None)
    assert not shows_ruin(math.nan)
    assert account_drawdown(100.0, np.empty(0), 0.0) == 0.0
    assert figure_returns(100.0, closes, 0.9) == pytest.approx([0.1, 90 / 110 - 1])


@pytest.mark.parametrize(
    ("closes", "fall"), [([110.0, 0.0], 1.0), ([110.0, -55.0, 30.0], 1.5), ([-20.0, 300.0], 1.2)]
)
def test_a_close_at_or_below_zero_counts_in_the_drawdown(closes: list[float], fall: float):
    """No mark shows it: it was booked after the last of its session."""
    curve = np.array(closes)
    assert account_drawdown(100.0, curve, 0.1) == pytest.approx(fall)
    figures = lane_statistics(100.0, curve, days(len(closes)), SHORT, 0.1)
    assert figures["max_drawdown"] == pytest.approx(fall)
    assert math.isnan(figures["sharpe_ratio"])


@pytest.mark.parametrize("fall", [1.2, 1.0 + 1.2**10 / 5])
def test_a_ruined_account_has_no_ratio_that_looks_good(fall):
    """Ten sessions of +20 %, and one of -120 % or one in which it was below zero for a while."""
    closes = 100.0 * 1.2 ** np.arange(1, 12)
    if fall == 1.2:
        closes[-1] = -0.2 * closes[-2]
        assert sharpe_ratio(session_returns(100.0, closes), 252) > 2
    figures = lane_statistics(100.0, closes, days(11), SHORT, fall)
    given = {name for name, value in figures.items() if not math.isnan(value)}
    assert given == {"total_return", "max_drawdown"} | ({"annual_return"} if fall == 1.2 else set())


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
    if scatter > 1e-8:
        expected = stdlib.fmean(values) / scatter * math.sqrt(252)
        assert sharpe_ratio(np.array(values), 252) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(series)
def test_what_both_define_agrees_with_empyrical(values):
    returns = np.array(values) / 1e4
    assert_agrees(
        returns,
        {
            "cum_returns_final": lambda c: total_return(1.0, c[-1]),
            "annual_return": lambda c: annual_return(1.0, c, 252),
            "annual_volatility": lambda _: volatility(returns, 252),
            "omega_ratio": lambda _: omega_ratio(returns),
            "value_at_risk": lambda _: value_at_risk(returns),
            "conditional_value_at_risk": lambda _: expected_shortfall(returns),
            "calmar_ratio": lambda c: calmar_ratio(
                annual_return(1.0, c, 252), max_drawdown(np.append(1.0, c))
            ),
        },
    )


@given(series)
def test_ratios_agree_with_empyrical_where_the_denominator_is_not_zero(values):
    """Its rule then is an infinity with the numerator's sign (or NaN for 0 / 0); ours is NaN."""
    returns = np.array(values) / 1e4
    ours = {
        "sharpe_ratio": sharpe_ratio(returns, 252),
        "sortino_ratio": sortino_ratio(returns, 252),
    }
    for name, value in ours.items():
        theirs = getattr(empyrical, name)(returns)
        if math.isfinite(theirs):
            assert value == pytest.approx(theirs, rel=1e-9, abs=1e-9), name
        else:
            assert math.isnan(value), name


@given(series)
def test_monthly_returns_agree_with_empyrical(values):
    dates = np.datetime64("2023-11-27", "D") + 3 * np.arange(len(values))
    returns = pd.Series(np.array(values) / 1e4, pd.DatetimeIndex(dates.astype("M8[ns]")))
    theirs = empyrical.aggregate_returns(returns, "monthly")
    ours = monthly_returns(dates.astype("M8[ns]").view("i8"), returns.to_numpy())
    assert list(ours) == [f"{year}-{month:02}" for year, month in theirs.index]
    assert list(ours.values()) == pytest.approx(theirs.tolist(), rel=1e-9, abs=1e-12)


def test_sortino_omega_and_calmar_by_hand():
    """Returns +3, -1, +2, 0 %: mean 1 %, downside sqrt(0.0001 / 4) = 0.5 %."""
    returns = np.array([0.03, -0.01, 0.02, 0.0])
    assert sortino_ratio(returns, 4) == pytest.approx(4.0)
    assert omega_ratio(returns) == pytest.approx(5.0)
    assert calmar_ratio(0.2, 0.1) == pytest.approx(2.0)
    assert best_and_worst(returns) == (0.03, -0.01)


def test_value_at_risk_and_shortfall_by_hand():
    """Of 41 sessions the 5 % quantile is the third worst; the shortfall is the mean up to it."""
    returns = np.arange(-20, 21) / 100
    assert value_at_risk(returns[::-1]) == pytest.approx(-0.18)
    assert expected_shortfall(returns[::-1]) == pytest.approx(-0.19)
    assert value_at_risk(np.array([-0.1, 0.1])) == pytest.approx(-0.09)


def test_turnover_per_year_by_hand():
    """Twice the mean equity in half a year of 4 sessions."""
    assert turnover_per_year(400.0, np.array([100.0, 300.0]), Year(4)) == 4.0
    assert math.isnan(turnover_per_year(400.0, np.empty(0), Year(4)))
    assert math.isnan(turnover_per_year(400.0, np.array([-1.0]), Year(4)))
    assert math.isnan(turnover_per_year(400.0, np.array([100.0, 300.0]), Year(252)))


@pytest.mark.parametrize(
    ("year", "sessions", "given"),
    [(365, 30, False), (365, 31, True), (252, 20, False), (252, 21, True), (252, 1, False)],
)
def test_a_run_below_a_twelfth_of_a_year_is_not_extrapolated(year, sessions, given):
    """+50 % in one session would be 2.4e44 a year."""
    closes = np.linspace(90.0, 150.0, sessions)
    figures = lane_statistics(100.0, closes, days(sessions), Year(year), 0.1)
    for name in ("annual_return", "calmar_ratio"):
        assert math.isnan(figures[name]) != given, name
    assert (
        math.isnan(figures["sharpe_ratio"]) == math.isnan(figures["volatility"]) == (sessions == 1)
    )
    compared = lane_statistics(100.0, closes, days(sessions), Year(year), 0.1, extrapolate=True)
    assert compared["annual_return"] == annual_return(100.0, closes, year)


def test_all_is_lost_also_in_a_short_run():
    closes = np.array([100.0, 80.0, -20.0])
    figures = lane_statistics(100.0, closes, days(3), Year(252), 1.2)
    assert (figures["annual_return"], figures["total_return"]) == (-1.0, -1.2)


def test_interest_alone_has_no_ratios():
    """Cash of 100 that earns a rate every night is worth what a riskless account is."""
    year, dates = Year(365, 0.0365), days(60)
    closes = 100_000.0 * 1.0001 ** np.arange(60)
    figures = lane_statistics(100_000.0, closes, dates, year, 0.0)
    assert {"sharpe_ratio", "sortino_ratio"} <= {n for n, v in figures.items() if math.isnan(v)}
    assert lane_statistics(100_000.0, closes, dates, Year(365), 0.0)["sharpe_ratio"] > 100


def test_the_riskless_rate_is_earned_by_nights():
    """Over a week-end three nights are earned; before the first session none is."""
    friday, monday, tuesday = (days(5)[i] for i in (0, 3, 4))
    found = Year(252, 0.0365).riskless_returns(np.array([friday, monday, tuesday]))
    assert found == pytest.approx([0.0, 0.0003, 0.0001])
    assert len(Year(252, 0.0365).riskless_returns(days(0))) == 0


@given(st.floats(-0.01, 0.01), st.integers(2, 400), st.floats(1.0, 1e9))
def test_returns_that_differ_by_rounding_only_have_no_ratios(rate, count, initial):
    """A curve that grows by the same share each session, to the last digit of a float."""
    closes = np.array([initial * (1.0 + rate) ** i for i in range(1, count + 1)])
    returns = session_returns(initial, closes)
    assert math.isnan(sharpe_ratio(returns, 365))
    excess = returns - rate
    assert math.isnan(sharpe_ratio(excess, 365))
    assert math.isnan(sortino_ratio(excess, 365))
    assert math.isnan(omega_ratio(excess))


def test_a_drawdown_that_is_a_rounding_has_no_calmar_ratio():
    assert math.isnan(calmar_ratio(0.2, 1e-16))


UNDEFINED = {"volatility", "sharpe_ratio", "sortino_ratio", "omega_ratio"}
BY_RETURN = UNDEFINED | {"best_session", "worst_session", "value_at_risk", "expected_shortfall"}
RUINED = BY_RETURN | {"calmar_ratio"}


@pytest.mark.parametrize(
    ("closes", "undefined", "given"),
    [
        ([], BY_RETURN | {"annual_return", "calmar_ratio"}, {"total_return": 0.0}),
        ([90.0], UNDEFINED, {"worst_session": -0.1, "value_at_risk": -0.1}),
        (
            [100.0] * 3,
            UNDEFINED - {"volatility"} | {"calmar_ratio"},
            {"volatility": 0.0, "annual_return": 0.0, "best_session": 0.0},
        ),
        ([90.0, 81.0, 60.0], set(), {"omega_ratio": 0.0, "total_return": -0.4}),
        ([0.0, 0.0], RUINED, {"annual_return": -1.0, "total_return": -1.0}),
        ([50.0, -5.0, 20.0], RUINED | {"annual_return"}, {"total_return": -0.8}),
        ([50.0, 20.0, -5.0], RUINED, {"annual_return": -1.0, "total_return": -1.05}),
    ],
    ids=["none", "one", "flat", "losing", "nothing left", "ruined", "ruined at the end"],
)
def test_degenerate_accounts_have_nan_where_a_figure_is_not_defined(closes, undefined, given):
    curve = np.array(closes)
    fall = max_drawdown(np.append(100.0, curve))
    figures = lane_statistics(100.0, curve, days(len(curve)), SHORT, fall)
    assert {name for name, value in figures.items() if math.isnan(value)} == undefined
    assert figures == figures | {name: pytest.approx(value) for name, value in given.items()}


def test_monthly_returns_of_nothing_and_of_a_ruined_account():
    assert monthly_returns(np.empty(0, np.int64), np.empty(0)) == {}
    dates = np.array(["2024-01-31", "2024-02-01"], "M8[ns]").view("i8")
    months = monthly_returns(dates, np.array([-1.5, math.nan]))
    assert months["2024-01"] == -1.5
    assert math.isnan(months["2024-02"])


def test_lane_statistics_gather_them():
    closes = np.array([101.0, 103.02, 106.1106])
    figures = lane_statistics(100.0, closes, days(3), SHORT, 0.1)
    assert figures == {
        "total_return": pytest.approx(0.061106),
        "annual_return": pytest.approx(1.061106 ** (4 / 3) - 1),
        "volatility": pytest.approx(0.02),
        "sharpe_ratio": pytest.approx(4.0),
        "sortino_ratio": pytest.approx(math.nan, nan_ok=True),
        "calmar_ratio": pytest.approx(10 * (1.061106 ** (4 / 3) - 1)),
        "omega_ratio": pytest.approx(math.nan, nan_ok=True),
        "best_session": pytest.approx(0.03),
        "worst_session": pytest.approx(0.01),
        "value_at_risk": pytest.approx(0.011),
        "expected_shortfall": pytest.approx(0.01),
        "max_drawdown": 0.1,
    }


equities = st.lists(st.integers(-500, 4000).map(lambda cents: cents / 100), min_size=1, max_size=8)


@given(st.integers(0, 70), st.integers(0, 2**32 - 1), st.lists(equities, max_size=6), st.booleans())
def test_a_lane_has_the_same_figures_alone_and_among_others(sessions, seed, odd, longer):
    """To the last bit: of random walks, of curves that go to zero and below, of flat ones."""
    random = np.random.default_rng(seed)
    walks = 100.0 * np.exp(random.normal(0.0, 0.02, (7, sessions)).cumsum(axis=1))
    strange = np.array([np.resize(one, sessions) for one in odd]).reshape(len(odd), sessions)
    closes = np.concatenate([walks, strange, np.full((1, sessions), 100.0)])
    initial = random.choice([100.0, 0.0, -5.0], len(closes), p=[0.8, 0.1, 0.1])
    drawdown, turnover = random.random((2, len(closes)))
    year, dates = (SHORT, Year(365, 0.05))[longer], days(sessions)
    together = {
        "turnover": turnover_per_year(turnover, closes, year),
        **lane_statistics(initial, closes, dates, year, drawdown),
    }
    for place, curve in enumerate(closes):
        given = initial[place], curve, dates, year, drawdown[place]
        alone = {
            "turnover": turnover_per_year(turnover[place], curve, year),
            **lane_statistics(*given),
        }
        found = {name: figure[place] for name, figure in together.items()}
        assert {name: np.isnan(one) for name, one in found.items()} == {
            name: np.isnan(one) for name, one in alone.items()
        }
        np.testing.assert_array_equal(list(found.values()), list(alone.values()))

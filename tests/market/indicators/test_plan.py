"""The plan: each column once, in a fixed order, found again by those who asked."""

import pickle
from itertools import pairwise

import pytest

from pipeline.errors import DataError, StrategyError
from pipeline.market import indicators as ind
from pipeline.market.indicators.layout import KINDS, state_cells, state_powers
from pipeline.market.indicators.plan import IndicatorPlan

PRICES = ("open", "high", "low", "close", "volume")


def named(factor):
    def mine(state, bar, params):
        return factor * bar[3]

    return mine


def test_a_sweep_of_two_averages_computes_each_period_once():
    lanes = [
        {"fast": ind.sma(fast), "slow": ind.sma(slow)}
        for fast in range(1, 101)
        for slow in range(101, 201)
    ]
    plan = IndicatorPlan.build(lanes, ["1m"])
    assert len(plan.columns("1m")) == 5 + 200
    assert len(set(plan.columns("1m"))) == 5 + 200
    columns = {plan.binding(lane) for lane in lanes}
    assert len(columns) == 10_000


def test_columns_follow_the_prices_in_order_of_the_first_request():
    first = {"bands": ind.bollinger(20, 2), "fast": ind.sma(10)}
    second = {"again": ind.sma(10), "tops": ind.sma(10, column="high", interval="5m")}
    plan = IndicatorPlan.build([first, second], ["1m", "5m"])
    assert plan.intervals == ("1m", "5m")
    assert plan.columns("1m") == (
        *PRICES,
        "bollinger(20,2).upper",
        "bollinger(20,2).middle",
        "bollinger(20,2).lower",
        "sma(10)",
    )
    assert plan.columns("5m") == (*PRICES, "sma(10,high)")
    assert plan.binding(first) == (
        ("bands_upper", 0, 5),
        ("bands_middle", 0, 6),
        ("bands_lower", 0, 7),
        ("fast", 0, 8),
    )
    assert plan.binding(second) == (("again", 0, 8), ("tops", 1, 5))


def test_equal_requests_give_equal_plans():
    lanes = [{"a": ind.macd(), "b": ind.obv()}, {"a": ind.atr(5, interval="1h")}]
    again = [{"a": ind.macd(), "b": ind.obv()}, {"a": ind.atr(5, interval="1h")}]
    assert IndicatorPlan.build(lanes, ["1m", "1h"]) == IndicatorPlan.build(again, ["1m", "1h"])


def test_no_interval_means_the_base():
    plan = IndicatorPlan.build([{"a": ind.sma(3)}, {"a": ind.sma(3, interval="1m")}], ["1m", "5m"])
    assert plan.columns("1m") == (*PRICES, "sma(3)")
    assert plan.binding({"x": ind.sma(3, interval="1m")}) == plan.binding({"x": ind.sma(3)})


def test_only_outputs_that_are_asked_for_become_columns():
    plan = IndicatorPlan.build([{"s": ind.macd().signal}, {"h": ind.macd().histogram}], ["1m"])
    assert plan.columns("1m")[5:] == ("macd(12,26,9).signal", "macd(12,26,9).histogram")
    assert len(plan.table("1m").indicators) == 1
    with pytest.raises(DataError, match=r"macd\(12,26,9\)\.macd on 1m is not in the indicator"):
        plan.binding({"all": ind.macd()})


def test_an_interval_that_the_run_lacks_is_refused_with_those_it_has():
    with pytest.raises(DataError, match=r"sma\(3\): interval '1h' is not .* has 1m, 5m"):
        IndicatorPlan.build([{"a": ind.sma(3, interval="1h")}], ["1m", "5m"])
    with pytest.raises(DataError, match="'2m' is not in this run"):
        IndicatorPlan.build([], ["1m"]).columns("2m")


def test_intervals_must_be_different_and_present():
    with pytest.raises(DataError, match="at least one, were none"):
        IndicatorPlan.build([], [])
    with pytest.raises(DataError, match="must be different"):
        IndicatorPlan.build([], ["1m", "1m"])


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"close": ind.sma(3)}, "'close' is the name of a price column"),
        ({"my avg": ind.sma(3)}, "'my avg' must be a Python name"),
        ({"class": ind.sma(3)}, "'class' must be a Python name"),
        ({"a": 3}, "'a' must be an indicator such as"),
        ({"b": ind.bollinger(), "b_upper": ind.sma(3)}, "'b_upper' is given twice, by 'b' and"),
    ],
)
def test_names_that_cannot_be_bound_are_refused(request_, message):
    with pytest.raises(StrategyError, match=message):
        IndicatorPlan.build([request_], ["1m"])


@pytest.mark.parametrize("kind", [name for name in KINDS if name != "custom"])
def test_cells_are_counted_without_a_list_of_them(kind: str):
    for period in (0, 1, 2, 17):
        cells = state_cells(KINDS[kind], period, 0)
        assert cells == len(state_powers(KINDS[kind], period, 1))
    assert state_cells(KINDS[kind], 10**15, 0) < 4 * 10**15


def test_different_functions_of_one_name_get_different_columns():
    requests = [{"a": ind.custom(named(1.0)), "b": ind.custom(named(2.0))}]
    plan = IndicatorPlan.build(requests, ["1m"])
    assert plan.columns("1m")[5:] == ("mine", "mine#2")
    assert IndicatorPlan.build([*requests, {"c": ind.custom(named(2.0))}], ["1m"]) == plan


def test_state_is_counted_per_symbol_and_laid_out_without_gaps():
    wanted = {"a": ind.sma(10), "b": ind.stdev(5), "c": ind.macd(), "d": ind.roc(3)}
    plan = IndicatorPlan.build([wanted, {"e": ind.sma(10, interval="5m")}], ["1m", "5m"])
    spans = [one.state for one in plan.table("1m").indicators]
    assert spans[0][0] == 0
    assert all(left[1] == right[0] for left, right in pairwise(spans))
    assert spans[-1][1] == plan.state_size("1m")
    (alone,) = plan.table("5m").indicators
    assert alone.state == (0, plan.state_size("5m"))


def test_only_vwap_needs_sessions():
    plan = IndicatorPlan.build([{"a": ind.vwap(interval="5m"), "b": ind.sma(3)}], ["1m", "5m"])
    assert not plan.needs_sessions("1m")
    assert plan.needs_sessions("5m")


def test_warmup_is_that_of_the_slowest_indicator():
    plan = IndicatorPlan.build([{"a": ind.sma(10), "b": ind.macd()}], ["1m", "5m"])
    assert plan.table("1m").warmup == 33
    assert plan.table("5m").warmup == 0


def test_a_plan_survives_pickling_also_after_use():
    plan = IndicatorPlan.build([{"a": ind.sma(10), "b": ind.bollinger()}], ["1m"])
    binding = plan.binding({"a": ind.sma(10)})
    again = pickle.loads(pickle.dumps(plan))
    assert again == plan
    assert again.binding({"a": ind.sma(10)}) == binding


def test_a_name_with_a_leading_underscore_is_refused():
    """Interpreted bars are named tuples, whose fields cannot begin with one."""
    with pytest.raises(StrategyError, match="'_fast' must not begin with an underscore"):
        IndicatorPlan.build([{"_fast": ind.sma(3)}], ["1m"])

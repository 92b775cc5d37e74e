"""A user's own functions in the plan: computed, refused, and in other processes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import StrategyError
from pipeline.market import indicators as ind
from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.market.indicators.runner import PlanRunner
from tests.reference.own_process import ROOT, python


def decayed_volume(state, bar, params):
    state[0] = params[0] * state[0] + bar[4]
    state[1] += 1.0
    return state[0] + 1e-3 * state[1]


def middle(window, params):
    return (window.min() + window.max()) * params[0]


def upper_half(window, params):
    return (window.max() - middle(window, params)) * params[1]


def random_bars(symbols, rows):
    return np.random.default_rng(11).random((5, symbols, rows)) * 100.0


def compute(request, bars):
    """Compute in one call; name -> array [S, R]."""
    plan = IndicatorPlan.build([request], ["1m"])
    _, symbols, rows = bars.shape
    values = np.zeros((len(plan.columns("1m")), symbols, rows))
    values[:5] = bars
    PlanRunner(plan, "1m", range(symbols)).compute(values, 0, np.full(symbols, rows))
    return {name: values[column] for name, _, column in plan.binding(request)}


def test_a_function_with_state_sees_every_bar_of_its_symbol_in_order():
    bars = random_bars(2, 40)
    found = compute({"own": ind.custom(decayed_volume, 0.9, state=2, warmup=3)}, bars)["own"]
    for s in range(2):
        state = np.zeros(2)
        expected = [decayed_volume(state, bars[:, s, r], np.array([0.9])) for r in range(40)]
        expected[:3] = [math.nan] * 3
        np.testing.assert_array_equal(found[s], expected)


def test_a_function_may_call_another_that_is_plain_python():
    bars = random_bars(1, 20)
    found = compute({"own": ind.window(upper_half, 4, 0.5, 2.0)}, bars)["own"]
    expected = upper_half(bars[3, 0, 16:], np.array([0.5, 2.0]))
    np.testing.assert_array_equal(found[0, -1], expected)


@given(n=st.integers(1, 20), rows=st.integers(1, 70))
def test_a_window_function_sees_the_last_values_oldest_first(n, rows):
    def newest_less_oldest(window, params):
        return params[0] * window[-1] - window[0] + window.size

    bars = random_bars(1, rows)
    close = bars[3, 0]
    found = compute({"own": ind.window(newest_less_oldest, n, 2.0)}, bars)["own"][0]
    expected = np.full(rows, math.nan)
    for at in range(n - 1, rows):
        expected[at] = 2.0 * close[at] - close[at - n + 1] + n
    np.testing.assert_array_equal(found, expected)


def test_one_function_serves_all_its_parameters():
    bars = random_bars(1, 20)
    request = {f"p{k}": ind.window(middle, 3, k) for k in range(1, 9)}
    found = compute(request, bars)
    for k in range(1, 9):
        np.testing.assert_allclose(found[f"p{k}"], found["p1"] * k)


def test_a_function_that_cannot_be_compiled_is_refused_with_line_and_reason():
    def asks_too_much(window, params):
        return window.no_such_thing

    plan = IndicatorPlan.build([{"own": ind.window(asks_too_much, 3)}], ["1m"])
    line = asks_too_much.__code__.co_firstlineno + 1
    with pytest.raises(StrategyError) as refusal:
        PlanRunner(plan, "1m", range(1))
    message = str(refusal.value)
    assert f"test_own_functions.py:{line}: indicator asks_too_much(3) cannot be compiled" in message
    assert "an array has no attribute 'no_such_thing'" in message
    assert "\n" not in message


def test_a_breakpoint_in_a_function_is_refused_with_the_way_on():
    def stops(window, params):
        breakpoint()
        return window[0]

    plan = IndicatorPlan.build([{"own": ind.window(stops, 3)}], ["1m"])
    with pytest.raises(StrategyError) as refusal:
        PlanRunner(plan, "1m", range(1))
    line = stops.__code__.co_firstlineno + 1
    assert str(refusal.value).endswith(
        f"test_own_functions.py:{line}: indicator stops(3) cannot be compiled: it calls "
        "breakpoint(); it is always compiled: to debug it, call it from Python by itself"
    )


def test_a_function_that_returns_no_number_is_refused():
    plan = IndicatorPlan.build([{"own": ind.custom(lambda state, bar, params: "up")}], ["1m"])
    with pytest.raises(StrategyError, match=r"test_own_functions\.py:\d+: .* cannot be compiled: "):
        PlanRunner(plan, "1m", range(1))


def test_a_function_that_raises_is_named_with_symbol_and_row():
    def inverse(state, bar, params):
        return 1.0 / (bar[3] - params[0])

    bars = np.full((5, 2, 4), 7.0)
    bars[3, 1, 2] = 8.0
    with pytest.raises(
        StrategyError,
        match=r"test_own_functions\.py:\d+: indicator inverse\(8\) on 1m "
        r"failed at symbol 1, row 2: ZeroDivisionError",
    ):
        compute({"own": ind.custom(inverse, 8.0)}, bars)


def test_a_variable_without_a_value_is_named_with_its_line():
    def lowest_below(window, params):
        for price in window:
            if price < params[0]:
                lowest = price
        return lowest

    line = lowest_below.__code__.co_firstlineno + 4
    with pytest.raises(
        StrategyError,
        match=rf"test_own_functions\.py:{line}: indicator lowest_below\(2,5\) on 1m failed at "
        "symbol 0, row 1: UnboundLocalError: cannot access local variable 'lowest' where ",
    ):
        compute({"own": ind.window(lowest_below, 2, 5.0)}, np.full((5, 2, 4), 7.0))


SCRIPT = """
import multiprocess, numpy as np
from pipeline.market import indicators as ind
from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.market.indicators.runner import PlanRunner

FACTOR = 3.0

def triple(window, params):
    return FACTOR * window[-1] + params[0]

def work(plan, wanted, answer):
    values = np.ones((6, 1, 4))
    PlanRunner(plan, "1m", range(1)).compute(values, 0, np.array([4]))
    answer.send((values[5, 0].tolist(), plan.binding(wanted)))

if __name__ == "__main__":
    wanted = {"own": ind.window(triple, 2, 0.5)}
    plan = IndicatorPlan.build([wanted], ["1m"])
    context = multiprocess.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=work, args=(plan, wanted, there))
    process.start()
    there.close()
    print(here.recv(), plan.binding(wanted))
    process.join()
"""


def test_a_function_of_main_is_computed_in_another_process(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = python(script, check=False, env={"PYTHONPATH": str(ROOT)})
    assert done.stdout.strip() == ("([nan, 3.5, 3.5, 3.5], (('own', 0, 5),)) (('own', 0, 5),)"), (
        done.stderr
    )


FIRST = """
import numpy as np
from pipeline import indicators as ind
from pipeline.market.indicators.own_loop import compile_function


def own(window, params):
    return (last := window[-1]) ** 2 + last


print(compile_function(ind.window(own, 2))(np.array([0.0, 0.1]), np.zeros(0)))
"""


def test_the_first_function_that_a_process_compiles_means_what_python_means(tmp_path):
    """The product's extensions of Numba were loaded only with the first built-in kernel."""
    script = tmp_path / "script.py"
    script.write_text(FIRST)
    done = python(script, check=False, env={"PYTHONPATH": str(ROOT)})
    assert done.stdout.strip() == repr(0.1**2 + 0.1), done.stderr

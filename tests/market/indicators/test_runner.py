"""Computing a plan: however the rows are cut, wherever the columns lie, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.market import indicators as ind
from pipeline.market.indicators.layout import KINDS
from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.market.indicators.runner import PlanRunner
from tests.market.indicators.computed import compute, walk


def decayed_volume(state, bar, params):
    state[0] = params[0] * state[0] + bar[4]
    state[1] += 1.0
    return state[0] + 1e-3 * state[1]


def median_like(window, params):
    return (window.min() + window.max()) * params[0]


EVERYTHING = {
    "a": ind.sma(7),
    "b": ind.ema(5, column="high"),
    "c": ind.wma(6),
    "d": ind.rsi(4),
    "e": ind.atr(3),
    "f": ind.stdev(5),
    "g": ind.bollinger(8, 1.5),
    "h": ind.macd(3, 6, 4),
    "i": ind.highest(9, column="high"),
    "j": ind.lowest(4, column="low"),
    "k": ind.roc(5),
    "l": ind.vwap(),
    "m": ind.obv(),
    "n": ind.custom(decayed_volume, 0.9, state=2, warmup=3),
    "o": ind.window(median_like, 6, 0.5, column="open"),
    "p": ind.sma(1),
    "q": ind.bollinger(3).lower,
}


@settings(max_examples=40)
@given(
    calls=st.lists(st.tuples(*[st.integers(0, 25)] * 4), max_size=12),
    seed=st.integers(0, 2**16),
    rows=st.integers(1, 60),
)
def test_results_are_the_same_bits_however_rows_are_cut_into_calls(calls, seed, rows):
    """A call brings some fresh rows of each of three symbols; the last one brings the rest."""
    symbols = 3
    bars = walk(seed, symbols, rows)
    sessions = np.sort(np.random.default_rng(seed).integers(0, 4, (symbols, rows)), axis=1)
    whole = compute(EVERYTHING, bars, sessions)
    plan = IndicatorPlan.build([EVERYTHING], ["1m"])
    runners = [PlanRunner(plan, "1m", range(1)), PlanRunner(plan, "1m", range(1, symbols))]
    done = np.zeros(symbols, np.int64)
    for first, *wanted in [*calls, (0, rows, rows, rows)]:
        counts = np.minimum(wanted, rows - done)
        shape = (symbols, first + int(counts.max()) + 2)
        values = np.full((len(plan.columns("1m")), *shape), -777.0)
        slot_sessions = np.full(shape, -1)
        for s, (at, count) in enumerate(zip(done, counts, strict=True)):
            values[:5, s, first : first + count] = bars[:, s, at : at + count]
            slot_sessions[s, first : first + count] = sessions[s, at : at + count]
        before = values.copy()
        for runner in runners:
            runner.compute(values, first, counts, slot_sessions)
        for name, _, column in plan.binding(EVERYTHING):
            for s, (at, count) in enumerate(zip(done, counts, strict=True)):
                fresh = slice(first, first + count)
                expected = whole[name][s, at : at + count]
                assert values[column, s, fresh].tobytes() == expected.tobytes(), name
                before[column, s, fresh] = values[column, s, fresh]
        assert values.tobytes() == before.tobytes()  # nothing but fresh indicator cells changed
        done += counts


def test_columns_need_not_be_contiguous():
    bars = walk(1, 2, 50)
    plan = IndicatorPlan.build([EVERYTHING], ["1m"])
    padded = np.zeros((len(plan.columns("1m")), 2, 56))
    padded[:5, :, :50] = bars
    sessions = np.zeros((2, 50), np.int64)
    PlanRunner(plan, "1m", range(2)).compute(padded[:, :, :50], 0, np.full(2, 50), sessions)
    whole = compute(EVERYTHING, bars, sessions)
    for name, _, column in plan.binding(EVERYTHING):
        assert padded[column, :, :50].tobytes() == whole[name].tobytes()


def test_reset_begins_every_series_anew():
    bars = walk(2, 1, 30)
    plan = IndicatorPlan.build([EVERYTHING], ["1m"])
    runner = PlanRunner(plan, "1m", range(1))
    sessions = np.zeros((1, 30), np.int64)
    rounds = []
    for _ in range(2):
        values = np.zeros((len(plan.columns("1m")), 1, 30))
        values[:5] = bars
        runner.compute(values, 0, np.array([30]), sessions)
        rounds.append(values.tobytes())
        runner.reset()
    assert rounds[0] == rounds[1]


def test_warmup_counts_the_leading_rows_without_a_value():
    bars = walk(3, 1, 60)
    bars[4] += 1.0
    for request in EVERYTHING.values():
        indicator = getattr(request, "indicator", request)
        for found in compute({"x": request}, bars).values():
            assert np.isnan(found).sum() == indicator.warmup
            assert not np.isnan(found[indicator.warmup :]).any()


def test_arrays_that_do_not_fit_are_refused():
    plan = IndicatorPlan.build([{"v": ind.vwap()}], ["1m"])
    runner = PlanRunner(plan, "1m", range(2))
    fits, one, sessions = np.zeros((6, 2, 3)), np.ones(2, np.int64), np.zeros((2, 3), np.int64)
    runner.compute(fits, 2, one, sessions)
    for arguments, message in [
        ((np.zeros((5, 2, 3)), 0, one, sessions), "must have 6 columns, had 5"),
        ((np.zeros((6, 2, 3), "f4"), 0, one, sessions), "must be float64 with the rows adjacent"),
        ((np.zeros((6, 3, 2)).swapaxes(1, 2), 0, one, sessions), "with the rows adjacent"),
        ((np.zeros((6, 1, 3)), 0, one[:1], sessions), "at least 2, had 1 and 1"),
        ((fits, 3, one, sessions), "must be in 0 to 3, were 3 to 4"),
        ((fits, -1, one, sessions), "must be in 0 to 3"),
        ((fits, 0, one, None), r"needs session_of_row int64\[2, 3\]"),
        ((fits, 0, one, sessions.astype("i4")), "session_of_row of 1m must be int64"),
    ]:
        with pytest.raises(ValueError, match=message):
            runner.compute(*arguments)
    with pytest.raises(ValueError, match="range of step 1"):
        PlanRunner(plan, "1m", range(0, 4, 2))


def test_every_kind_is_computed_in_pieces():
    kinds = {getattr(one, "indicator", one).kind for one in EVERYTHING.values()}
    assert kinds == set(KINDS)

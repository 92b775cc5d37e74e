"""Indicators over a split: as if the rows before it had been on the new scale all along."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market import indicators as ind
from pipeline.market.indicators.layout import KINDS
from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.market.indicators.runner import PlanRunner
from pipeline.market.indicators.split_scaling import PRICE_POWERS, rescale


def turnover(state, bar, params):
    state[0] = 0.9 * state[0] + bar[4]
    state[1] = 0.9 * state[1] + bar[3]
    state[2] += 1.0
    return state[1] * state[0]


def spread(window, params):
    return window.max() - window.min()


OF_PRICES = {
    "sma": ind.sma(5),
    "sma_": ind.sma(4, column="volume"),
    "ema": ind.ema(4, column="high"),
    "wma": ind.wma(6),
    "rsi": ind.rsi(4),
    "atr": ind.atr(3),
    "stdev": ind.stdev(5),
    "stdev_": ind.stdev(3, column="volume"),
    "bands": ind.bollinger(7, 1.5),
    "macd": ind.macd(3, 6, 4),
    "highest": ind.highest(9, column="high"),
    "lowest": ind.lowest(4, column="low"),
    "roc": ind.roc(5),
    "vwap": ind.vwap(),
    "obv": ind.obv(),
    "custom": ind.custom(turnover, state=3, power=0, state_powers=(-1, 1, 0)),
    "window": ind.window(spread, 6, power=1),
}


def bars(seed: int, rows: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    close = 100.0 + rng.integers(-40, 41, rows).cumsum() / 100
    high, low = close + rng.integers(1, 20, rows) / 100, close - rng.integers(1, 20, rows) / 100
    return np.array([close, high, low, close, rng.integers(0, 9, rows) * 100.0])


def over_a_split(request, values, at, ratio, parts=1):
    """Compute with the split before row ``at``; the columns as they look at the end."""
    plan = IndicatorPlan.build([request], ["1m"])
    runner, powers = PlanRunner(plan, "1m", range(1)), plan.table("1m").powers
    whole = np.zeros((len(powers), 1, values.shape[1]))
    whole[:5, 0] = values
    sessions = np.repeat([[7, 8]], [at, values.shape[1] - at], axis=1).astype(np.int64)
    cuts = [*np.linspace(0, at, parts + 1).astype(int).tolist(), values.shape[1]]
    for begin, end in itertools.pairwise(cuts):
        if begin == at and ratio != 1.0:
            runner.split(0, ratio)
            for column, power in zip(whole, powers, strict=True):
                rescale(column[:, :at], ratio, power)
        runner.compute(whole, begin, np.array([end - begin]), sessions)
    return {name: whole[column, 0] for name, _, column in plan.binding(request)}


@settings(max_examples=40)
@given(
    seed=st.integers(0, 999),
    at=st.integers(1, 50),
    ratio=st.sampled_from([2.0, 7.0, 1.5, 0.125]),
    parts=st.integers(1, 4),
)
def test_every_indicator_goes_on_as_over_adjusted_rows(seed, at, ratio, parts):
    values = bars(seed, 60)
    traded = values.copy()
    for column, power in zip(traded, PRICE_POWERS, strict=True):
        rescale(column[at:], ratio, power)
    adjusted = traded.copy()
    for column, power in zip(adjusted, PRICE_POWERS, strict=True):
        rescale(column[:at], ratio, power)
    found = over_a_split(OF_PRICES, traded, at, ratio, parts)
    expected = over_a_split(OF_PRICES, adjusted, at, 1.0)
    for name in expected:
        got, want = found[name], expected[name]
        assert np.array_equal(np.isnan(got), np.isnan(want)), name
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9, err_msg=name)


def test_every_kind_is_tried():
    assert {one.kind for one in OF_PRICES.values()} == set(KINDS)


def test_an_own_function_that_does_not_say_its_powers_starts_anew():
    values = bars(3, 30)
    request = {"own": ind.custom(turnover, state=3, warmup=2), "win": ind.window(spread, 4)}
    found = over_a_split(request, values, 20, 2.0)
    own, window = found["own"], found["win"]
    assert np.isnan(own[:22]).all()
    alone = over_a_split(request, values[:, 20:], 1, 1.0)["own"]
    np.testing.assert_array_equal(own[22:], alone[2:])
    assert np.isnan(window[:20]).all()
    halved = values[3] / np.where(np.arange(30) < 20, 2.0, 1.0)
    assert window[20] == spread(halved[17:21], None)


@pytest.mark.parametrize(
    "given",
    [
        {"power": 1},
        {"power": 1, "state_powers": (1,)},
        {"state_powers": (1, 1, 0)},
        {"power": 1.5, "state_powers": (1, 1, 0)},
        {"power": 9, "state_powers": (1, 1, 0)},
        {"power": 1, "state_powers": (1, 1, True)},
    ],
)
def test_powers_that_cannot_be_are_refused(given):
    with pytest.raises(DataError, match=r"custom: (power|state_powers) must be"):
        ind.custom(turnover, state=3, **given)


def test_the_power_is_part_of_an_indicator():
    assert ind.window(spread, 4, power=1) != ind.window(spread, 4)

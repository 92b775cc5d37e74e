"""Made-up bars, and indicators computed of them in one call."""

import numpy as np

from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.market.indicators.runner import PlanRunner


def walk(seed, symbols, rows, price=100.0, tick=0.01):
    """Bars [5, S, R] of a random walk on a grid of ticks, with flat stretches and idle volume."""
    rng = np.random.default_rng(seed)
    steps = rng.integers(-40, 41, (symbols, rows)) * (rng.random((symbols, rows)) < 0.8)
    steps[:, rows // 3 : rows // 3 + 12] = 0
    close = np.round(price + tick * np.cumsum(steps, axis=1), 6)
    high = close + tick * rng.integers(0, 30, close.shape)
    low = close - tick * rng.integers(0, 30, close.shape)
    volume = rng.integers(0, 500, close.shape) * (rng.random(close.shape) < 0.9)
    return np.stack([low + (high - low) / 3, high, low, close, volume.astype(float)])


def compute(request, bars, sessions=None):
    """Compute in one call; name -> array [S, R], and for one symbol [R]."""
    bars = bars if bars.ndim == 3 else bars[:, None, :]
    plan = IndicatorPlan.build([request], ["1m"])
    symbols, rows = bars.shape[1:]
    values = np.zeros((len(plan.columns("1m")), symbols, rows))
    values[:5] = bars
    if sessions is None:
        sessions = np.zeros((symbols, rows), np.int64)
    runner = PlanRunner(plan, "1m", range(symbols))
    runner.compute(values, 0, np.full(symbols, rows), sessions)
    return {
        name: values[column].squeeze(0) if symbols == 1 else values[column]
        for name, _, column in plan.binding(request)
    }


def of_close(request, close):
    return compute(request, np.broadcast_to(np.asarray(close, float), (5, len(close))))


def agree(found, expected, tolerance=1e-9):
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)

"""Indicators against exact arithmetic and slow references."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from pipeline.market import indicators as ind
from tests.market.indicators.computed import compute, of_close, walk


@given(prices=st.lists(st.integers(1, 10**6), min_size=1, max_size=40), n=st.integers(1, 45))
def test_a_period_of_one_is_the_value_itself(prices, n):
    close = np.array(prices) / 64.0
    found = of_close(
        {
            "sma": ind.sma(1),
            "ema": ind.ema(1),
            "wma": ind.wma(1),
            "sd": ind.stdev(1),
            "max": ind.highest(1),
            "min": ind.lowest(1),
        },
        close,
    )
    for name in ("sma", "ema", "wma", "max", "min"):
        np.testing.assert_allclose(found[name], close, rtol=1e-14)
    assert not found["sd"].any()


@given(price=st.floats(1e-6, 1e9), n=st.integers(1, 50), rows=st.integers(50, 120))
def test_a_flat_price_is_its_own_average_and_deviates_by_exactly_zero(price, n, rows):
    found = of_close(
        {
            "sma": ind.sma(n),
            "ema": ind.ema(n),
            "wma": ind.wma(n),
            "sd": ind.stdev(n),
            "bb": ind.bollinger(n),
        },
        np.full(rows, price),
    )
    for name in ("sma", "ema", "wma", "bb_upper", "bb_middle", "bb_lower"):
        assert (found[name][n - 1 :] == price).all(), name
    assert (found["sd"][n - 1 :] == 0.0).all()


def exact_deviation(values):
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    return math.sqrt(sum((value - mean) ** 2 for value in exact) / len(exact))


@given(
    seed=st.integers(0, 2**32),
    n=st.integers(2, 12),
    price=st.sampled_from([1e5, 1e9, 1.0]),
    tick=st.sampled_from([1e-6, 1e-3, 1.0]),
)
@settings(max_examples=60)
def test_deviation_keeps_its_digits_far_from_zero(seed, n, price, tick):
    steps = np.random.default_rng(seed).integers(-3, 4, 40)
    close = price + tick * np.cumsum(steps)
    close[20] = price * 3.0  # a jump must not spoil the windows behind it
    found = of_close({"sd": ind.stdev(n)}, close)["sd"]
    for at in range(n - 1, close.size):
        expected = exact_deviation(close[at - n + 1 : at + 1])
        assert math.isclose(found[at], expected, rel_tol=1e-12, abs_tol=0.0)


def test_moving_averages_of_long_periods_are_exact_to_rounding():
    close = walk(5, 1, 20_000, price=1e5)[3, 0]
    found = of_close({"sma": ind.sma(9000), "wma": ind.wma(9000)}, close)
    weights = np.arange(1.0, 9001.0)
    for at in (8999, 9000, 13_777, 17_999, 19_999):
        window = close[at - 8999 : at + 1]
        assert math.isclose(found["sma"][at], math.fsum(window) / 9000, rel_tol=1e-14)
        exact = math.fsum(window * weights) / math.fsum(weights)
        assert math.isclose(found["wma"][at], exact, rel_tol=1e-14)


@given(n=st.integers(1, 30), blocks=st.integers(1, 20), seed=st.integers(0, 2**16))
def test_windows_forget_to_the_bit_what_has_left_them(n, blocks, seed):
    """A series that begins at a block's start gives the same bits: nothing can drift."""
    request = {
        "a": ind.sma(n),
        "b": ind.wma(n),
        "c": ind.bollinger(n),
        "d": ind.stdev(n),
        "e": ind.highest(n),
        "f": ind.lowest(n),
    }
    close = walk(seed, 1, (blocks + 4) * n)[3, 0]
    late = of_close(request, close[blocks * n :])
    for name, found in of_close(request, close).items():
        assert found[blocks * n + n - 1 :].tobytes() == late[name][n - 1 :].tobytes()


@given(seed=st.integers(0, 2**16), rows=st.integers(1, 120), n=st.integers(1, 130))
def test_extremes_equal_those_of_every_window(seed, rows, n):
    close = walk(seed, 1, rows)[3, 0]
    found = of_close({"max": ind.highest(n), "min": ind.lowest(n)}, close)
    assert np.isnan(found["max"][: n - 1]).all()
    if rows >= n:
        windows = sliding_window_view(close, n)
        assert np.array_equal(found["max"][n - 1 :], windows.max(axis=1))
        assert np.array_equal(found["min"][n - 1 :], windows.min(axis=1))


def test_obv_of_fractional_volumes_does_not_drift():
    rng = np.random.default_rng(7)
    bars = walk(7, 1, 200_000)[:, 0]
    bars[4] = rng.random(bars.shape[1]) * 1e9 + 0.1
    moves = np.sign(np.diff(bars[3], prepend=bars[3, 0] - 1.0))
    found = compute({"obv": ind.obv()}, bars)["obv"]
    for at in (999, 99_999, 199_999):
        exact = math.fsum(moves[: at + 1] * bars[4, : at + 1])
        assert math.isclose(found[at], exact, rel_tol=1e-15, abs_tol=1e-6)


@given(seed=st.integers(0, 2**16), rows=st.integers(1, 60))
def test_vwap_equals_turnover_over_volume_of_the_session_so_far(seed, rows):
    bars = walk(seed, 1, rows)[:, 0]
    sessions = np.sort(np.random.default_rng(seed).integers(0, 4, rows))
    found = compute({"vwap": ind.vwap()}, bars, sessions[None, :])["vwap"]
    typical = bars[1:4].sum(axis=0) / 3.0
    for at in range(rows):
        begin = int(np.searchsorted(sessions, sessions[at]))
        traded = bars[4, begin : at + 1]
        expected = math.nan
        if traded.sum():
            expected = math.fsum(typical[begin : at + 1] * traded) / traded.sum()
        np.testing.assert_allclose(found[at], expected, rtol=1e-12)

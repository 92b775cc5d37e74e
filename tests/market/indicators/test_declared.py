"""Indicators as values: equality, names, refusals, and travel to other processes."""

import pickle

import dill
import numba
import numpy as np
import pytest

from pipeline import codes
from pipeline.errors import DataError, StrategyError
from pipeline.market import indicators as ind
from tests.reference.own_process import python

SCALE = 2.0


def last_times(state, bar, params):
    state[0] = bar[3] * params[0]
    return state[0]


def spread(window, params):
    return window[-1] - window[0]


def scaled(window, params):
    return SCALE * window[-1]


def weighted_by(weights):
    def weighted(window, params):
        return np.sum(window * weights)

    return weighted


def test_equal_arguments_give_equal_values_with_equal_hashes():
    for make in (ind.sma, ind.ema, ind.wma, ind.rsi, ind.atr, ind.stdev, ind.highest, ind.roc):
        assert make(7) == make(7)
        assert hash(make(7)) == hash(make(np.int64(7)))
        assert make(7) != make(8)
    assert ind.sma(7) != ind.ema(7)
    assert ind.sma(7) != ind.sma(7, column="high")
    assert ind.sma(7) != ind.sma(7, interval="5m")
    assert ind.bollinger(20, 2) == ind.bollinger(20, 2.0)


def test_outputs_are_attributes_that_are_values_too():
    bands = ind.bollinger(20, 2)
    assert bands.upper == ind.bollinger(20, 2).upper == ind.Output(bands, "upper")
    assert len({bands.upper, bands.middle, bands.lower}) == 3
    lines = ind.macd(12, 26, 9)
    assert [lines.macd.name, lines.signal.name, lines.histogram.name] == list(lines.outputs)


def test_a_name_that_is_no_output_is_refused_with_those_that_are():
    with pytest.raises(AttributeError, match=r"'top': its outputs are upper, middle, lower"):
        _ = ind.bollinger().top
    with pytest.raises(AttributeError, match="single output"):
        _ = ind.sma().upper


def test_a_value_cannot_be_changed():
    with pytest.raises(AttributeError):
        ind.sma(10).kind = "ema"


def test_labels_are_readable_and_leave_out_defaults():
    assert ind.sma(10).label == "sma(10)"
    assert ind.sma(10, column="high", interval="5m").label == "sma(10,high)"
    assert ind.bollinger(20, 2.5).upper.label == "bollinger(20,2.5).upper"
    assert ind.vwap().label == "vwap"
    assert ind.custom(last_times, 0.5, state=1).label == "last_times(0.5)"
    assert ind.window(spread, 5, column="low").label == "spread(5,low)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ind.sma(0), "sma: period must be an integer of at least 1, was 0"),
        (lambda: ind.ema(-3), "ema: period must be an integer of at least 1, was -3"),
        (lambda: ind.rsi(2.5), r"rsi: period must be an integer of at least 1, was 2\.5"),
        (lambda: ind.atr(True), "atr: period must be an integer of at least 1, was True"),
        (lambda: ind.wma("10"), "wma: period must be an integer of at least 1, was '10'"),
        (lambda: ind.macd(26, 12), "macd: fast must be less than slow, was fast=26, slow=12"),
        (lambda: ind.macd(12, 12), "macd: fast must be less than slow"),
        (lambda: ind.bollinger(20, -1), "bollinger: width must be at least 0, was -1"),
        (lambda: ind.bollinger(20, float("nan")), "width must be a finite number, was nan"),
        (lambda: ind.sma(5, column="hihg"), "column 'hihg' does not exist, did you mean 'high'"),
        (lambda: ind.sma(5, column=3), "column 3 does not exist"),
        (lambda: ind.sma(5, interval="5min"), "interval must be a number and one of s, m, h, d"),
        (lambda: ind.vwap(interval="0m"), "vwap: interval must be"),
        (lambda: ind.custom(last_times, state=-1), "custom: state must be an integer of at least"),
        (lambda: ind.custom(last_times, "x"), "custom: params must be a finite number, was 'x'"),
        (lambda: ind.window(spread, 0), "window: period must be an integer of at least 1"),
    ],
)
def test_bad_parameters_are_refused_with_what_was_found_and_expected(make, message):
    with pytest.raises(DataError, match=message):
        make()


def test_only_a_function_of_the_right_arguments_can_be_an_indicator():
    with pytest.raises(StrategyError, match=r"custom needs a function of \(state, bar, params\)"):
        ind.custom(3)
    with pytest.raises(StrategyError, match=r"test_declared\.py:\d+: window needs a function"):
        ind.window(last_times, 5)


def test_a_function_that_numba_wrapped_is_unwrapped():
    assert ind.window(numba.njit(spread), 5) == ind.window(spread, 5)
    assert ind.window(numba.njit(spread), 5).function is spread


def test_own_functions_are_equal_if_code_constants_and_closure_are():
    weights = np.array([0.25, 0.75])
    same = ind.window(weighted_by(weights), 2)
    assert same == ind.window(weighted_by(weights.copy()), 2)
    assert hash(same) == hash(ind.window(weighted_by(weights.copy()), 2))
    assert same != ind.window(weighted_by(weights[::-1].copy()), 2)
    halves, thirds = (lambda w, p: w[0] / 2), (lambda w, p: w[0] / 3)
    assert ind.window(halves, 2) != ind.window(thirds, 2)
    assert ind.window(spread, 2) != ind.window(spread, 2, 1.0)


def test_a_global_number_that_a_function_reads_is_part_of_its_identity(monkeypatch):
    before = ind.window(scaled, 2)
    monkeypatch.setitem(scaled.__globals__, "SCALE", 3.0)
    assert ind.window(scaled, 2) != before


def test_a_function_that_calls_itself_has_an_identity():
    def down(window, params):
        return 0.0 if window[0] < 1.0 else down(window - 1.0, params)

    assert ind.window(down, 2) == ind.window(down, 2)


def test_values_survive_pickling():
    for value in (ind.sma(3), ind.bollinger().upper, ind.window(spread, 5)):
        assert pickle.loads(pickle.dumps(value)) == value
    closed = ind.window(weighted_by(np.array([0.5, 0.5])), 2)
    again = dill.loads(dill.dumps(closed))
    assert again == closed
    assert hash(again) == hash(closed)


def test_values_and_plan_are_imported_without_the_compiler():
    code = "import sys, pipeline.market.indicators.plan; sys.exit('numba' in sys.modules)"
    assert python("-c", code, check=False).returncode == 0


def test_price_columns_are_those_of_bars():
    assert ind.PRICE_COLUMNS == codes.PRICE_COLUMNS

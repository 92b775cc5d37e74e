"""What is suggested in place of a text that is no list, section or number is taken."""

import numpy as np
import pytest

from pipeline.config.session import SessionConfig
from tests.refusals import refusal


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        ("session_data_config.symbols=[A]", 'session_data_config.symbols=["A"]'),
        ("session_data_config.symbols=[BRK.B, 9984.T]", '["BRK.B","9984.T"]'),
        ("session_data_config.streams=[1m,5m]", 'session_data_config.streams=["1m","5m"]'),
        ("strategy.parameters={fast: 5, on: true}", '{"fast": 5, "on": true}'),
    ],
)
def test_quotes_that_a_shell_has_taken_are_told(settings_of_a_session, override: str, meant: str):
    found = refusal(settings_of_a_session(), override)
    assert "; a shell takes double quotes away: put the whole in single quotes, --set '" in found
    assert found.endswith(f"{meant}'")


TWO = '["SPY","IEF"]'


@pytest.mark.parametrize(
    ("setting", "value", "meant"),
    [
        *(
            ("session_data_config.symbols", value, TWO)
            for value in (
                *("SPY,IEF", "SPY, IEF", "SPY;IEF", "SPY IEF", " SPY,IEF,", "(SPY,IEF)"),
                *("[SPY,IEF]", "[SPY, IEF]", "[SPY IEF]", "[SPY,IEF", "{SPY,IEF}"),
                *('"SPY","IEF"', '["SPY",IEF]', '["SPY" "IEF"]', '"SPY,IEF"'),
                *("'SPY','IEF'", "['SPY','IEF']", "\u201cSPY\u201d,\u201cIEF\u201d"),
            )
        ),
        ("session_data_config.symbols", "BTC/USD,BRK.B", '["BTC/USD","BRK.B"]'),
        ("session_data_config.symbols", "123", '["123"]'),
        ("session_data_config.streams", "1m,5m", '["1m","5m"]'),
        ("strategy.symbols", "AAA,BBB", '["AAA","BBB"]'),
        ("sweep.universes.a", "AAA,BBB", '["AAA","BBB"]'),
        ("sweep.constraints", "fast < slow", '["fast < slow"]'),
        ("sweep.constraints", "min(a, b) < 3,a<b", '["min(a, b) < 3","a<b"]'),
        ("sweep.space.fast", "1,2.5,true,a", '[1,2.5,true,"a"]'),
        ("sweep.space.fast", "3", "[3]"),
        ("strategy.parameters", "{'fast': 5, 'on': true}", '{"fast": 5, "on": true}'),
        ("sweep.space.fast", "5:20:5", '{"from":5,"to":20,"step":5}'),
        ("sweep.space.fast", "0.5..2", '{"from":0.5,"to":2}'),
        ("sweep.space.fast", "range(0, 20, 5)", '{"from":0,"to":15,"step":5}'),
        ("sweep.space.fast", "range(5, 7)", '{"from":5,"to":6,"step":1}'),
    ],
)
def test_a_list_without_its_quotes_or_brackets_is_told_as_it_is_taken(
    settings_of_a_session, setting: str, value: str, meant: str
):
    settings = {**settings_of_a_session(), "sweep": {"space": {"b": [1]}}}
    found = refusal(settings, f"{setting}={value}")
    assert found.endswith(f" --set '{setting}={meant}'")
    SessionConfig.load(settings, [f"{setting}={meant}"])


@pytest.mark.parametrize(
    ("value", "meant"),
    [("10,000", "10000"), ("$1,234,567.5", "1234567.5"), ("10 000", "10000"), ("1_000", "1000")],
)
def test_a_number_as_it_is_printed_is_told_as_it_is_taken(
    settings_of_a_session, value: str, meant: str
):
    found = refusal(settings_of_a_session(), f"trading_config.initial_cash={value}")
    assert found.endswith(f"expected a finite number above 0; write {meant}")


@pytest.mark.parametrize("value", ["10k", "5%", "1,00", "-", "1.2.3", "one"])
def test_nothing_is_suggested_for_what_may_be_any_number(settings_of_a_session, value: str):
    found = refusal(settings_of_a_session(), f"trading_config.initial_cash={value}")
    assert found.endswith("expected a finite number above 0")


@pytest.mark.parametrize("value", ["", ",", "[]", "{}", "null", '{"a": 1}'])
def test_nothing_is_suggested_for_a_list_of_nothing(settings_of_a_session, value: str):
    found = refusal(settings_of_a_session(), f"session_data_config.symbols={value}")
    assert "write" not in found


@pytest.mark.parametrize(
    ("value", "way"),
    [
        (range(5, 50, 5), "list"),
        (np.arange(5), "list"),
        ({5: 1}.values(), "list"),
        ({5, 6}, "sorted"),
    ],
)
def test_what_python_can_go_through_is_to_be_made_a_list(
    settings_of_a_session, value: object, way: str
):
    settings = {**settings_of_a_session(), "sweep": {"space": {"fast": value}}}
    assert refusal(settings).endswith(f"; make a list of it: {way}(...)")

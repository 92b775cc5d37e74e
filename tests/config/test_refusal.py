"""What is refused, and in which words: each message is one line and names all one needs to know."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import SYMBOL_WORDS
from pipeline.config.session import SessionConfig
from pipeline.errors import ConfigError, RingtapeError
from tests.refusals import refusal

COUNT = "a whole number from 1 to 64"
AMOUNT = "a finite number of at least 0"
PARAMETER = "a finite number or true or false or text in quotes"
SYMBOLS = "a list of at least 1, each text in quotes"
LANES = "a section with name, parameters, mode, symbols, or a list of at least one such section"
STAGES = "processors, engines, slots, slot_rows, start_method, held_up_seconds"
SECTIONS = (
    "session_name, exchange_group, asset_class, mode, backtest_config, session_data_config,"
    " trading_config, execution, instruments, strategy, pipeline, catalog, benchmark, sweep,"
    " metadata"
)
TIERS = "a list, each a section with above, bps, maker_bps, per_share"
DAY = "a date written as YYYY-MM-DD"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("pipeline.procesors=2", "did you mean pipeline.processors?"),
        ("processors=2", "did you mean pipeline.processors?"),
        ("historical.enable_quality=true", "did you mean session_data_config.historical?"),
        ("strategy.nam=x", "did you mean strategy.name?"),
        ("session_data_config.gap_filler.x=1", "expected one of enable_session_quality"),
        ("pipeline.zzz=2", f"expected one of {STAGES}"),
        ("zzz=2", f"expected one of {SECTIONS}; a parameter has the name strategy.parameters.zzz"),
    ],
)
def test_an_unknown_setting_is_named_with_the_nearest_valid_one(
    settings_of_a_session, override, message
):
    name = override.partition("=")[0]
    found = refusal(settings_of_a_session(), override)
    for unknown in (name, name.partition(".")[0]):
        if found.startswith(f"{unknown} is not a setting"):
            assert found in (
                f"{unknown} is not a setting; {message}",
                f"{unknown} is not a setting, {message}",
            )
            return
    pytest.fail(found)


def test_the_former_quality_update_frequency_is_refused_with_the_reason(settings_of_a_session):
    setting = "session_data_config.gap_filler.quality_update_frequency"
    assert refusal(settings_of_a_session(), f"{setting}=60") == (
        f"{setting} is no longer a setting: quality is event-driven, each bar that arrives or is"
        " missing updates it; remove the setting"
    )


HINTS = {
    'session_data_config.symbols="A"': (
        """; write ["A"], in a shell --set 'session_data_config.symbols=["A"]'"""
    ),
    'pipeline.processors="10"': "; write 10",
}


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        # Types: nothing is converted.
        ("pipeline.processors", '"10"', COUNT),
        ("pipeline.processors", "1.0", COUNT),
        ("pipeline.processors", "true", COUNT),
        ("session_name", "12", "text in quotes"),
        ("session_data_config.historical.enable_quality", "1", "true or false"),
        ("session_data_config.symbols", '"A"', SYMBOLS),
        ("metadata.run", "7", "text in quotes"),
        ("strategy.parameters.fast", "null", PARAMETER),
        ("pipeline", "3", f"a section with {STAGES}"),
        ("strategy", "3", LANES),
        # Bounds.
        ("pipeline.processors", "0", COUNT),
        ("pipeline.engines", "65", COUNT),
        ("pipeline.slots", "1025", "a whole number from 1 to 1024"),
        ("pipeline.slot_rows", "0", "a whole number of at least 1 or null"),
        ("backtest_config.prefetch_days", "-1", "a whole number from 0 to 60"),
        ("backtest_config.speed_multiplier", "-1", AMOUNT),
        ("execution.commission_bps", "Infinity", AMOUNT),
        ("execution.commission_per_share", "-0.1", AMOUNT),
        ("execution.commission_tiers", '"flat"', TIERS),
        ("execution.commission", '"costs.py"', '"module:function" or "path/to/file.py:function"'),
        ("execution.poor_quality_below", "101", "a finite number from 0 to 100"),
        ("trading_config.initial_cash", "0", "a finite number above 0"),
        ("trading_config.initial_cash", "NaN", "a finite number above 0"),
        ("strategy.parameters.x", "NaN", PARAMETER),
        # Choices.
        ("mode", '"paper"', 'one of "backtest", "live"'),
        ("execution.fill", '"close"', 'one of "next_open", "this_close"'),
        ("pipeline.start_method", '"fork"', 'one of "forkserver", "spawn"'),
        # Dates.
        (
            "backtest_config.start_date",
            '"2023-02-30"',
            "a date that exists: 2023-02 has 28 days",
        ),
        (
            "backtest_config.end_date",
            '"2024-13-01"',
            "a date that exists: years begin at 0001, months are 01 to 12",
        ),
        ("backtest_config.start_date", "20241021", DAY),
        ("backtest_config.start_date", '"2024-10-21T00:00"', DAY),
        ("backtest_config.end_date", '"2024-10-20"', "a date on or after start_date 2024-10-21"),
        # Symbols, intervals, names.
        ("session_data_config.symbols", "[]", SYMBOLS),
        ("session_data_config.symbols", '["A", "A"]', "each once (A is repeated)"),
        (
            "session_data_config.streams",
            '["5m", "1m"]',
            "multiples of the base interval 5m (1m is not)",
        ),
        (
            "session_data_config.streams",
            '["1m", "90s"]',
            "multiples of the base interval 1m (90s is not)",
        ),
        ("session_data_config.streams", '["1m", "1m"]', "each once (1m is repeated)"),
        (
            "session_name",
            '"../up"',
            "up to 64 letters, digits, dots, hyphens and underscores, a letter or digit first",
        ),
        ("strategy.name", '"SmaCross"', '"module:Class" or "path/to/file.py:Class"'),
        ("catalog", '""', "text that is not empty"),
        ("strategy", "[]", LANES),
    ],
)
def test_a_refusal_names_setting_value_and_expectation(
    settings_of_a_session, setting, value, expected
):
    found = refusal(settings_of_a_session(), f"{setting}={value}")
    hint = HINTS.get(f"{setting}={value}", "")
    assert found == f"{setting} is {value}, expected {expected}{hint}"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            'session_data_config.symbols=["A "]',
            f'symbols.0 is "A ", expected a symbol: {SYMBOL_WORDS}',
        ),
        (
            'session_data_config.streams=["1m", "1 day"]',
            'streams.1 is "1 day", expected an interval such as 30s, 5m or 4h, 1d at most',
        ),
        (
            'execution.commission_tiers=[{"above": 0, "bps": -1}]',
            f"commission_tiers.0.bps is -1, expected {AMOUNT}",
        ),
        (
            'execution.commission_tiers=[{"above": 0}, {"above": 5}, {"above": 5}]',
            "is [0.0, 5.0, 5.0], expected tiers that begin above 0, then ever higher",
        ),
        (
            'instruments={"AAA": {"funding_hours": [0, 24]}}',
            "funding_hours.1 is 24, expected a whole number from 0 to 23",
        ),
        ("strategy=[{}]", "strategy.0.name is missing, expected text in quotes"),
        (
            "strategy.parameters.a-b=1",
            'parameters.a-b is "a-b", expected the name of a parameter: a Python name',
        ),
    ],
)
def test_an_element_of_a_list_or_section_is_named_itself(settings_of_a_session, override, message):
    found = refusal(settings_of_a_session(), override)
    assert found.endswith(message)
    assert "; " not in found


def test_several_problems_are_told_at_once(settings_of_a_session):
    pipeline = {"processors": 0, "slot": 2}
    assert refusal(settings_of_a_session(pipeline=pipeline)) == (
        f"pipeline.processors is 0, expected {COUNT};"
        " pipeline.slot is not a setting; did you mean pipeline.slots?"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"we\nird": 1}, f"we ird is not a setting, expected one of {SECTIONS}"),
        ({"pipeline.slots": 1}, "pipeline.slots is not a setting by its dotted name;"),
        ({1: 2}, "the configuration has the name 1, expected a name in quotes"),
        ({"pipeline": {1: 2}}, "pipeline has the name 1, expected a name in quotes"),
        ({"metadata": {1: "x"}}, "metadata has the name 1, expected a name in quotes"),
        ({"metadata": {"a": "\ud800"}}, 'a is "\\ud800", expected text that UTF-8 can hold'),
        ({"metadata": {"a": ["long"] * 100}}, '"long", ..., expected text in quotes'),
        ({"backtest_config": None}, "backtest_config is null, expected a section with start_date"),
        ({"catalog": 3}, "catalog is 3, expected text that is not empty"),
    ],
)
def test_a_refusal_is_one_printable_line_whatever_was_given(
    settings_of_a_session, changes, message
):
    found = refusal(settings_of_a_session() | changes)
    assert message in found
    assert found.encode().decode().isprintable()


def test_the_class_itself_refuses_in_the_same_words(settings_of_a_session):
    with pytest.raises(ConfigError, match=r"^catalog is 3, expected text that is not empty$"):
        SessionConfig(**settings_of_a_session(catalog=3))


def test_every_missing_setting_is_named():
    found = refusal({})
    for name in ("session_name", "backtest_config", "session_data_config", "strategy", "catalog"):
        assert f"{name} is missing, expected " in found


def test_a_refusal_is_for_the_user():
    assert issubclass(ConfigError, RingtapeError)
    assert ConfigError.exit_code == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
some_settings = st.sampled_from(
    [
        "session_name",
        "backtest_config",
        "backtest_config.start_date",
        "session_data_config",
        "session_data_config.symbols",
        "session_data_config.streams",
        "strategy",
        "strategy.name",
        "strategy.parameters",
        "pipeline",
        "pipeline.slots",
        "metadata",
        "an.unknown.one",
    ]
)


@given(setting=some_settings, value=json_values)
def test_any_value_anywhere_gives_a_configuration_or_one_line(
    settings_of_a_session, setting, value
):
    refused = ""
    try:
        config = SessionConfig.load(settings_of_a_session(), [f"{setting}={json.dumps(value)}"])
    except ConfigError as error:
        refused = str(error)
    if refused:
        assert refused.splitlines() == [refused]
    else:
        assert SessionConfig.load(json.loads(config.dump())) == config

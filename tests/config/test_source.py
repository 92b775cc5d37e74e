"""Settings from files and overrides: what is read, and how what cannot be read is refused."""

import json
from datetime import date
from pathlib import Path

import pytest

from pipeline.config.session import SessionConfig
from pipeline.errors import ConfigError
from tests.refusals import refusal

SMA = {"name": "pipeline.strategy.examples:SmaCross", "parameters": {"fast": 10}}


# ----------------------------------------------------------------------------------- files


def test_json_and_toml_files_say_the_same(settings_of_a_session, tmp_path):
    as_json = tmp_path / "a.json"
    as_json.write_text(json.dumps(settings_of_a_session()), encoding="utf-8")
    as_toml = tmp_path / "a.toml"
    as_toml.write_text(
        """
        # A comment.
        session_name = "test"
        catalog = "catalog/sample"
        [backtest_config]
        start_date = 2024-10-21
        end_date = "2024-12-03"
        [session_data_config]
        symbols = ["AAA", "BBB"]
        streams = ["1m", "5m"]
        [strategy]
        name = "pipeline.strategy.examples:SmaCross"
        parameters = { fast = 10 }
        """,
        encoding="utf-8",
    )
    expected = SessionConfig.load(settings_of_a_session())
    assert SessionConfig.load(as_json) == SessionConfig.load(str(as_toml)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"a": 1,\n "b": 2,\n}',
            "line 2 column 8: there is a comma before the closing }; remove it",
        ),
        ('{"a": [1, 2 , ]}', "line 1 column 13: there is a comma before the closing ]; remove it"),
        ("{'a': 1}", """line 1 column 2: texts and names are in double quotes ("), was 'a'"""),
        (
            """{"a": 'x y'}""",
            """line 1 column 7: texts and names are in double quotes ("), was 'x""",
        ),
        ('{"a": 1, // why\n}', "line 1 column 10: there are no comments in JSON; remove it"),
        ("{a: 1}", "line 1 column 2: a name in double quotes was expected, was a"),
        (
            '{"a": 1 "b": 2}',
            'line 1 column 9: a comma, or a closing bracket, was expected before "b"',
        ),
        ('{"a" 1}', "line 1 column 6: a colon was expected after the name, was 1"),
        ('{"a": True}', "in double quotes, a list or a section), was True"),
        ('{"a": 1} {', "line 1 column 10: the settings end before {"),
        ('{"a": {\n', "line 2 column 1: the file ends before all brackets are closed"),
        (
            r'{"a": "C:\mine"}',
            "line 1 column 10: there is a backslash in a text, where it begins an",
        ),
        (r'{"a": "C:\users"}', "write it twice, or write a path with slashes, which all systems"),
        (" ", "line 1 column 2: the file is empty"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_in_plain_words(tmp_path, text, message):
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    assert refusal(path).startswith(f"{path} is not valid JSON: line ")
    assert message in refusal(path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", '{"a": 1,\n  ]', "not valid JSON: "),
        ("a.json", "[1]", "holds a list, expected one object of settings"),
        ("a.json", '{"mode": "live", "mode": "backtest"}', "mode is set twice in one section"),
        ("a.json", "[" * 100_000, "not valid JSON"),
        ("a.json", '{"a":\n ' + "9" * 5000 + "}", "line 2 has a number of 5,000 digits, which no "),
        ("a.toml", "a = " + "9" * 5000, "line 1 has a number of 5,000 digits, which no setting"),
        ("a.toml", "a = \n", "not valid TOML: "),
        ("a.yaml", "a: 1", "ends in .yaml, expected .json or .toml"),
        ("a.json", '{"mode": 3}', "a.json: "),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    found = refusal(path)
    assert found.startswith(str(path))
    assert message in found


@pytest.mark.parametrize(("name", "strategy"), [("a.py", "a.py:Class"), ("a.py:M", "a.py:M")])
def test_a_strategy_in_place_of_a_configuration_is_told_where_it_belongs(name: str, strategy: str):
    assert refusal(Path(name)) == (
        f"{name} is Python, expected a configuration, .json or .toml, which names its strategy: "
        f"--set strategy.name={strategy}"
    )


def test_a_json_error_has_its_place(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a": 1,\n  ]', encoding="utf-8")
    assert refusal(path).endswith(
        "line 1 column 8: there is a comma before the closing ]; remove it"
    )


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    absent = tmp_path / "absent.json"
    assert refusal(absent) == f"{absent} does not exist, expected a configuration file"
    folder = tmp_path / "folder.json"
    folder.mkdir()
    assert refusal(folder).startswith(f"{folder} cannot be read: ")
    latin = tmp_path / "latin.json"
    latin.write_bytes(b'{"session_name": "\xe9"}')
    assert refusal(latin) == f"{latin} is not UTF-8 text: byte 18 is no character"


@pytest.mark.parametrize("source", [5, None, [1]])
def test_what_is_neither_path_nor_dict_is_refused(source):
    assert refusal(source) == f"the configuration is {source!r}, expected a path or a dict"


# ------------------------------------------------------------------------------- overrides


def test_overrides_are_json_or_else_text(settings_of_a_session):
    config = SessionConfig.load(
        settings_of_a_session(),
        [
            "pipeline.processors=3",
            "session_name=other",
            'metadata.note="7"',
            "backtest_config.end_date=2025-01-31",
            "strategy.parameters.band=1.5",
            'session_data_config.symbols=["X"]',
            "metadata.formula=a=b",
        ],
    )
    assert config.pipeline.processors == 3
    assert config.session_name == "other"
    assert config.metadata == {"note": "7", "formula": "a=b"}
    assert config.backtest_config.end_date == date(2025, 1, 31)
    assert config.strategies[0].parameters == {"fast": 10, "band": 1.5}
    assert config.session_data_config.symbols == ("X",)


def test_overrides_reach_into_lists_and_leave_the_source_alone(settings_of_a_session):
    source = settings_of_a_session(strategy=[SMA, SMA])
    before = json.dumps(source)
    config = SessionConfig.load(source, ["strategy.1.parameters.fast=5"])
    assert [lane.parameters["fast"] for lane in config.strategies] == [10, 5]
    assert json.dumps(source) == before


def test_overrides_apply_to_a_config_too(settings_of_a_session):
    config = SessionConfig.load(settings_of_a_session())
    changed = SessionConfig.load(config, ["strategy.mode=interpreted"])
    assert changed.strategies[0].mode == "interpreted"
    assert config.strategies[0].mode == "compiled"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("mode", "override 'mode' is not of the form \"section.setting=value\""),
        ("a..b=1", "override 'a..b=1' is not of the form \"section.setting=value\""),
        ("mode.x=1", "mode.x cannot be set: mode is 'live', expected a section or a list"),
        (
            "strategy.mode=compiled",
            (
                "strategy.mode cannot be set: strategy is a list of 2, expected the number of an"
                " element, from 0, in place of 'mode'"
            ),
        ),
    ],
)
def test_an_override_that_leads_nowhere_is_refused(settings_of_a_session, override, message):
    settings = settings_of_a_session(mode="live", strategy=[SMA, SMA])
    assert refusal(settings, override) == message


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            {"execution.slippage": 0.1, "mode": "live"},
            (
                'overrides is a dict, expected a list of texts such as "execution.slippage=0.01"; '
                'write overrides=["execution.slippage=0.1", "mode=live"]'
            ),
        ),
        (
            [("execution.slippage", 0.1)],
            (
                "overrides has the element ('execution.slippage', 0.1), expected a list of texts"
                ' such as "execution.slippage=0.01"'
            ),
        ),
        (5, 'overrides is 5, expected a list of texts such as "execution.slippage=0.01"'),
        (None, 'overrides is None, expected a list of texts such as "execution.slippage=0.01"'),
    ],
)
def test_overrides_that_are_no_texts_are_refused(settings_of_a_session, overrides, message):
    with pytest.raises(ConfigError) as caught:
        SessionConfig.load(settings_of_a_session(), overrides)
    assert str(caught.value) == message


START, END, COST = (
    "backtest_config.start_date",
    "backtest_config.end_date",
    "execution.slippage",
)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            [f"{END}=2024-01-01", f"{START}=2024-01-05"],
            (
                f'--set {END}=2024-01-01: {END} is "2024-01-01", expected a date on or after'
                " start_date 2024-01-05"
            ),
        ),
        (
            [f"{COST}=-3", "session_name=other", f"{END}=2024-01-01"],
            f"--set {COST}=-3 --set {END}=2024-01-01: ",
        ),
        (["session_name=other", "mode=liv"], "--set mode=liv: mode is "),
        (["session_name=other", "mode"], "--set mode: override 'mode' is not of the form"),
    ],
)
def test_overrides_are_judged_all_together(settings_of_a_session, tmp_path, overrides, message):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(settings_of_a_session()), encoding="utf-8")
    assert refusal(path, *overrides).startswith(message)
    moved = SessionConfig.load(path, [f"{END}=2024-01-05", f"{START}=2024-01-02"])
    assert moved.backtest_config.end_date == date(2024, 1, 5)


def test_what_the_file_alone_has_wrong_is_the_files(settings_of_a_session, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(settings_of_a_session(mode="liv")), encoding="utf-8")
    assert refusal(path, "session_name=other").startswith(f"{path}: mode is ")
    assert refusal(path, "mode=live", f"{COST}=-3").startswith(f"--set {COST}=-3: {COST} is ")


@pytest.mark.parametrize("number", ["", "0."])
def test_the_only_element_of_a_list_needs_no_number(settings_of_a_session, number: str):
    settings = settings_of_a_session(strategy=[SMA])
    overrides = [f"strategy.{number}mode=interpreted", f"strategy.{number}parameters.fast=5"]
    (one,) = SessionConfig.load(settings, overrides).strategies
    assert (one.mode, one.parameters["fast"]) == ("interpreted", 5)

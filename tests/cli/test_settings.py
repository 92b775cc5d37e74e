"""`ringtape settings`: a setting is found by a word of its name or its meaning."""

import json

import pytest

from pipeline import SessionConfig
from pipeline.config.listing import sections_of


def test_a_word_of_the_name_comes_before_a_word_of_the_meaning(called):
    written = called("settings", "SLIPPAGE").out
    names = [line for line in written.splitlines() if line and not line.startswith(" ")]
    assert names[0] == "execution.slippage"
    assert "instruments.NAME.currency" in names
    assert names.index("execution.slippage_bps") < names.index("instruments.NAME.currency")
    assert "number, at least 0; default 0" in written


def test_all_words_must_be_there(called):
    document = json.loads(called("settings", "start", "date", "--json").out)
    assert document["settings"][0]["path"] == "backtest_config.start_date"
    assert document["settings"][0]["default"] == "required"


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("fee", "execution.commission_per_share"),
        ("Fees", "execution.commission_per_share"),
        ("capital", "trading_config.initial_cash"),
        ("timeframe", "session_data_config.streams"),
        ("cores", "pipeline.processors"),
    ],
)
def test_a_word_of_another_library_finds_ours(called, word: str, first: str):
    document = json.loads(called("settings", word, "--json").out)
    assert document["settings"][0]["path"] == first


def test_without_a_word_all_are_listed(called):
    sections = list(sections_of(SessionConfig.json_schema()))
    paths = [setting.path for section in sections for setting in section.settings]
    lines = called("settings").out.splitlines()
    assert [line.split()[0] for line in lines] == ["setting", *paths]
    assert len(set(paths)) == len(paths) > 50


@pytest.mark.parametrize(
    ("word", "said"),
    [("slipage_bps", "did you mean slippage_bps?"), ("zzz", "`ringtape settings` lists all")],
)
def test_a_word_that_no_setting_has_is_refused_with_the_nearest(called, word: str, said: str):
    ended = called("settings", word)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err

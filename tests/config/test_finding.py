"""Settings are found by words."""

from pipeline import SessionConfig
from pipeline.config.finding import WORDS, meant_by_words, named_by
from pipeline.config.listing import sections_of

EVERY = [one for section in sections_of(SessionConfig.json_schema()) for one in section.settings]


def test_the_word_itself_comes_before_ours_for_it():
    paths = [one.path for one in named_by(EVERY, ["Margin"])]
    assert paths[0] == "trading_config.maintenance_margin"
    assert "trading_config.leverage" not in paths[:1]
    assert [one.path for one in named_by(EVERY, ["capital"])] == ["trading_config.initial_cash"]


def test_every_word_of_ours_is_in_a_setting():
    for words in WORDS.values():
        for word in words:
            assert any(word in one.path for one in EVERY), word


def test_a_meaning_has_every_word():
    found = meant_by_words(EVERY, ["borrowed", "shares"])
    assert "trading_config.initial_cash" not in [one.path for one in found]
    assert all("borrowed" in one.meaning.casefold() for one in found)

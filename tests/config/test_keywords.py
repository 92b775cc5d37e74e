"""Settings as keywords: each by the name of its field."""

import json

import numpy as np
import pytest

from pipeline import SessionConfig
from pipeline.config.keywords import setting_paths, settings_of, with_settings
from pipeline.config.listing import sections_of
from pipeline.errors import ConfigError


def test_every_setting_of_a_section_has_its_name():
    paths = {path for some in setting_paths(sweep=True).values() for path in some}
    listed = {
        one.path
        for section in sections_of(SessionConfig.json_schema())
        for one in section.settings
        if one.path.count(".") < 2 and "NAME" not in one.path and "[" not in one.path
    }
    own = {"strategy", "mode", *(path for path in listed if path.startswith("strategy."))}
    assert paths == listed - own


def test_keywords_become_sections_field_by_field():
    found = settings_of(
        {
            "initial_cash": 5.0,
            "trading_config": {"leverage": 2.0},
            "exchange_group": "FX",
            "space": {"fast": range(5, 20, 5), "slow": np.array([1.5, 2.5])},
        },
        sweep=True,
    )
    assert found == {
        "trading_config": {"initial_cash": 5.0, "leverage": 2.0},
        "exchange_group": "FX",
        "sweep": {"space": {"fast": [5, 10, 15], "slow": [1.5, 2.5]}},
    }
    json.dumps(found)


def test_a_name_of_several_sections_is_refused_with_its_paths():
    with pytest.raises(ConfigError, match=r"seed may be backtest_config\.seed or sweep\.seed"):
        settings_of({"seed": 1}, sweep=True)
    assert settings_of({"seed": 1}, sweep=False) == {"backtest_config": {"seed": 1}}


@pytest.mark.parametrize("turned", [False, True])
def test_a_setting_that_is_given_twice_is_refused(turned: bool):
    pairs = [("slippage", 0.5), ("execution", {"slippage": 0.01})]
    with pytest.raises(ConfigError, match="slippage is given twice, as slippage= and in execution"):
        settings_of(dict(reversed(pairs) if turned else pairs), sweep=False)


def test_settings_take_the_place_of_others_and_leave_the_rest(settings_of_a_session):
    whole = SessionConfig(**settings_of_a_session())
    before = {"a": {"x": 1, "y": 2}, "b": 3, "pipeline": whole.pipeline}
    found = with_settings(before, {"a": {"y": 5}, "pipeline": {"engines": 2}, "c": {"z": 1}})
    assert found["a"] == {"x": 1, "y": 5}
    assert found["pipeline"]["engines"] == 2
    assert (found["b"], found["c"], before["a"]) == (3, {"z": 1}, {"x": 1, "y": 2})

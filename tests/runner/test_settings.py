"""How the configuration of a run or a sweep is loaded, and how a wrong one is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline import Result, run
from pipeline.errors import ConfigError, StrategyError
from pipeline.runner.settings import Asked, folder_of, load_settings
from pipeline.strategy.examples import SmaCross

SWEEP = {"space": {"fast": [1]}, "score": "sharp_ratio"}


@pytest.fixture
def wrong(settings_of_a_session) -> dict[str, Any]:
    settings: dict[str, Any] = settings_of_a_session(sweep=SWEEP)
    return settings


def test_a_wrong_score_is_refused_with_the_name_of_the_file_if_there_is_one(
    wrong: dict[str, Any], tmp_path: Path
):
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(wrong))
    with pytest.raises(ConfigError, match=r'^sweep\.score is "sharp_ratio", expected a figure'):
        load_settings(Asked(wrong))
    for given in (path, str(path)):
        with pytest.raises(ConfigError) as caught:
            load_settings(Asked(given))
        assert str(caught.value).startswith(f'{path}: sweep.score is "sharp_ratio", expected')


def test_overrides_apply_before_scores_are_checked(wrong: dict[str, Any]):
    settings = load_settings(Asked(wrong, overrides=["sweep.score=-volatility"]))
    assert settings.sweep is not None
    assert settings.sweep.score == ("-volatility",)


def test_given_strategies_take_the_place_of_the_configurations(settings_of_a_session):
    settings = load_settings(Asked(settings_of_a_session(), strategy=[SmaCross(fast=3), SmaCross]))
    assert [one.parameters.get("fast") for one in settings.strategies] == [3, None]
    with pytest.raises(
        StrategyError,
        match=r'must be a Strategy, its class, its name such as "mine.py:SmaCross", or a list',
    ):
        load_settings(Asked(settings_of_a_session(), strategy=[int]))  # type: ignore[list-item]


def test_mode_and_parameters_of_a_strategy_given_as_an_object_can_be_overridden(
    settings_of_a_session,
):
    overrides = ["strategy.mode=interpreted", "strategy.parameters.fast=5"]
    for given in (SmaCross, SmaCross(fast=3), [SmaCross]):
        asked = Asked(settings_of_a_session(), strategy=given, overrides=overrides)
        (one,) = load_settings(asked).strategies
        assert (one.mode, one.parameters["fast"]) == ("interpreted", 5)


def test_a_mode_takes_the_place_of_every_strategys_own(settings_of_a_session):
    for given in (None, SmaCross, [SmaCross, SmaCross(fast=3)]):
        asked = Asked(settings_of_a_session(), strategy=given, mode="interpreted")
        settings = load_settings(asked)
        assert {one.mode for one in settings.strategies} == {"interpreted"}
    with pytest.raises(ConfigError, match=r'strategy\.mode is "fast", expected one of "compiled"'):
        load_settings(Asked(settings_of_a_session(), mode="fast"))


def test_what_is_no_path_of_a_folder_is_refused_by_its_name():
    assert folder_of("out", Path("runs")) == folder_of("out", "runs") == Path("runs")
    for wrong in (None, 5):
        with pytest.raises(ConfigError, match=f"^out is {wrong}, expected the path of a folder$"):
            folder_of("out", wrong)


def test_runs_and_sweeps_take_only_paths_and_modes_that_there_are(settings_of_a_session):
    anything: Any = 5
    config = settings_of_a_session(sweep={"space": {"fast": [1]}})
    with pytest.raises(ConfigError, match="out is 5, expected the path of a folder"):
        run(config, out=anything)
    with pytest.raises(ConfigError, match="run is 5, expected the path of a folder"):
        Result.load(anything)
    with pytest.raises(ConfigError, match=r'mode is "inline".*; write inline=True'):
        run(config, mode="inline")

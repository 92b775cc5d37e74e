"""A wrong argument of `run` or `sweep` is told with what is meant."""

from typing import Any

import pytest

from pipeline import Strategy, run, sweep
from pipeline.errors import ConfigError
from tests.reference.traders import Crosser


def told(function: Any, **arguments: Any) -> str:
    with pytest.raises(TypeError) as caught:
        function("config.json", **arguments)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "paths", "way"),
    [
        (
            "cash",
            10,
            "trading_config.initial_cash or trading_config.interest_on_cash",
            "initial_cash=10",
        ),
        ("leverge", 2, "trading_config.leverage", "leverage=2"),
        ("date", "2024-01-02", "backtest_config.start_date", "start_date='2024-01-02'"),
        (
            "commision",
            0.1,
            " or ".join(f"execution.commission_{one}" for one in ("per_share", "bps", "maker_bps")),
            "commission_per_share=0.1",
        ),
    ],
)
def test_a_setting_is_named_with_how_it_is_given(name: str, value: Any, paths: str, way: str):
    text = told(run, **{name: value})
    assert text.startswith(f"run has no argument {name!r}; it ")
    assert f"the setting {paths}" in text
    assert text.endswith(f": write {way}")


@pytest.mark.parametrize(("function", "seed"), [(run, "backtest_config.seed"), (sweep, None)])
def test_keywords_are_settings_by_the_names_of_their_fields(function: Any, seed: str | None):
    """What follows is wrong in the file that is not there: the keywords were taken."""
    with pytest.raises(ConfigError, match=r"config\.json does not exist"):
        function("config.json", initial_cash=5, symbols=["A"], trading_config={"leverage": 2})
    if seed is None:
        with pytest.raises(ConfigError, match=r"seed may be backtest_config\.seed or sweep\.seed"):
            function({}, strategy=Crosser, seed=1)
    else:
        with pytest.raises(ConfigError, match="session_name"):
            function({}, strategy=Crosser, seed=1)


def test_a_setting_of_sweeps_is_none_of_a_run():
    assert told(run, space={"fast": [1]}) == (
        "run has no argument 'space'; it is a setting of sweeps: write sweep(..., "
        "space={'fast': [1]})"
    )


def test_an_option_of_an_import_needs_data():
    with pytest.raises(ConfigError, match=r"^tz says how data are read, but no data are given"):
        run("config.json", tz="UTC")


@pytest.mark.parametrize("function", [run, sweep])
def test_there_must_be_a_configuration_or_data(function: Any):
    with pytest.raises(ConfigError, match="neither a configuration nor data: give config"):
        function(strategy=Crosser)


def test_a_parameter_is_named_with_how_it_is_given():
    assert told(run, strategy=Crosser, fast=5) == (
        "run has no argument 'fast'; it is a parameter of the strategy: write "
        "strategy=Crosser(fast=5)"
    )


class Levered(Strategy):
    leverage: float = 1.0


def test_a_parameter_that_is_a_setting_too_is_told_to_be_both():
    assert told(run, strategy=Levered, leverage=2.0) == (
        "run has no argument 'leverage'; it is a parameter of the strategy: write "
        "strategy=Levered(leverage=2.0), and the setting trading_config.leverage, which overrides="
        " sets"
    )


@pytest.mark.parametrize("name", ["zzz", "verbose", "dat", "stategy", "override"])
def test_what_is_no_setting_is_told_with_all_arguments(name: str):
    assert "; expected run(config=, data=, strategy=, overrides=, " in told(run, **{name: 1})


def test_values_of_a_sweep_are_in_its_space():
    assert told(sweep, strategy=Crosser, fast=[1, 2]) == (
        "sweep has no argument 'fast'; the values of a parameter are in the space of a sweep: write"
        " space={'fast': [1, 2]}"
    )
    assert "write sweep(..., space={'fast': [1, 2]})" in told(run, strategy=Crosser, fast=[1, 2])


def test_arguments_without_a_name_are_told_with_those_that_there_are():
    wrong: Any = run
    with pytest.raises(TypeError, match="run takes 1 argument without a name, was given 2; exp"):
        wrong("config.json", Crosser)

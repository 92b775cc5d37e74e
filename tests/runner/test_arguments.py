"""A wrong argument of `run` or `sweep` is told with what is meant."""

from typing import Any

import pytest

from pipeline import run, sweep
from tests.reference.traders import Crosser


def told(function: Any, **arguments: Any) -> str:
    with pytest.raises(TypeError) as caught:
        function("config.json", **arguments)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "paths", "override"),
    [
        ("cash", 10, "trading_config.initial_cash or trading_config.interest_on_cash", "=10"),
        ("start_date", "2024-01-02", "backtest_config.start_date", "=2024-01-02"),
        ("symbols", ["A"], "session_data_config.symbols or strategy.symbols", '=["A"]'),
        ("interval", "5m", "session_data_config.streams", "=5m"),
        ("leverge", 2, "trading_config.leverage", "=2"),
        (
            "commision",
            0.1,
            " or ".join(f"execution.commission_{one}" for one in ("per_share", "bps", "maker_bps")),
            "=0.1",
        ),
    ],
)
def test_a_setting_is_named_with_how_it_is_given(name: str, value: Any, paths: str, override: str):
    be, first = "may be" if " or " in paths else "is", paths.split()[0]
    assert told(run, **{name: value}) == (
        f"run has no argument {name!r}; it {be} the setting {paths}: write "
        f"overrides=['{first}{override}']"
    )


def test_a_parameter_is_named_with_how_it_is_given():
    assert told(run, strategy=Crosser, fast=5) == (
        "run has no argument 'fast'; it is a parameter of the strategy: write "
        "strategy=Crosser(fast=5)"
    )


@pytest.mark.parametrize("name", ["zzz", "verbose", "data", "stategy", "override"])
def test_what_is_no_setting_is_told_with_all_arguments(name: str):
    assert "; expected run(config, strategy=, overrides=, " in told(run, **{name: 1})


def test_values_of_a_sweep_are_in_its_space():
    assert told(sweep, strategy=Crosser, fast=[1, 2]) == (
        "sweep has no argument 'fast'; the values of a parameter are in the space of a sweep: write"
        " overrides=['sweep.space.fast=[1, 2]']"
    )


def test_arguments_without_a_name_are_told_with_those_that_there_are():
    wrong: Any = run
    with pytest.raises(TypeError, match="run takes 1 argument without a name, was given 2; exp"):
        wrong("config.json", Crosser)
    with pytest.raises(TypeError, match=r"run is not given config; expected run\(config, strat"):
        wrong()

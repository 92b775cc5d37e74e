"""SessionConfig: what it accepts and fills in, the round trip, its documentation and examples."""

import json
import pickle
from datetime import UTC, date, datetime
from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.examples import example_path
from pipeline.config.session import SessionConfig, StrategyConfig
from pipeline.errors import ConfigError
from pipeline.market.catalog import sample
from tests.reference.own_process import python

SMA = {"name": "pipeline.strategy.examples:SmaCross", "parameters": {"fast": 10}}
EXAMPLES = [
    "bracket.json",
    "clock.json",
    "crypto.json",
    "demo.json",
    "equity_limits.json",
    "futures.json",
    "fx.json",
    "interpreted.toml",
    "many_lanes.json",
    "momentum.json",
    "pair_trade.json",
    "stress.json",
    "sweep.json",
    "sweep_tpe.json",
]


def test_a_path_with_nul_in_it_is_refused(settings_of_a_session):
    expected = r"^catalog is .*, expected a path without the character NUL"
    with pytest.raises(ConfigError, match=expected):
        SessionConfig.load(settings_of_a_session(catalog="cata\0log"))


def test_defaults_fill_what_is_not_given(settings_of_a_session):
    config = SessionConfig.load(settings_of_a_session())
    assert config.exchange_group == "US_EQUITY"
    assert config.mode == "backtest"
    assert config.backtest_config.start_date == date(2024, 10, 21)
    assert config.backtest_config.speed_multiplier == 0
    assert config.session_data_config.trading_hours == "regular"
    assert config.session_data_config.historical.enable_quality is True
    assert config.session_data_config.gap_filler.enable_session_quality is False
    assert config.trading_config.initial_cash == 100_000
    assert config.execution.fill == "next_open"
    assert config.pipeline.slot_rows is None
    assert config.pipeline.start_method == "forkserver"
    assert config.metadata == {}


def test_strategies_is_a_tuple_for_one_object_and_for_a_list(settings_of_a_session):
    one = SessionConfig.load(settings_of_a_session())
    many = SessionConfig.load(settings_of_a_session(strategy=[SMA, {"name": "my/own.py:Mine"}]))
    assert [lane.name for lane in one.strategies] == [SMA["name"]]
    assert [lane.name for lane in many.strategies] == [SMA["name"], "my/own.py:Mine"]
    assert isinstance(many.strategies, tuple)


def test_a_strategy_given_to_load_replaces_the_section(settings_of_a_session):
    without = settings_of_a_session()
    del without["strategy"]
    config = SessionConfig.load(
        without, ["strategy.parameters.fast=7"], strategy={"name": "__main__:Mine"}
    )
    assert config.strategies == (StrategyConfig(name="__main__:Mine", parameters={"fast": 7}),)


def test_whole_numbers_are_numbers_and_types_of_parameters_are_kept(settings_of_a_session):
    parameters = {"a": 1, "b": 1.0, "c": True, "d": "1"}
    config = SessionConfig.load(
        settings_of_a_session(
            trading_config={"initial_cash": 5000},
            strategy={"name": "a:B", "parameters": parameters},
        )
    )
    assert config.trading_config.initial_cash == 5000.0
    read = SessionConfig.load(json.loads(config.dump())).strategies[0].parameters
    assert {name: type(value) for name, value in read.items()} == {
        "a": int,
        "b": float,
        "c": bool,
        "d": str,
    }


def test_python_values_are_accepted_where_they_mean_the_same(settings_of_a_session):
    config = SessionConfig.load(
        settings_of_a_session(
            backtest_config={"start_date": date(2024, 1, 2), "end_date": date(2024, 1, 2)},
            session_data_config={"symbols": ("AAA",)},
            strategy={"name": "a:B", "parameters": {"fast": np.int64(3), "x": np.float64(0.5)}},
            catalog=Path("some") / "where",
        )
    )
    assert config.strategies[0].parameters == {"fast": 3, "x": 0.5}
    assert type(config.strategies[0].parameters["fast"]) is int
    assert config.catalog == str(Path("some/where"))
    assert SessionConfig.load(json.loads(config.dump())) == config


@pytest.mark.parametrize(
    "day",
    [datetime(2024, 1, 2, tzinfo=UTC), pd.Timestamp("2024-01-02"), np.datetime64("2024-01-02")],
    ids=["datetime", "pandas", "numpy"],
)
def test_midnight_is_a_date_in_every_librarys_words(settings_of_a_session, day: object):
    dates = {"start_date": day, "end_date": day}
    config = SessionConfig.load(settings_of_a_session(backtest_config=dates))
    assert config.backtest_config.start_date == config.backtest_config.end_date == date(2024, 1, 2)
    assert type(config.backtest_config.start_date) is date


def test_an_instant_is_no_date(settings_of_a_session):
    dates = {"start_date": pd.Timestamp("2024-01-02 09:30"), "end_date": date(2024, 1, 3)}
    with pytest.raises(ConfigError, match="expected a date without a time of day"):
        SessionConfig.load(settings_of_a_session(backtest_config=dates))


def test_names_of_python_may_have_letters_of_any_alphabet(settings_of_a_session):
    strategy = {"name": "loopy.py:ÄStrategie", "parameters": {"größe": 2}}
    config = SessionConfig.load(settings_of_a_session(strategy=strategy))
    assert config.strategies[0].name == "loopy.py:ÄStrategie"


def test_a_wrong_override_is_blamed_and_not_the_file(settings_of_a_session, tmp_path: Path):
    path = tmp_path / "c.json"
    path.write_text(json.dumps(settings_of_a_session()))
    overrides = ["pipeline.slots=2", "execution.slipage=3", "mode=none"]
    with pytest.raises(ConfigError) as caught:
        SessionConfig.load(path, overrides)
    assert str(caught.value).startswith("--set execution.slipage=3 --set mode=none: mode is ")
    path.write_text(json.dumps(settings_of_a_session(mode="none")))
    with pytest.raises(ConfigError) as caught:
        SessionConfig.load(path, overrides)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_day_can_be_derived_from_any_interval(settings_of_a_session):
    config = SessionConfig.load(
        settings_of_a_session(), ['session_data_config.streams=["7m","14m","1d"]']
    )
    assert config.session_data_config.streams == ("7m", "14m", "1d")


def test_a_config_cannot_be_changed(settings_of_a_session):
    config = SessionConfig.load(settings_of_a_session())
    with pytest.raises(ValueError, match="frozen"):
        config.mode = "live"
    with pytest.raises(ValueError, match="frozen"):
        config.pipeline.processors = 2


def test_a_config_survives_pickling(settings_of_a_session):
    config = SessionConfig.load(settings_of_a_session())
    assert pickle.loads(pickle.dumps(config)) == config


# ------------------------------------------------------------------------------ round trip

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
amounts = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
lanes = st.fixed_dictionaries(
    {"name": st.builds("{}:{}".format, names | st.just("my dir/s.py"), names)},
    optional={
        "parameters": st.dictionaries(
            names,
            st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.booleans()
            | st.text(),
            max_size=4,
        ),
        "mode": st.sampled_from(["compiled", "interpreted"]),
    },
)
periods = st.tuples(st.dates(), st.dates()).map(sorted)
valid_settings = st.fixed_dictionaries(
    {
        "session_name": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
        "backtest_config": st.builds(
            lambda period, rest: {
                "start_date": period[0].isoformat(),
                "end_date": period[1].isoformat(),
                **rest,
            },
            periods,
            st.fixed_dictionaries(
                {}, optional={"speed_multiplier": amounts, "prefetch_days": st.integers(0, 60)}
            ),
        ),
        "session_data_config": st.fixed_dictionaries(
            {"symbols": st.lists(names, min_size=1, max_size=5, unique=True)},
            optional={
                "streams": st.sampled_from([["1m"], ["1s", "5s", "1m"], ["1h", "4h", "1d"]]),
                "trading_hours": st.sampled_from(["regular", "extended"]),
                "gap_filler": st.fixed_dictionaries({"enable_session_quality": st.booleans()}),
            },
        ),
        "strategy": lanes | st.lists(lanes, min_size=1, max_size=3),
        "catalog": st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    },
    optional={
        "mode": st.sampled_from(["backtest", "live"]),
        "trading_config": st.fixed_dictionaries({"initial_cash": amounts.filter(bool)}),
        "execution": st.fixed_dictionaries({"commission_bps": amounts}),
        "pipeline": st.fixed_dictionaries(
            {"processors": st.integers(1, 64), "slot_rows": st.none() | st.integers(1, 10**6)}
        ),
        "benchmark": st.none() | names,
        "metadata": st.dictionaries(st.text(), st.text(), max_size=3),
    },
)


@given(valid_settings)
def test_what_is_dumped_is_what_is_loaded(source):
    config = SessionConfig.load(source)
    dumped = config.dump()
    again = SessionConfig.load(json.loads(dumped))
    assert again == config
    assert again.dump() == dumped
    assert SessionConfig.load(config) == config
    assert SessionConfig.load(json.loads(json.dumps(source))) == config


# ------------------------------------------------------------------- documentation, examples


def documented(schema, node, path=""):
    """Walk every setting of the schema with its dotted name."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    for branch in node.get("oneOf", []):
        yield from documented(schema, branch, path)
    for name, below in node.get("properties", {}).items():
        yield f"{path}{name}", below
        yield from documented(schema, below, f"{path}{name}.")


def test_every_setting_is_documented_in_the_schema():
    schema = SessionConfig.json_schema()
    found = dict(documented(schema, schema))
    assert {"pipeline.slot_rows", "strategy.parameters", "backtest_config.end_date"} <= found.keys()
    for path, node in found.items():
        # Where it equals the section's own description, the reference stands for it.
        assert node.get("description") or "$ref" in node, path
        if "default" in node and "$ref" not in node:
            assert "Default " in node["description"], path
    json.dumps(schema)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_valid(name):
    config = SessionConfig.load(example_path(name))
    assert config.session_name == Path(name).stem


def test_every_example_is_tested():
    folder = example_path("demo.json").parent
    assert sorted(path.name for path in folder.iterdir() if path.suffix != ".md") == EXAMPLES


def test_the_interpreted_example_is_the_demo_but_for_its_mode():
    demo = SessionConfig.load(example_path("demo.json"))
    other = SessionConfig.load(
        example_path("interpreted.toml"), ["session_name=demo", "strategy.mode=compiled"]
    )
    assert other == demo


def test_an_example_that_does_not_exist_is_refused_with_those_that_do():
    message = r"^demo is not an example; there are bracket\.json, clock\.json, crypto\.json, "
    with pytest.raises(ConfigError, match=message):
        example_path("demo")


def test_the_demo_replays_the_whole_sample_market():
    demo = SessionConfig.load(example_path("demo.json"))
    period = (
        demo.backtest_config.start_date.isoformat(),
        demo.backtest_config.end_date.isoformat(),
    )
    assert period == (sample.FIRST_DATE, sample.LAST_DATE)
    assert demo.session_data_config.symbols == sample.SYMBOLS
    assert demo.session_data_config.streams[0] == sample.INTERVAL


def test_a_lanes_universe_is_of_the_runs_symbols(settings_of_a_session):
    settings = settings_of_a_session()
    settings["strategy"] = {**SMA, "symbols": ["ALFX"]}
    with pytest.raises(ConfigError, match=r'strategy\.symbols.*"ALFX".*one of the symbols'):
        SessionConfig.load(settings)


#: The settings that hold paths, loaded where the system's separator is a backslash.
ON_WINDOWS = r"""
import json, os, sys
import pydantic

os.sep = "\\"
from pipeline.config import values
os.sep = "/"
from pipeline.config.session import SessionConfig

loaded = SessionConfig.load(json.loads(sys.argv[1]))
print(loaded.catalog, loaded.strategies[0].name, loaded.execution.commission)
"""


def test_paths_of_windows_are_kept_with_slashes(settings_of_a_session):
    strategy = {"name": r"C:\mine\s.py:S"}
    own = {"commission": r"..\costs.py:own"}
    given = settings_of_a_session(strategy=strategy, execution=own, catalog=r"\\host\data")
    done = python("-c", ON_WINDOWS, json.dumps(given))
    assert done.stdout.split() == ["//host/data", "C:/mine/s.py:S", "../costs.py:own"]
    config = SessionConfig.load(settings_of_a_session(catalog=PureWindowsPath(r"C:\my\data")))
    assert config.catalog == "C:/my/data"

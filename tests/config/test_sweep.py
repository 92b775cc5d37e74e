"""The section on a sweep: what it accepts and fills in, what is refused, and in which words."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import run
from pipeline.config import sweep as config_sweep
from pipeline.config.session import SessionConfig
from pipeline.config.sweep import OPTUNA_METHODS, RangeConfig
from pipeline.market.catalog.sample import SYMBOLS
from tests.reference.processes import settings_of
from tests.refusals import refusal

SMA = {"name": "pipeline.strategy.examples:SmaCross", "parameters": {"fast": 10}}
SWEEP = {
    "space": {"fast": [5, 10], "slow": {"from": 20, "to": 60, "step": 5}},
    "constraints": ["fast < slow"],
}


@pytest.fixture
def settings(settings_of_a_session):
    return settings_of_a_session(sweep=SWEEP)


def test_a_session_has_no_sweep_unless_it_says_so(settings_of_a_session):
    assert SessionConfig.load(settings_of_a_session()).sweep is None


def test_defaults_fill_what_is_not_given(settings):
    sweep = SessionConfig.load(settings).sweep
    assert sweep.space == {
        "fast": (5, 10),
        "slow": RangeConfig(**{"from": 20, "to": 60, "step": 5}),
    }
    assert sweep.spaces == (sweep.space,)
    assert (sweep.method, sweep.samples, sweep.batch, sweep.seed) == ("grid", None, 64, 0)
    assert (sweep.score, sweep.best) == (("sharpe_ratio",), 5)
    assert sweep.universes == {}
    assert (sweep.pruning, sweep.lane_seconds, sweep.memory) == (None, None, None)
    assert sweep.lanes_per_pass is None


def test_halving_has_defaults_of_its_own(settings):
    pruning = SessionConfig.load(settings, ["sweep.pruning={}"]).sweep.pruning
    assert (pruning.score, pruning.keep, pruning.rungs) == ("total_return", 0.5, 3)


def test_one_score_is_a_list_of_one(settings):
    one = SessionConfig.load(settings, ["sweep.score=-max_drawdown"])
    assert one.sweep.score == ("-max_drawdown",)
    assert SessionConfig.load(settings, ['sweep.score=["-max_drawdown"]']) == one


def test_each_strategy_may_have_a_space(settings_of_a_session):
    spaces = [{"fast": [1]}, {}]
    config = SessionConfig.load(settings_of_a_session(strategy=[SMA, SMA], sweep={"space": spaces}))
    assert config.sweep.spaces == ({"fast": (1,)}, {})


ranges = st.builds(
    lambda start, width, rest: {"from": start, "to": start + width, **rest},
    st.integers(1, 99) | st.floats(0.5, 99),
    st.integers(0, 99),
    st.fixed_dictionaries({}, optional={"step": st.integers(1, 9)})
    | st.fixed_dictionaries({}, optional={"count": st.integers(2, 9), "log": st.booleans()}),
)
values = st.lists(st.integers() | st.booleans() | st.text(), min_size=1, max_size=3)
sweeps = st.fixed_dictionaries(
    {"space": st.dictionaries(st.sampled_from(["a", "b"]), values | ranges, min_size=1)},
    optional={
        "constraints": st.lists(st.text(), max_size=2),
        "universes": st.just({"one": ["AAA"], "all": ["BBB", "AAA"]}),
        "score": st.sampled_from(["total_return", ["exposure", "-max_drawdown"]]),
        "seed": st.integers(0, 2**32 - 1),
        "best": st.integers(0, 9),
        "pruning": st.none() | st.just({"score": "-volatility", "keep": 0.25, "rungs": 1}),
        "memory": st.none() | st.floats(0.5, 8),
        "lane_seconds": st.none() | st.floats(0.5, 8),
        "lanes_per_pass": st.none() | st.integers(1, 9),
    },
)


@given(sweeps)
def test_what_is_dumped_is_what_is_loaded(settings_of_a_session, sweep):
    config = SessionConfig.load(settings_of_a_session(sweep=sweep))
    assert SessionConfig.load(json.loads(config.dump())) == config
    assert SessionConfig.load(config) == config


@pytest.mark.parametrize("method", ["random", "latin_hypercube", "sobol", *OPTUNA_METHODS])
def test_every_method_but_the_grid_needs_a_number_of_samples(settings, method):
    assert SessionConfig.load(settings, [f"sweep.method={method}", "sweep.samples=7"]).sweep
    assert refusal(settings, f"sweep.method={method}") == (
        f"sweep.samples is null, expected a whole number of at least 1 for method {method}"
    )


def test_optunas_methods_name_the_extra_to_install_where_it_is_missing(settings, monkeypatch):
    monkeypatch.setattr(
        config_sweep, "find_spec", lambda name: None if name == "optuna" else find_spec(name)
    )
    assert refusal(settings, "sweep.method=tpe", "sweep.samples=7") == (
        'sweep.method is "tpe", expected grid, random, latin_hypercube or sobol without Optuna,'
        " which is missing; install it with: pip install 'optuna>=4.2'"
    )
    assert SessionConfig.load(settings, ["sweep.method=sobol", "sweep.samples=7"]).sweep


RANGE = "a section with from, to, step, count, log"
VALUE = "a finite number or true or false or text in quotes"
VALUES = f"a list of at least 1, each {VALUE}"
EACH = "an object for each of the 1 strategies, or one for all"
TEXTS = "text in quotes or a list of at least 1, each text in quotes"


SPACE_OF_3 = "; write [3], in a shell --set 'sweep.space.fast=[3]'"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "sweep.space.fast=3",
            f"sweep.space.fast is 3, expected {RANGE}, or {VALUES}{SPACE_OF_3}",
        ),
        ("sweep.space.fast=[]", f"sweep.space.fast is [], expected {RANGE}, or {VALUES}"),
        (
            "sweep.space.fast=[null]",
            f"sweep.space.fast.0 is null, expected {VALUE}",
        ),
        (
            'sweep.space={"a-b":[3]}',
            'sweep.space.a-b is "a-b", expected the name of a parameter: a Python name',
        ),
        (
            "sweep.space=[{},{}]",
            f"sweep.space is [{{}}, {{}}], expected {EACH}",
        ),
        (
            'sweep.space.slow={"from":3}',
            "sweep.space.slow.to is missing, expected a finite number",
        ),
        (
            'sweep.space.slow={"from":3,"to":2}',
            "sweep.space.slow.to is 2, expected at least from 3",
        ),
        (
            'sweep.space.slow={"from":3,"to":9,"stp":2}',
            "sweep.space.slow.stp is not a setting; did you mean sweep.space.slow.step?",
        ),
        (
            'sweep.space.slow={"from":3,"to":9,"step":0}',
            "sweep.space.slow.step is 0, expected a finite number above 0 or null",
        ),
        (
            'sweep.space.slow={"from":3,"to":9,"step":2,"count":3}',
            "sweep.space.slow.step is 2, expected not to be set beside count",
        ),
        (
            'sweep.space.slow={"from":3,"to":9,"step":2,"log":true}',
            "sweep.space.slow.step is 2, expected not to be set beside log",
        ),
        (
            'sweep.space.slow={"from":0,"to":9,"log":true}',
            "sweep.space.slow.from is 0, expected a number above 0 beside log",
        ),
        ("sweep.samples=3", "sweep.samples is 3, expected null for method grid"),
        ("sweep.scre=x", "sweep.scre is not a setting; did you mean sweep.score?"),
        ("samples=3", "samples is not a setting; did you mean sweep.samples?"),
        (
            'sweep.score=["calmar_ratio","-calmar_ratio"]',
            'sweep.score is ["calmar_ratio", "-calmar_ratio"], expected each figure once',
        ),
        (
            "sweep.score=[]",
            f"sweep.score is [], expected {TEXTS}",
        ),
        (
            'sweep.pruning={"keep":1}',
            "sweep.pruning.keep is 1, expected a finite number above 0 and below 1",
        ),
        (
            "sweep.pruning=4",
            "sweep.pruning is 4, expected a section with score, keep, rungs or null",
        ),
        (
            'sweep.universes={"a":["AAA","ZZZ"]}',
            'sweep.universes.a is "ZZZ", expected symbols out of AAA, BBB',
        ),
        ('sweep.universes={"a":[]}', "sweep.universes.a is [], expected at least one symbol"),
        (
            'sweep.universes={"":["AAA"]}',
            'sweep.universes is "", expected a name that is not empty',
        ),
        ("sweep.memory=0", "sweep.memory is 0, expected a finite number above 0 or null"),
        ("sweep.seed=-1", "sweep.seed is -1, expected a whole number from 0 to 4294967295"),
    ],
)
def test_what_is_refused(settings, override, message):
    assert refusal(settings, override) == message


def documented(schema, node, path=""):
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    for name, below in node.get("properties", {}).items():
        yield f"{path}{name}", below
        for choice in (below, *below.get("anyOf", ())):
            yield from documented(schema, choice, f"{path}{name}.")


def test_every_setting_is_documented_in_the_schema():
    schema = SessionConfig.json_schema()
    settings = [
        one
        for section in ("SweepConfig", "RangeConfig")
        for one in documented(schema, schema["$defs"][section])
    ]
    assert {"pruning.keep", "from", "batch"} <= dict(settings).keys()
    for name, node in settings:
        assert node.get("description"), name
        if "default" in node:
            assert "Default " in node["description"], name


def test_a_run_takes_no_notice_of_a_sweep(sample: Path, tmp_path: Path):
    config = settings_of("US_EQUITY", "2024-11-25", "2024-11-26", [SYMBOLS[0]], ["1m"], sample)
    config["strategy"] = SMA
    alone = run(config, out=tmp_path)
    assert run({**config, "sweep": SWEEP}, out=tmp_path).digest == alone.digest

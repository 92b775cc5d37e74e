"""Optuna's searches: what they choose, that they learn, and that a kill changes nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.sweep import OPTUNA_METHODS
from pipeline.errors import ConfigError
from tests.reference.own_process import environment
from tests.sweeps.swept import (
    Crossing,
    Single,
    any_spaces,
    constraints,
    fulfils,
    of_range,
    search_of,
    universes,
)

DEFAULTS = {"fast": 10, "slow": 30, "stop": 0.5, "short": False, "leader": "AAA"}
WIDE = {
    "space": {
        "fast": of_range(1, 60),
        "slow": of_range(2, 500, log=True),
        "stop": of_range(0.01, 10, log=True),
        "leader": ["AAA", "BBB", "CCC"],
    },
    "constraints": ["fast < slow"],
    "universes": {"one": ["AAA"], "all": ["AAA", "BBB"]},
    "method": "tpe",
    "samples": 32,
    "batch": 8,
}


def score(one):
    """Judge a set: best where fast is 20 and stop is 1, and only with BBB."""
    values = one.parameters
    distance = abs(values.get("fast", 99) - 20) / 60 + abs(values.get("stop", 9.0) - 1) / 10
    return -distance - (values.get("leader") != "BBB")


def scores(batch, objectives=1, failing=False):
    return [
        (one, None if failing and hash_of(one) % 5 == 0 else (score(one), 1.0)[:objectives])
        for one in batch
    ]


def hash_of(one):
    return int(one.parameters.get("fast", 0)) + len(one.universe)


def run(search, batch=8, **scoring):
    found = []
    while sets := search.ask(batch):
        found += sets
        search.tell(scores(sets, **scoring))
    return found


@pytest.mark.parametrize("method", OPTUNA_METHODS)
@pytest.mark.parametrize("objectives", [1, 2])
@settings(max_examples=5)
@given(any_spaces, universes, constraints, st.integers(1, 25))
def test_every_set_is_allowed_and_is_chosen_once(method, objectives, space, where, texts, samples):
    configuration = {"space": space, "universes": where, "constraints": texts}
    configuration |= {"method": method, "samples": samples}
    configuration["score"] = ["sharpe_ratio", "-max_drawdown"][:objectives]
    try:
        search = search_of(configuration)
    except ConfigError as error:
        assert "sweep.constraints" in str(error)  # noqa: PT017 - what the error must be about
        return
    found = run(search, objectives=objectives, failing=True)
    assert len(found) == search.total
    assert len(set(found)) == len(found)
    for one in found:
        assert one.parameters.keys() == space.keys()
        assert one.universe in (where or [""])
        assert fulfils(one, texts, DEFAULTS)


@pytest.mark.parametrize("method", OPTUNA_METHODS)
def test_equal_seeds_give_equal_sets_and_others_do_not(method):
    wide = {**WIDE, "method": method, "samples": 24}
    first = run(search_of(wide))
    assert run(search_of(wide)) == first
    assert run(search_of({**wide, "seed": 1})) != first


def test_what_is_chosen_last_is_better_than_what_is_chosen_first():
    found = [score(one) for one in run(search_of({**WIDE, "samples": 80}))]
    assert sum(found[-20:]) / 20 > sum(found[:20]) / 20 + 0.3


def test_a_minus_before_a_figure_means_that_less_is_better():
    space = {"stop": of_range(0, 1)}
    for figure, better in (("total_return", 1), ("-volatility", -1)):
        search = search_of(
            {"space": space, "method": "tpe", "samples": 60, "batch": 10, "score": figure}
        )
        found = []
        while sets := search.ask(10):
            found += [one.parameters["stop"] for one in sets]
            search.tell([(one, (one.parameters["stop"],)) for one in sets])
        assert better * sum(found[-20:]) > better * sum(found[:20])


@pytest.mark.parametrize("method", OPTUNA_METHODS)
def test_several_strategies_are_searched_at_once(method):
    configuration = {
        "space": [{"fast": of_range(1, 60)}, {"level": of_range(0.0, 1.0)}],
        "method": method,
        "samples": 30,
    }
    found = run(search_of(configuration, Crossing, Single))
    assert {one.strategy for one in found} == {0, 1}
    for one in found:
        assert list(one.parameters) == (["fast"], ["level"])[one.strategy]


@pytest.mark.parametrize("method", OPTUNA_METHODS)
def test_a_small_space_is_exhausted_and_no_further(method):
    configuration = {"space": {"fast": of_range(1, 6), "slow": of_range(1, 6)}}
    configuration |= {"constraints": ["fast < slow"], "method": method, "samples": 100}
    search = search_of(configuration)
    assert search.total == 15
    assert len(set(run(search))) == 15


def test_sets_that_are_rarely_allowed_are_found():
    configuration = {
        "space": {"fast": of_range(1, 2000), "slow": of_range(1, 2000)},
        "constraints": ["slow == fast + 1"],
        "method": "tpe",
        "samples": 4,
    }
    assert len(run(search_of(configuration))) == 4


def test_constraints_that_exclude_everything_are_refused():
    with pytest.raises(ConfigError, match=r"^sweep\.constraints exclude all of the 2 sets: fast >"):
        search_of(
            {"space": {"fast": [1, 2]}, "constraints": ["fast > 9"], "method": "tpe", "samples": 9}
        )


def test_an_undefined_or_infinite_score_stops_nothing():
    for figures in (["sharpe_ratio"], ["sharpe_ratio", "-max_drawdown"]):
        search = search_of({**WIDE, "samples": 40, "score": figures})
        odd = [float("nan"), float("inf"), float("-inf"), 1.0, 0.0]
        found = []
        while sets := search.ask(8):
            found += sets
            search.tell(
                [(one, (odd[number % 5], 0.5)[: len(figures)]) for number, one in enumerate(sets)]
            )
        assert len(set(found)) == 40


def test_a_set_that_was_not_asked_for_cannot_be_told():
    search = search_of(WIDE)
    (one, *_) = search.ask(2)
    search.tell([(one, (1.0,))])
    with pytest.raises(ValueError, match="expected one that was asked for and not told"):
        search.tell([(one, (1.0,))])


# ----------------------------------------------------------------------------- going on


@pytest.mark.parametrize("method", OPTUNA_METHODS)
def test_a_search_goes_on_where_its_storage_ends(method, tmp_path: Path):
    wide = {**WIDE, "method": method, "samples": 32}
    undisturbed = run(search_of(wide))
    file = tmp_path / "odd {name}?#%20 x.sqlite"
    search = search_of(wide, storage=file)
    for _ in range(2):
        search.tell(scores(search.ask(8)))
    assert run(search_of(wide, storage=file)) == undisturbed
    # An ended search hands out what it chose, whatever is told of it this time.
    assert run(search_of(wide, storage=file), failing=True) == undisturbed


def test_a_batch_of_which_a_part_was_told_is_handed_out_as_it_was(tmp_path: Path):
    undisturbed = run(search_of(WIDE))
    file = tmp_path / "o.sqlite"
    search = search_of(WIDE, storage=file)
    first = search.ask(8)
    search.tell(scores(first))
    second = search.ask(8)
    search.tell(scores(second[:3]))
    search = search_of(WIDE, storage=file)
    assert [search.ask(8), search.ask(8)] == [first, second]
    search.tell(scores(second))
    with pytest.raises(ValueError, match="expected one that was asked for and not told"):
        search.tell(scores(second))
    assert first + second + run(search) == undisturbed


def test_more_samples_go_on_with_an_ended_search(tmp_path: Path):
    file = tmp_path / "o.sqlite"
    first = run(search_of({**WIDE, "samples": 16}, storage=file))
    more = run(search_of({**WIDE, "samples": 24}, storage=file))
    assert more == run(search_of({**WIDE, "samples": 24}))
    assert more[:16] == first == run(search_of({**WIDE, "samples": 16}, storage=file))


@pytest.mark.parametrize("change", [{"seed": 4}, {"score": "-volatility"}, {"constraints": []}])
def test_the_storage_of_another_sweep_is_refused(change, tmp_path: Path):
    file = tmp_path / "o.sqlite"
    search_of(WIDE, storage=file)
    with pytest.raises(ConfigError, match=r"o\.sqlite holds the search of a sweep with other"):
        search_of({**WIDE, **change}, storage=file)


def test_a_file_that_is_no_storage_is_refused(tmp_path: Path):
    file = tmp_path / "o.sqlite"
    file.write_bytes(b"something else" * 100)
    with pytest.raises(ConfigError, match=r"o\.sqlite cannot be used as a storage of Optuna: "):
        search_of(WIDE, storage=file)
    assert file.read_bytes() == b"something else" * 100


VICTIM = """
import json, sys
from pathlib import Path
from tests.sweeps.swept import search_of
from tests.sweeps.search.test_optuna_search import scores
search = search_of(json.loads(sys.argv[1]), storage=Path(sys.argv[2]))
print("open", flush=True)
while sets := search.ask(8):
    print("asked", flush=True)
    for one in sets:
        search.tell(scores([one]))
        print("told", flush=True)
"""


@pytest.mark.parametrize("lines", [1, 2, 5, 10, 13])
def test_a_killed_search_chooses_what_it_would_have_chosen(lines, tmp_path: Path):
    file = tmp_path / "o.sqlite"
    arguments = [sys.executable, "-c", VICTIM, json.dumps(WIDE), str(file)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment()) as victim:
        assert victim.stdout is not None
        for _ in range(lines):
            assert victim.stdout.readline()
        victim.kill()
    assert run(search_of(WIDE, storage=file)) == run(search_of(WIDE))

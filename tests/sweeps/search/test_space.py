"""Spaces: what a configuration makes of ranges and lists, and what is refused."""

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given

from pipeline.errors import ConfigError, StrategyError
from pipeline.sweeps.search.space import Axis, ParameterSet
from tests.sweeps.swept import Crossing, Single, any_spaces, of_range, space_of, universes


def values_of(name, setting):
    """Give the values that one setting makes a dimension of."""
    (branch,) = space_of({"space": {name: setting}}).branches
    return list(branch.dimensions[1].values)


@pytest.mark.parametrize(
    ("name", "setting", "expected"),
    [
        ("fast", [20, 5], [20, 5]),
        ("fast", of_range(3, 6), [3, 4, 5, 6]),
        ("fast", of_range(20, 35, step=5), [20, 25, 30, 35]),
        ("fast", of_range(20, 34, step=5), [20, 25, 30]),
        ("fast", of_range(7, 7), [7]),
        ("fast", of_range(1, 10, count=4), [1, 4, 7, 10]),
        ("fast", of_range(1, 3, count=9), [1, 2, 3]),
        ("fast", of_range(1, 1000, count=4, log=True), [1, 10, 100, 1000]),
        ("fast", of_range(2, 5, log=True), [2, 3, 4, 5]),
        ("stop", [1, 0.5], [1.0, 0.5]),
        ("stop", of_range(0.1, 0.5, step=0.1), [0.1, 0.2, 0.3, 0.4, 0.5]),
        ("stop", of_range(0, 1, step=0.3), [0.0, 0.3, 0.6, 0.9]),
        ("stop", of_range(0, 0.3, count=4), [0.0, 0.1, 0.2, 0.3]),
        ("stop", of_range(0.001, 0.1, count=3, log=True), [0.001, 0.01, 0.1]),
        ("stop", of_range(2, 2), [2.0]),
        ("short", [True, False], [True, False]),
        ("leader", ["CCC", "AAA"], ["CCC", "AAA"]),
    ],
)
def test_a_setting_makes_these_values(name, setting, expected):
    found = values_of(name, setting)
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


def test_both_ends_of_a_logarithmic_range_are_exact():
    found = values_of("stop", of_range(0.3, 7.7, count=11, log=True))
    assert (found[0], found[-1]) == (0.3, 7.7)
    assert np.allclose(np.diff(np.log(found)), np.log(7.7 / 0.3) / 10)


def test_a_range_of_real_numbers_without_steps_is_a_continuum():
    space = space_of({"space": {"stop": of_range(1, 3), "fast": [1, 2]}})
    assert space.size is None
    (branch,) = space.branches
    edges = branch.at(np.array([[0.0, 0.0], [np.nextafter(1, 0), 0.5]]))
    first, last = branch.sets(edges)
    assert first.parameters == {"stop": 1.0, "fast": 1}
    assert last.parameters["stop"] == pytest.approx(3.0)
    assert last.parameters["fast"] == 2


def test_whole_numbers_by_logarithm_are_as_likely_as_their_width_on_it():
    (branch,) = space_of({"space": {"fast": of_range(1, 99, log=True)}}).branches
    unit = (np.arange(100_000) + 0.5)[:, None] / 100_000
    found = np.bincount(branch.at(unit)[1], minlength=99) / 100_000
    expected = np.diff(np.log(np.arange(1, 101))) / np.log(100)
    assert np.allclose(found, expected, atol=2e-5)


def test_the_size_counts_candidates_of_all_strategies_and_universes():
    settings = {
        "space": [{"fast": [1, 2], "short": [True, False]}, {"level": of_range(0, 1, step=0.5)}],
        "universes": {"a": ["AAA"], "b": ["BBB"]},
        "constraints": ["fast < slow"],
    }
    space = space_of(settings, Crossing, Single)
    assert space.size == 2 * 2 * 2 + 2 * 3
    assert space.dimensions == (
        Axis("strategy", "strategy"),
        Axis("universe", "universe"),
        Axis("fast", "int"),
        Axis("short", "bool"),
        Axis("level", "float"),
    )


def test_the_grid_is_numbered_as_nested_loops_go():
    settings = {
        "space": {"fast": [3, 1], "short": [False, True]},
        "universes": {"a": ["AAA"], "b": ["BBB"]},
    }
    (branch,) = space_of(settings).branches
    found = branch.sets(branch.grid(np.arange(branch.size)))
    assert found == [
        ParameterSet(0, universe, {"fast": fast, "short": short})
        for universe, fast, short in itertools.product("ab", [3, 1], [False, True])
    ]
    assert branch.numbers(branch.grid(np.arange(8))).tolist() == list(range(8))


@given(any_spaces, universes)
def test_every_point_of_the_unit_cube_is_a_set_of_the_space(space, where):
    (branch,) = space_of({"space": space, "universes": where}).branches
    unit = np.random.default_rng(0).random((20, branch.free))
    unit[0], unit[1] = 0.0, np.nextafter(1, 0)
    for one in branch.sets(branch.at(unit)):
        assert one.parameters.keys() == space.keys()
        assert one.universe in (where or {""})
        for dimension in branch.dimensions[1:]:
            value = one.parameters[dimension.name]
            if dimension.size is None:
                assert dimension.low <= value <= dimension.high
            else:
                assert value in dimension.values
        Crossing(**one.parameters)


def test_what_is_swept_stands_in_place_of_what_is_fixed():
    space = space_of({"space": {"fast": [1, 2]}, "constraints": ["fast < slow"]}, fast=7, slow=2)
    (branch,) = space.branches
    assert branch.fixed == {"slow": 2, "stop": 0.5, "short": False, "leader": "AAA"}
    assert [numbers.tolist() for numbers in branch.allowed_numbers()] == [[0]]


def test_one_space_holds_for_every_strategy():
    space = space_of({"space": {"fast": [1, 2]}}, Crossing, Single)
    assert [branch.size for branch in space.branches] == [2, 2]
    assert [branch.strategy for branch in space.branches] == [0, 1]


def test_a_constraint_holds_for_the_strategies_that_have_its_parameters():
    settings = {"space": {"fast": [1, 99]}, "constraints": ["fast < slow"]}
    space = space_of(settings, Crossing, Single)
    assert [len(branch.constraints) for branch in space.branches] == [1, 0]


def test_strategies_may_be_compared_as_they_are():
    assert space_of({"space": {}}, Crossing, Single).size == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"space": {}}, "sweep.space is empty, expected values of at least one parameter"),
        ({"space": {"fsat": [1]}}, "sweep.space.fsat is not a parameter of Crossing; did you mean"),
        ({"space": {"LEVEL": [1]}}, "LEVEL has no type, so it is a constant and no parameter"),
        ({"space": [{"x": [1]}]}, "sweep.space.0.x is not a parameter of Crossing; there are:"),
        ({"space": {"fast": [1.5]}}, "sweep.space.fast has the value 1.5, expected whole numbers"),
        ({"space": {"fast": [True]}}, "sweep.space.fast has the value True, expected whole"),
        ({"space": {"fast": [2**60]}}, "expected whole numbers from -9007199254740992 to"),
        ({"space": {"fast": of_range(1, 2.5)}}, "sweep.space.fast.to has the value 2.5, expected"),
        ({"space": {"fast": of_range(1, 2, step=0.5)}}, "sweep.space.fast.step has the value 0.5"),
        ({"space": {"stop": ["x"]}}, "sweep.space.stop has the value 'x', expected finite numbers"),
        ({"space": {"stop": [10**400]}}, "expected finite numbers"),
        ({"space": {"stop": of_range(0, 10**400)}}, "sweep.space.stop.to has the value 1"),
        ({"space": {"short": [1]}}, "sweep.space.short has the value 1, expected true or false"),
        (
            {"space": {"short": of_range(0, 1)}},
            "sweep.space.short is a range, expected a list of t",
        ),
        ({"space": {"leader": ["ZZZ"]}}, "has the value 'ZZZ', expected symbols out of AAA, BBB"),
        ({"space": {"leader": of_range(0, 1)}}, "sweep.space.leader is a range, expected a list"),
        ({"space": {"fast": [1, 2, 1]}}, "sweep.space.fast has the value 1 twice"),
        ({"space": {"stop": [1, 1.0]}}, "sweep.space.stop has the value 1.0 twice"),
        (
            {"space": {"stop": of_range(0, 1, step=1e-9)}},
            "sweep.space.stop.step is 1e-09, which makes 1000000001 values, expected at most",
        ),
        (
            {"space": [{"fast": [1]}] * 2},
            "sweep.space has 2 objects, expected one for each of the 1",
        ),
        (
            {"space": {"fast": [1]}, "constraints": ["fast < 3", "fast <"]},
            'sweep.constraints.1 is "fast <", expected an expression',
        ),
        (
            {"space": {"fast": [1]}, "constraints": ["fast < slwo"]},
            'sweep.constraints.0 is "fast < slwo", but slwo is not a parameter; did you mean slow?',
        ),
        ({"space": {"fast": [1]}, "constraints": ["leader < fast"]}, "no comparison of text"),
    ],
)
def test_what_is_no_space_is_refused(settings, message):
    with pytest.raises(ConfigError) as caught:
        space_of(settings)
    assert message in str(caught.value)
    assert str(caught.value).splitlines() == [str(caught.value)]


def test_a_constraint_over_parameters_that_no_strategy_has_together_is_refused():
    settings = {"space": {"fast": [1]}, "constraints": ["level < slow"]}
    with pytest.raises(ConfigError, match="but no strategy has all of level, slow"):
        space_of(settings, Crossing, Single)


def test_a_wrong_fixed_parameter_is_refused_as_a_run_would():
    with pytest.raises(StrategyError, match=r"Crossing\.slow must be int, was 'x'"):
        space_of({"space": {"fast": [1]}}, slow="x")


def test_parameter_sets_are_equal_and_hashed_by_content_and_can_be_pickled():
    one = ParameterSet(0, "", {"a": 1, "b": "x"})
    other = ParameterSet(0, "", {"b": "x", "a": 1})
    assert one == other
    assert hash(one) == hash(other)
    assert one != ParameterSet(1, "", {"a": 1, "b": "x"})
    assert one != ParameterSet(0, "u", {"a": 1, "b": "x"})
    assert one != ParameterSet(0, "", {"a": 2, "b": "x"})
    assert pickle.loads(pickle.dumps(one)) == one

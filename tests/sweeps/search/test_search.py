"""Choosing sets: what every method keeps to, and what each is known by."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.sweeps.search.listed import LARGEST_GRID, shares
from tests.sweeps.swept import (
    Crossing,
    Single,
    any_spaces,
    constraints,
    finite_spaces,
    fulfils,
    of_range,
    search_of,
    space_of,
    universes,
)

SAMPLERS = ["random", "latin_hypercube", "sobol"]
DEFAULTS = {"fast": 10, "slow": 30, "stop": 0.5, "short": False, "leader": "AAA"}


def chosen(settings, *strategies, at_once=10**9, search=None):
    """Ask for everything; a search that allows nothing gives none."""
    search = search or search_of(settings, *strategies)
    found = []
    while more := search.ask(at_once):
        assert len(more) <= at_once
        found += more
    assert len(found) == search.total
    return found


def or_none(settings):
    try:
        return chosen(settings)
    except ConfigError as error:
        assert "sweep.constraints" in str(error)  # noqa: PT017 - what the error must be about
        return []


@given(finite_spaces, universes, constraints)
def test_the_grid_is_every_combination_that_python_lets_through(space, where, texts):
    settings = {"space": space, "universes": where, "constraints": texts}
    (branch,) = space_of(settings).branches
    values = [dimension.values for dimension in branch.dimensions[1:]]
    names = list(space)
    expected = [
        (universe, dict(zip(names, row, strict=True)))
        for universe in where or [""]
        for row in itertools.product(*values)
    ]
    found = or_none(settings)
    assert [(one.universe, one.parameters) for one in found] == [
        (universe, row)
        for universe, row in expected
        if all(eval(text, {}, {**DEFAULTS, **row}) for text in texts)
    ]


@given(any_spaces, universes, constraints, st.sampled_from(SAMPLERS), st.integers(1, 40))
def test_every_set_lies_in_the_space_is_allowed_and_is_chosen_once(
    space, where, texts, method, samples
):
    settings = {"space": space, "universes": where, "constraints": texts}
    found = or_none({**settings, "method": method, "samples": samples})
    assert len(found) <= samples
    assert len(set(found)) == len(found)
    (branch,) = space_of(settings).branches
    dimensions = {dimension.name: dimension for dimension in branch.dimensions[1:]}
    for one in found:
        assert one.parameters.keys() == space.keys()
        assert one.universe in (where or [""])
        assert fulfils(one, texts, DEFAULTS)
        for name, value in one.parameters.items():
            dimension = dimensions[name]
            if dimension.size is None:
                assert dimension.low <= value <= dimension.high
            else:
                assert value in dimension.values


@given(any_spaces, constraints, st.sampled_from(SAMPLERS), st.integers(1, 40), st.integers(0, 9))
def test_equal_seeds_give_equal_sets_however_many_are_asked_for(
    space, texts, method, samples, seed
):
    settings = {"space": space, "constraints": texts, "method": method}
    settings |= {"samples": samples, "seed": seed}
    try:
        search = search_of(settings)
    except ConfigError:
        return
    assert chosen(settings, at_once=3, search=search) == chosen(settings)


def test_a_grid_does_not_depend_on_how_many_are_asked_for():
    settings = {"space": {"fast": of_range(1, 9), "slow": of_range(1, 9)}}
    settings["constraints"] = ["fast < slow"]
    assert chosen(settings, at_once=3) == chosen(settings)


@given(finite_spaces, constraints, st.sampled_from(SAMPLERS))
def test_a_small_space_is_exhausted_and_no_further(space, texts, method):
    everything = or_none({"space": space, "constraints": texts})
    sampled = or_none({"space": space, "constraints": texts, "method": method, "samples": 10**6})
    assert len(sampled) == len(everything)
    assert set(sampled) == set(everything)


@given(finite_spaces, constraints, st.sampled_from(SAMPLERS))
def test_a_small_space_gives_as_many_as_are_wanted(space, texts, method):
    everything = or_none({"space": space, "constraints": texts})
    for samples in {max(len(everything) - 1, 1), len(everything) // 2 + 1}:
        settings = {"space": space, "constraints": texts, "method": method, "samples": samples}
        assert len(or_none(settings)) == min(samples, len(everything))


@pytest.mark.parametrize("method", SAMPLERS)
def test_other_seeds_give_other_sets(method):
    settings = {"space": {"stop": of_range(0, 1)}, "method": method, "samples": 8}
    assert chosen(settings) != chosen({**settings, "seed": 1})


def test_a_latin_hypercube_has_one_set_in_each_stratum_of_each_dimension():
    space = {"stop": of_range(0, 1), "fast": of_range(0, 63)}
    found = chosen({"space": space, "method": "latin_hypercube", "samples": 64})
    assert sorted(int(one.parameters["stop"] * 64) for one in found) == list(range(64))
    assert sorted(one.parameters["fast"] for one in found) == list(range(64))


def test_sobols_sequence_has_one_set_in_each_elementary_interval():
    space = {"stop": of_range(0, 1), "fast": of_range(0, 2**20)}
    found = chosen({"space": space, "method": "sobol", "samples": 64})
    cells = {
        (int(one.parameters["stop"] * 8), int(one.parameters["fast"] * 8 / (2**20 + 1)))
        for one in found
    }
    assert len(cells) == 64


@pytest.mark.parametrize("method", SAMPLERS)
def test_a_logarithmic_range_has_as_many_sets_below_its_geometric_middle_as_above(method):
    space = {"stop": of_range(0.01, 100, log=True)}
    found = [
        one.parameters["stop"] for one in chosen({"space": space, "method": method, "samples": 400})
    ]
    assert 150 < sum(value < 1 for value in found) < 250


@pytest.mark.parametrize("method", SAMPLERS)
def test_strategies_share_the_samples_in_their_order(method):
    settings = {
        "space": [{"fast": of_range(1, 900)}, {"level": of_range(0, 1)}, {"level": [1, 2]}],
        "method": method,
        "samples": 13,
    }
    found = [one.strategy for one in chosen(settings, Crossing, Single, Single)]
    assert found == [0] * 6 + [1] * 5 + [2] * 2


def test_a_grid_of_several_strategies_is_one_after_the_other():
    settings = {"space": [{"fast": [1, 2]}, {"level": [3]}]}
    found = chosen(settings, Crossing, Single)
    assert [(one.strategy, one.parameters) for one in found] == [
        (0, {"fast": 1}),
        (0, {"fast": 2}),
        (1, {"level": 3.0}),
    ]


@given(st.integers(0, 200), st.lists(st.integers(0, 60) | st.just(float("inf")), min_size=1))
def test_shares_are_even_within_what_there_is(samples, most):
    found = shares(samples, most)
    assert sum(found) == min(samples, sum(most))
    assert all(0 <= one <= bound for one, bound in zip(found, most, strict=True))
    largest = max(found)
    assert all(one >= largest - 1 for one, bound in zip(found, most, strict=True) if one < bound)


def test_a_grid_of_a_million_candidates_is_made_a_few_at_a_time():
    settings = {"space": {"fast": of_range(1, 1000), "slow": of_range(1, 1000)}}
    search = search_of({**settings, "constraints": ["fast < slow"]})
    assert search.total == 499_500
    assert [one.parameters for one in search.ask(2)] == [
        {"fast": 1, "slow": 2},
        {"fast": 1, "slow": 3},
    ]


@pytest.mark.parametrize("method", SAMPLERS)
def test_rare_sets_of_a_large_space_are_found(method):
    settings = {
        "space": {"fast": of_range(1, 4000), "slow": of_range(1, 4000)},
        "constraints": ["fast // 40 == slow // 40", "fast < slow"],
        "method": method,
        "samples": 50,
    }
    assert len(chosen(settings)) == 50


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"space": {"fast": [1], "stop": of_range(0, 1)}},
            "sweep.space: stop of tests:Crossing has neither step nor count, expected one of them",
        ),
        (
            {"space": {"fast": of_range(1, 10**6), "slow": of_range(1, 10**6)}},
            f"sweep.space has 1,000,000,000,000 candidates, expected at most {LARGEST_GRID:,}",
        ),
        (
            {"space": {"fast": [5, 6]}, "constraints": ["fast > slow", "fast > 0"]},
            "sweep.constraints exclude all of the 2 sets: fast > slow; fast > 0",
        ),
        (
            {"space": {"fast": [5]}, "constraints": ["1 > 2"], "method": "random", "samples": 1},
            "sweep.constraints exclude all of the 1 sets: 1 > 2",
        ),
        *(
            (
                {
                    "space": {"stop": of_range(0, 1)},
                    "constraints": ["stop > 2"],
                    "method": method,
                    "samples": 5,
                },
                "sweep.constraints allow less than one set in a thousand: of 1,048,576 ",
            )
            for method in SAMPLERS
        ),
    ],
)
def test_what_has_no_sets_or_too_many_is_refused(settings, message):
    with pytest.raises(ConfigError) as caught:
        search_of(settings)
    assert str(caught.value).startswith(message)


def test_scores_change_nothing():
    settings = {"space": {"fast": of_range(1, 9)}, "method": "random", "samples": 6}
    search = search_of(settings)
    first = search.ask(3)
    search.tell([(one, (float(number),)) for number, one in enumerate(first)])
    assert first + search.ask(3) == chosen(settings)

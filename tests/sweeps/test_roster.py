"""Which lanes sets of parameters make, under which keys, and how each is run alone."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from pipeline import SessionConfig
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.sweeps.roster import Entry, Roster
from pipeline.sweeps.search.search import make_search
from tests.reference.processes import settings_of
from tests.reference.traders import Ranker

NAME = "tests.reference.traders:"


@pytest.fixture
def config(sample: Path) -> dict[str, Any]:
    """Two strategies, each with a lane of its own symbols or of two universes."""
    settings = settings_of("US_EQUITY", "2024-11-25", "2024-11-26", SYMBOLS[:3], ["1m"], sample)
    settings["strategy"] = [
        {"name": f"{NAME}Crosser", "parameters": {"slow": 6}, "symbols": list(SYMBOLS[:2])},
        {"name": f"{NAME}Tinkerer", "mode": "interpreted"},
    ]
    settings["sweep"] = {"space": [{"fast": [2, 3]}, {"span": [3]}]}
    return settings


def entries_of(config: dict[str, Any], given: Any = None, **section: Any) -> list[Entry]:
    loaded = SessionConfig.load({**config, "sweep": {**config["sweep"], **section}})
    roster = Roster(loaded, given)
    return roster.entries(make_search(roster.sweep, roster.space, Path("none")).ask(100), 0)


def test_a_set_stands_in_place_of_the_strategys_own_parameters(config):
    entries = entries_of(config)
    assert [entry.number for entry in entries] == [0, 1, 2]
    assert [entry.name for entry in entries] == [f"{NAME}Crosser"] * 2 + [f"{NAME}Tinkerer"]
    assert [entry.parameters.get("fast") for entry in entries] == [2, 3, None]
    assert entries[0].parameters == {"fast": 2, "slow": 6, "quantity": 100.0, "minutes": 0}
    assert entries[2].parameters["span"] == 3
    assert [entry.lane.mode for entry in entries] == ["compiled"] * 2 + ["interpreted"]


def test_a_universe_stands_in_place_of_the_strategys_symbols(config):
    assert [entry.lane.symbols for entry in entries_of(config)] == [SYMBOLS[:2]] * 2 + [()]
    found = entries_of(config, universes={"last": [SYMBOLS[2]], "two": list(SYMBOLS[1:3])})
    assert len(found) == 6
    for entry in found:
        expected = {"last": (SYMBOLS[2],), "two": SYMBOLS[1:3]}[entry.set.universe]
        assert entry.lane.symbols == expected
        assert entry.group == (entry.name, entry.set.universe)


def test_every_lane_has_a_key_of_its_own_whatever_its_number(config):
    universes = {"last": [SYMBOLS[2]], "two": list(SYMBOLS[1:3])}
    found = entries_of(config, universes=universes)
    assert len({entry.key for entry in found}) == len(found)
    again = entries_of(config, universes=universes, best=0, seed=5, score="total_return")
    assert [entry.key for entry in again] == [entry.key for entry in found]
    wider = entries_of(config, space=[{"fast": [7, 3]}, {"span": [8, 3]}])
    narrow = {entry.key for entry in entries_of(config)}
    assert len(narrow & {entry.key for entry in wider}) == 2


def test_keys_of_lanes_that_are_compared_are_of_all_of_them_and_of_how(config):
    pruning = {"keep": 0.5, "rungs": 2}
    found = {
        name: tuple(entry.key for entry in entries_of(config, **section))
        for name, section in {
            "not compared": {},
            "compared": {"pruning": pruning},
            "other share": {"pruning": {**pruning, "keep": 0.25}},
            "other rungs": {"pruning": {**pruning, "rungs": 3}},
            "other score": {"pruning": {**pruning, "score": "sharpe_ratio"}},
            "other lanes": {"pruning": pruning, "space": [{"fast": [2, 3]}, {"span": [4]}]},
        }.items()
    }
    for one, other in itertools.combinations(found, 2):
        assert not set(found[one]) & set(found[other]), (one, other)
    again = entries_of(config, pruning=pruning)
    assert tuple(entry.key for entry in again) == found["compared"]


def test_a_lane_alone_is_the_configuration_with_that_one_strategy(config):
    loaded = SessionConfig.load(
        {**config, "sweep": {**config["sweep"], "universes": {"last": [SYMBOLS[2]]}}}
    )
    roster = Roster(loaded, None)
    search = make_search(roster.sweep, roster.space, Path("none"))
    for entry in roster.entries(search.ask(100), 0):
        alone, given, overrides = roster.alone(entry)
        assert (given, overrides, alone.sweep) == (None, [], None)
        (strategy,) = alone.strategies
        assert strategy.name == entry.name
        assert strategy.symbols == (SYMBOLS[2],)
        assert strategy.mode == entry.lane.mode
        assert dict(strategy.parameters) == entry.parameters
        assert alone.session_data_config == loaded.session_data_config


def test_a_strategy_given_from_python_is_given_again_alone(config):
    config["sweep"] = {"space": {"span": [2, 5]}}
    config["strategy"] = {"name": f"{NAME}Ranker"}
    loaded = SessionConfig.load(config)
    given = Ranker(leader=SYMBOLS[1])
    roster = Roster(loaded, given)
    entries = roster.entries(make_search(roster.sweep, roster.space, Path("none")).ask(100), 3)
    assert [entry.number for entry in entries] == [3, 4]
    alone, strategies, overrides = roster.alone(entries[1])
    assert strategies == [entries[1].lane.strategy]
    assert overrides == ['strategy.0.mode="compiled"', "strategy.0.symbols=null"]
    assert alone.sweep is None


def test_lanes_of_a_pass_are_numbered_from_0_and_share_their_indicators(config):
    loaded = SessionConfig.load(config)
    roster = Roster(loaded, None)
    entries = roster.entries(make_search(roster.sweep, roster.space, Path("none")).ask(100), 0)
    lanes = roster.lanes(entries[1:])
    assert [spec.number for spec in lanes.specs] == [0, 1]
    assert [spec.universe for spec in lanes.specs] == [(0, 1), ()]
    both = roster.lanes([entries[0], entries[0]])
    assert both.plan.columns("1m") == roster.lanes(entries[:1]).plan.columns("1m")


def test_hashes_do_not_depend_on_the_sweep_but_the_identity_of_its_search_does(config):
    def hashes(**section: Any) -> tuple[str, str, str]:
        loaded = SessionConfig.load({**config, "sweep": {**config["sweep"], **section}})
        roster = Roster(loaded, None)
        return roster.data_hash, roster.code_hash, roster.search_identity

    one, other = hashes(), hashes(seed=7)
    assert one[:2] == other[:2]
    assert one[2] != other[2]
    assert hashes(best=7, memory=1.5) == one

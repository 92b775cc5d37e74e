"""What cases and examples came to when they were pinned, they come to for ever.

The engine is held against a reference elsewhere; both could be changed alike, and a new version of
NumPy or Numba could change a bit in both. These digests cannot move with them. `write` pins new
ones.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pipeline.results.digest import run_digest
from pipeline.results.table_kinds import ORDER_STATES, ORDER_TYPES, REASONS, TIMES_IN_FORCE
from tests.golden.cases import CASES
from tests.golden.pins import (
    COMPILED,
    COUNTS,
    EXAMPLES,
    INTERPRETED,
    SUMS,
    pin_case,
    pin_example,
    pinned,
)
from tests.golden.write import with_new
from tests.reference.replay import replay

PINNED = pinned()


def test_every_pin_is_of_something_that_is_still_there():
    assert PINNED["cases"].keys() == CASES.keys()
    assert PINNED["examples"].keys() == EXAMPLES.keys()


@pytest.mark.parametrize("setup", [INTERPRETED, COMPILED], ids=lambda setup: setup.mode)
@pytest.mark.parametrize("name", CASES)
def test_a_case_gives_what_is_pinned(name: str, setup: Any):
    assert pin_case(name, setup) == PINNED["cases"][name]


# The reference knows no universes.
@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith("universes")])
def test_the_reference_gives_what_is_pinned(name: str):
    case = CASES[name]()
    lanes = [replay(case.market, strategy, case.terms) for strategy in case.strategies]
    assert run_digest([lane.digest for lane in lanes]) == PINNED["cases"][name]["digest"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_gives_what_is_pinned(name: str, sample: Path, tmp_path: Path):
    assert pin_example(name, sample, tmp_path) == PINNED["examples"][name]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("types", ORDER_TYPES),
        ("states", ORDER_STATES),
        ("times_in_force", TIMES_IN_FORCE),
        ("reasons", REASONS),
        ("counts", COUNTS),
    ],
)
def test_the_cases_see_every_kind_of_order_and_all_that_can_become_of_it(
    kind: str, words: tuple[str, ...]
):
    seen = Counter[str]()
    for pin in PINNED["cases"].values():
        seen.update(pin[kind])
    assert {word for word in words if not seen[word]} == set()
    assert set(seen) <= set(words)


def test_the_cases_see_every_cost_and_those_that_can_be_gains_as_both():
    signs = {
        name: {sign for pin in PINNED["cases"].values() for sign in pin["sums"][name]}
        for name in SUMS
    }
    both = {"maker_commission", "interest", "dividends", "fractions_paid", "funding"}
    assert signs == {name: {"+", "-"} if name in both else {"+"} for name in SUMS}


def test_a_pin_is_never_replaced():
    one = {"cases": {"a": {"digest": "1"}}, "examples": {}}
    both = with_new(one, {"cases": {"b": {"digest": "2"}}, "examples": {}})
    assert both["cases"] == {"a": {"digest": "1"}, "b": {"digest": "2"}}
    with pytest.raises(ValueError, match="a is pinned"):
        with_new(one, {"cases": {"a": {"digest": "2"}}})

"""Kinds are said never to be equal only if no values of theirs are."""

from collections import deque
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.strategy.lookups.kinds import (
    ANYTHING,
    NOTHING,
    OTHER,
    Many,
    Parts,
    Spelled,
    Symbol,
    Text,
    Whole,
    as_many,
    items_of,
    join,
    joined_texts,
    kind_of,
    never_equal,
    without_inner,
)
from pipeline.strategy.symbol import SymbolIndex

scalars = (
    st.sampled_from(["ALFA", "0", "1", "", 0, 1, True, None, 0.5])
    | st.integers(0, 2).map(SymbolIndex)
    | st.integers(0, 2).map(lambda x: str(SymbolIndex(x)))
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.tuples(inner, inner)
        | st.dictionaries(st.sampled_from(["ALFA", 0, 1]), inner, max_size=2)
        | st.frozensets(st.sampled_from(["ALFA", 0, "0"]), max_size=2)
    ),
    max_leaves=4,
)


def plain(value: Any) -> Any:
    """The same with symbols and their texts as Python has them."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, list | tuple):
        return type(value)(plain(one) for one in value)
    if isinstance(value, dict):
        return {plain(key): plain(one) for key, one in value.items()}
    return value


@given(values, values)
def test_what_is_equal_is_never_said_not_to_be(one: Any, other: Any):
    if never_equal(kind_of(one), kind_of(other)) is not None:
        assert plain(one) != plain(other)


def is_empty_somewhere(value: Any) -> bool:
    """Whether nothing is ever found in a value, or in a part of it."""
    if isinstance(value, dict):
        return not value or any(map(is_empty_somewhere, value.values()))
    held = isinstance(value, list | tuple | set | frozenset)
    return held and (not value or any(map(is_empty_somewhere, value)))


@given(values, values, values)
def test_a_kind_of_several_values_allows_what_each_of_them_allows(one: Any, other: Any, third: Any):
    assume(not is_empty_somewhere((one, other)))
    both = join((kind_of(one), kind_of(other)))
    if never_equal(both, kind_of(third)) is not None:
        assert never_equal(kind_of(one), kind_of(third)) is not None
        assert never_equal(kind_of(other), kind_of(third)) is not None
    assert join((kind_of(one), kind_of(one))) == kind_of(one)
    assert join((NOTHING, kind_of(one))) == kind_of(one)


@pytest.mark.parametrize(
    ("one", "other", "text"),
    [
        (Symbol(), Text(frozenset(("ALFA", "BRVO"))), "ALFA"),
        (Symbol(), Text(), ""),
        (Whole(), Text(frozenset(("ALFA",))), "ALFA"),
        (Spelled(), Text(frozenset(("ALFA", "B1"))), "ALFA"),
        (Parts((Symbol(), OTHER)), Parts((Text(frozenset(("ALFA",))), OTHER)), "ALFA"),
        (Many(Symbol(), "set", NOTHING), kind_of({"ALFA"}), "ALFA"),
        (kind_of({0: 1}), kind_of({"ALFA": 1}), "ALFA"),
        (Symbol(), Spelled(), ""),
    ],
)
def test_numbers_and_texts_are_told_from_either_side(one, other, text):
    for found in (never_equal(one, other), never_equal(other, one)):
        assert found is not None
        assert found[1] == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Symbol(), Whole()),
        (Symbol(), ANYTHING),
        (Symbol(), OTHER),
        (Spelled(), Text(frozenset(("ALFA", "12")))),
        (Spelled(), Text()),
        (kind_of({}), kind_of({"ALFA"})),
        (kind_of((0, 1)), kind_of(("ALFA",))),
        (kind_of({0, "ALFA"}), kind_of({"ALFA"})),
        (NOTHING, Text()),
    ],
)
def test_what_may_be_equal_is_not(one, other):
    assert never_equal(one, other) is None
    assert never_equal(other, one) is None


def test_containers_are_gone_through():
    assert items_of(kind_of(["ALFA", "BRVO"])) == Text(frozenset(("ALFA", "BRVO")))
    assert items_of(kind_of(deque([1, 2]))) == Whole()
    assert items_of(kind_of({"ALFA": 1}.values())) == Whole()
    assert items_of(kind_of(np.array(["ALFA"]))) == Text(frozenset(("ALFA",)))
    assert items_of(kind_of(np.zeros(2))) is ANYTHING
    assert items_of(kind_of(("ALFA", 0.5))) is ANYTHING
    assert items_of(kind_of([])) is NOTHING
    assert items_of(kind_of(3)) is ANYTHING
    assert as_many(kind_of({"a": 1})) == Many(Text(frozenset("a")), "dict", Whole())


def test_large_containers_are_only_asked_whether_all_are_texts():
    assert items_of(kind_of([str(x) for x in range(2_000)])) == Text()
    assert items_of(kind_of(list(range(2_000)))) is ANYTHING


def test_a_container_that_holds_itself_is_no_trouble():
    one: list[Any] = []
    other: list[Any] = [one, [one]]
    one += [other, [other]]
    assert never_equal(kind_of(one), kind_of(other)) is None


def test_nothing_is_known_of_containers_that_may_be_filled_in_another_one():
    held = without_inner(as_many(kind_of({"a": {"ALFA"}})))
    assert held == Many(Text(frozenset("a")), "dict", ANYTHING)
    keys = {("ALFA", 0): 1}
    assert items_of(without_inner(as_many(kind_of(keys)))) == Parts(
        (Text(frozenset(("ALFA",))), Whole())
    )
    assert without_inner(as_many(kind_of(([], 1)))) == Parts((ANYTHING, Whole()))


def test_texts_that_follow_each_other_are_one():
    made = joined_texts([Text(frozenset(("a.",))), Spelled(), Text(frozenset(("-",)))])
    assert made == Spelled(r"a\.\d+\-")
    assert joined_texts([Text(), Spelled()]) == Text()
    assert joined_texts([Text(frozenset("ab")), Spelled()]) == Text()
    assert joined_texts([Text(), Whole()]) is None
    assert Spelled(r"a\d").may_be_in("xa1")

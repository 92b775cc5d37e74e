"""Code whose result may follow from the hashes of texts is found, with its place."""

import pytest

from pipeline import Strategy
from pipeline.strategy.text_hashes import place_of_hashes

NAMES = {"ALFA", "BRVO"}


def first_of(names):
    return next(iter(set(names)))  # here


def built():
    return {one for one in "ab"}  # here  # noqa: C416


@pytest.mark.parametrize(
    ("hook", "line"),
    [
        (lambda self, bar, ctx: [one for one in {"a", "b"}], "here"),  # here  # noqa: C416
        (lambda self, bar, ctx: [*{bar.symbol, 2}], "here"),  # here
        (lambda self, bar, ctx: hash("ALFA") % 2, "here"),  # here
        (lambda self, bar, ctx: [one for one in NAMES], "here"),  # here  # noqa: C416
        (lambda self, bar, ctx: first_of(["ALFA"]), "here"),
        (lambda self, bar, ctx: built(), "here"),
    ],
)
def test_a_set_or_a_hash_is_found_in_a_hook_and_in_what_it_calls(hook, line):
    cls = type("Mine", (Strategy,), {"on_bar": hook})
    place, _, name = place_of_hashes(cls).rpartition(": ")
    file, _, number = place.rpartition(":")
    assert (file, name) == (__file__, "Mine.on_bar")
    with open(__file__) as source:  # noqa: PTH123
        assert f"# {line}" in source.readlines()[int(number) - 1]


@pytest.mark.parametrize(
    "hook",
    [
        lambda self, bar, ctx: bar.symbol in {1, 2},
        lambda self, bar, ctx: [one for one in ("a", "b")],  # noqa: C416
        lambda self, bar, ctx: {"a": 1}["a"],
    ],
)
def test_a_look_into_a_set_and_a_dict_have_no_order(hook):
    assert place_of_hashes(type("Mine", (Strategy,), {"on_bar": hook})) == ""

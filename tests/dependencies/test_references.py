"""What a function's code names, at which line, and how it is called there."""

import math
import os.path
import sys
from typing import Any

import pytest

from pipeline.dependencies.references import references

BOUND = {"one": 1}


class Kept:
    level = 3

    class Inner:
        value = 4


def found(function: Any, *first: Any) -> list[tuple[str, int | None]]:
    return [(one.name, one.arguments) for one in references(function, *first)]


def test_a_chain_of_names_is_followed_through_modules_and_classes():
    def named(self, x):
        os.path.split("a")
        math.pi + Kept.Inner.value + BOUND.get("one")
        return self.level + self.unknown + x.level

    assert found(named, Kept) == [
        ("os.path.split", 1),
        ("math.pi", None),
        ("Kept.Inner.value", None),
        ("BOUND", 1),
        ("self.level", None),
        ("self", None),
    ]
    by_name = {one.name: one for one in references(named, Kept)}
    assert by_name["os.path.split"].value is os.path.split
    assert by_name["Kept.Inner.value"].value == 4
    first = named.__code__.co_firstlineno
    lines = [one.line - first for one in references(named, Kept)]
    assert lines == [1, 2, 2, 2, 3, 3]


def test_names_that_are_imported_inside_and_in_inner_functions_are_known():
    def named():
        import os.path as place
        from math import floor, pi

        return [floor(pi) for _ in range(3)], (lambda: place.split("a"))

    assert set(found(named)) >= {("floor", 1), ("pi", None), ("place.split", 1)}


def test_a_name_with_two_meanings_is_not_followed():
    def named(flag):
        from math import floor

        if flag:
            floor = int  # type: ignore[assignment,misc]
        return floor(1.5)

    assert [name for name, _ in found(named)] == []


def test_what_a_function_closes_over_is_known_and_an_empty_cell_is_not():
    level = math

    def named():
        return level.sqrt(4), later.sqrt(4)

    assert found(named) == [("level.sqrt", 1)]
    later = math


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("f()", 0),
        ("f(None)", 0),
        ("f(1)", 1),
        ("f(None, 1)", 2),
        ("f(a=None)", 0),
        ("f(a=1)", 1),
        ("f(*a)", 1),
        ("f(**a)", 1),
        ("f", None),
        ("g(f)", None),
        ("f()(1, 2)", 0),
        ("f(g(1, 2))", 1),
        ("f(\n    1,\n    2,\n)", 2),
    ],
)
def test_arguments_are_counted_and_a_single_none_is_none(line: str, arguments: int | None):
    space: dict[str, Any] = {"f": max, "a": ()}
    exec(f"def named(g):\n    return {line}", space)
    (only,) = [one for one in references(space["named"]) if one.name == "f"]
    assert only.arguments == arguments


def test_modules_that_are_not_loaded_are_not_loaded_for_it():
    def named():
        import colorsys

        return colorsys.rgb_to_hls(1, 2, 3)

    sys.modules.pop("colorsys", None)
    assert found(named) == []
    assert "colorsys" not in sys.modules

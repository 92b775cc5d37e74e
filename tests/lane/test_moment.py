"""The steps of a moment: listed once, and performed by every walk, in order."""

import ast
import re
from pathlib import Path

import pytest

from pipeline.lane import moment

LANE = Path(moment.__file__).parent
LISTED = [int(number) for number in re.findall(r"^ ?(\d+)\. ", moment.__doc__ or "", re.MULTILINE)]
#: "# Step 3", "# Steps 2 to 5", "# Steps 10 and 11", "# Step 6, and step 9".
COMMENT = re.compile(r"# Steps? (\d+)(?: (to|and) (\d+)|, and step (\d+))?")


def steps_in(source: str) -> list[int]:
    """The steps that comments of a source name, in their order."""
    found: list[int] = []
    for first, word, last, other in COMMENT.findall(source):
        found.append(int(first))
        if word:
            found += range(int(first) + 1, int(last) + 1)
        if other:
            found.append(int(other))
    return found


def functions() -> dict[str, tuple[str, set[str]]]:
    """The functions and methods of the room by name: the source of each, and the names in it."""
    found = {}
    for path in sorted(LANE.glob("*.py")):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                source = ast.get_source_segment(text, node) or ""
                inside = list(ast.walk(node))
                names = {one.id for one in inside if isinstance(one, ast.Name)}
                names |= {one.attr for one in inside if isinstance(one, ast.Attribute)}
                found[node.name] = (source, names)
    return found


FUNCTIONS = functions()


def performed_by(name: str, seen: set[str]) -> set[int]:
    """The steps that a function and all that it calls in this room perform."""
    if name in seen or name not in FUNCTIONS:
        return set()
    seen.add(name)
    source, names = FUNCTIONS[name]
    return set(steps_in(source)).union(*(performed_by(one, seen) for one in names))


def test_the_steps_are_listed_without_a_gap():
    assert list(range(1, len(LISTED) + 1)) == LISTED
    assert len(LISTED) > 5


def test_every_step_that_a_comment_names_is_listed():
    named = {step for source, _ in FUNCTIONS.values() for step in steps_in(source)}
    assert named == set(LISTED)


@pytest.mark.parametrize("walk", ["walk_slot", "walk"])
def test_every_walk_performs_every_step(walk: str):
    assert performed_by(walk, set()) == set(LISTED)


@pytest.mark.parametrize(
    ("walk", "apart", "left_out"),
    [("_walk_until", "_walk_stretch", {1}), ("_walk_stretch", "_walk_until", {1, 10, 11})],
)
def test_a_compiled_walk_leaves_out_only_what_does_not_occur_in_it(
    walk: str, apart: str, left_out: set[int]
):
    assert performed_by(walk, {apart}) == set(LISTED) - left_out


@pytest.mark.parametrize(
    "name", [name for name, (source, _) in FUNCTIONS.items() if steps_in(source)]
)
def test_a_function_performs_its_steps_in_the_order_of_the_list(name: str):
    steps = steps_in(FUNCTIONS[name][0])
    assert steps == sorted(steps)

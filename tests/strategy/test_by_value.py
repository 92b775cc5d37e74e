"""Functions and classes of a script are in another process what they are in the script."""

import re
from pathlib import Path

import pytest

from pipeline.errors import StrategyError
from pipeline.strategy.by_value import pickled, unpickled
from tests.reference.own_process import python

SCRIPTS = [Path(__file__).with_name(f"script_of_{kind}.py") for kind in ("enums", "classes")]

READ = """
import sys
from pipeline.strategy.source import unpack
for case in unpack(open(sys.argv[1], "rb").read()):
    print(case.__name__, case())
"""
CASES = [
    name
    for script in SCRIPTS
    for name in re.findall(r"^def (case_\w+)", script.read_text(), re.MULTILINE)
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, str]]:
    """What the cases give in the scripts themselves, and in a process that never saw them."""
    folder = tmp_path_factory.mktemp("script")

    def run(*command: str) -> dict[str, str]:
        # A lock that nobody can take would stop it for ever.
        done = python(*command, check=False, cwd=folder, timeout=300)
        assert done.returncode == 0, done.stderr
        return dict(line.split(" ", 1) for line in done.stdout.splitlines())

    here: dict[str, str] = {}
    there: dict[str, str] = {}
    for script in SCRIPTS:
        here |= run(str(script), "packed")
        there |= run("-c", READ, "packed")
    return here, there


@pytest.mark.parametrize("case", CASES)
def test_what_a_script_has_is_the_same_in_another_process(told, case: str):
    here, there = told
    assert there[case] == here[case]


LATER = """
from __future__ import annotations
from pipeline import Strategy, Symbol
from pipeline.strategy.source import pack
class Mine(Strategy):
    leader: Symbol = "ALFA"
    def on_bar(self, bar, ctx): ...
open("packed", "wb").write(pack(Mine, []))
"""


def test_annotations_that_are_texts_mean_the_same_there(tmp_path: Path):
    python("-c", LATER, cwd=tmp_path)
    read = "from pipeline.strategy.strategy import parameters_of\n" + READ.partition("for")[0]
    read += 'print(parameters_of(unpack(open(sys.argv[1], "rb").read()))[0].type.__name__)'
    told = python("-c", read, "packed", cwd=tmp_path)
    assert told.stdout == "Symbol\n"


def test_what_can_be_imported_travels_by_its_name():
    assert unpickled(pickled([Path, pickled, StrategyError])) == [Path, pickled, StrategyError]


UNABLE = """
LEVELS, STREAM = [1], (number for number in [1])
def first():
    return LEVELS, next(STREAM)
"""


def test_what_cannot_travel_is_named_with_its_file():
    names = {"__name__": "__main__", "__file__": "mine.py"}
    exec(UNABLE, names)  # of this file only
    with pytest.raises(StrategyError) as told:
        pickled(names["first"])
    said = str(told.value)
    assert said.startswith(
        "the strategy uses STREAM of mine.py, which cannot be sent to the processes of a run: "
        "TypeError: "
    )
    assert said.endswith("; make it in a module that they import, or run with inline=True")

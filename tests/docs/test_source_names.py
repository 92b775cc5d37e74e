"""What docstrings and comments name is there."""

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, name_of
from tests.docs.source_names import Mention, is_there, mentions, sources

SOURCE = '''
"""Reads `close_ts`, see `shm.ring` and `Ring.slot`; not ``this``, nor `a b`."""


def whole(row: int) -> int:
    """Look at `row.first()`."""
    kept = {"equity": row}  # as `kept`
    return kept["equity"]
'''


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("top", ["pipeline", "shm"])
def test_every_name_in_back_quotes_is_there(top: str):
    wrong = []
    for path in sources():
        if path.relative_to(ROOT).parts[0] != top:
            continue
        source = path.read_text(encoding="utf-8")
        wrong += [
            f"{name_of(path)}:{mention.line}: `{mention.name}` is nowhere in reach"
            for mention in mentions(source)
            if not is_there(mention.name, module_of(path), source)
        ]
    assert not wrong, "\n".join(wrong)


def test_mentions_are_names_in_single_back_quotes():
    assert list(mentions(SOURCE)) == [
        Mention("close_ts", 2),
        Mention("shm.ring", 2),
        Mention("Ring.slot", 2),
        Mention("row.first", 6),
        Mention("kept", 7),
    ]


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("Ring.slot", True),  # of a class of the module
        ("Ring.nothing", False),
        ("slot", True),  # of any class of it
        ("gate.Gate", True),  # a module beside it
        ("shm.gate.Gate", True),
        ("gate.Nothing", False),
        ("pipeline.codes", True),
        ("pipeline.nothing", False),
        ("row.first", True),  # of an argument
        ("equity", True),  # a key that the code uses
        ("while", True),
        ("len", True),
        ("nowhere_at_all", False),
        ("Gates.open", False),
    ],
)
def test_a_name_of_nothing_is_found_out(name: str, there: bool):
    assert is_there(name, "shm.ring", SOURCE) == there

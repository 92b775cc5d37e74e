"""Whatever is edited in the modules that a strategy uses, all that depends on it is told apart."""

import copy
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import indicators as ind
from pipeline.dependencies.code import code_hash
from pipeline.sweeps.keys.keys import strategy_hash
from tests.dependencies.edits import EDITS, ENVIRONMENT, PACKAGE, imported, write

#: A hash of each kind: of a compiled hook, a commission, an own indicator and a resume key.
Hashes = tuple[str, str, str, str]
NAME = f"{PACKAGE}.strategy:Own"


@pytest.fixture(scope="module")
def hashes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Collection[str]], Hashes]:
    """Take the hashes with some edits made, in a folder of their own."""
    known: dict[frozenset[str], Hashes] = {}

    def taken(edits: Collection[str]) -> Hashes:
        if frozenset(edits) not in known:
            folder = tmp_path_factory.mktemp("edited")
            write(folder, edits)
            known[frozenset(edits)] = hashes_in(folder)
        return known[frozenset(edits)]

    return taken


def hashes_in(folder: Path) -> Hashes:
    with imported(folder) as module:
        hook, fee = code_hash(module.Own.on_bar), code_hash(module.fee)
        own = ind.window(module.spread, 5).function_key
        return hook, fee, own, strategy_hash(module.Own, NAME)


@pytest.mark.parametrize("kind", EDITS)
def test_an_edit_of_any_kind_changes_every_hash(hashes, kind: str):
    before, after = hashes(()), hashes([kind])
    assert [one == other for one, other in zip(before, after, strict=True)] == [False] * 4


@settings(max_examples=10)
@given(*[st.sets(st.sampled_from(sorted(EDITS)), max_size=6)] * 2)
def test_hashes_are_equal_if_and_only_if_the_same_edits_were_made(hashes, one, other):
    same = one == other
    found = zip(hashes(one), hashes(other), strict=True)
    assert [first == second for first, second in found] == [same] * 4


def test_the_environment_counts_where_a_module_has_read_it(hashes, tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, "2.0")
    write(tmp_path)
    found = zip(hashes_in(tmp_path), hashes(()), strict=True)
    assert [one == other for one, other in found] == [False] * 4
    monkeypatch.delenv(ENVIRONMENT)
    assert hashes_in(tmp_path) == hashes(())


def test_what_no_function_uses_counts_for_resume_keys_alone(hashes, tmp_path):
    """They count whole files."""
    write(tmp_path)
    place = tmp_path / PACKAGE / "outside.py"
    place.write_text(place.read_text().replace("UNUSED = 1", "UNUSED = 2"))
    found = zip(hashes_in(tmp_path), hashes(()), strict=True)
    assert [one == other for one, other in found] == [True, True, True, False]


def test_using_a_value_does_not_change_what_it_counts_for(tmp_path):
    """Flags remember their combinations, and jitted functions the types they were called with."""
    write(tmp_path)
    with imported(tmp_path) as module:
        before = code_hash(module.Own.on_bar)
        modules: Any = module.worth.__globals__
        flags, jitted = modules["Permission"], modules["jitted"]
        assert flags(0) not in list(flags)
        assert [jitted.fast(1.0), jitted.each(1), jitted.outer(2)] == [12.0, 14.0, 14.0]
        copy.copy(modules["Stored"]())
        assert code_hash(module.Own.on_bar) == before

import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline.strategy.compiled.code_hash import code_hash

SOURCE = """
import numpy as np
from numba import njit
import settings

LEVEL = 1.0
LEVELS = np.array([1.0, 2.0])


@njit
def helper(x):
    return x + 1


def on_bar(self, bar, ctx, size=1):
    if bar.close > LEVEL + LEVELS[0] + settings.LEVEL:
        return helper(size) + settings.size()
    return [x for x in (1, 2)]
"""
SETTINGS = """
LEVEL = 3.0


def size():
    return 1
"""


def hashed(monkeypatch: pytest.MonkeyPatch, source: str = SOURCE, settings: str = SETTINGS) -> str:
    module: Any = ModuleType("settings")
    exec(settings, vars(module))
    monkeypatch.setitem(__import__("sys").modules, "settings", module)
    namespace: dict[str, Any] = {"__name__": "strategy"}
    exec(source, namespace)
    return code_hash(namespace["on_bar"])


def test_the_same_source_has_the_same_hash_wherever_it_stands(monkeypatch):
    moved = "# a comment\n\n\n" + SOURCE
    assert hashed(monkeypatch) == hashed(monkeypatch, moved)
    assert len(hashed(monkeypatch)) == 32


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bar.close >", "bar.close <"),
        ("bar.close", "bar.open"),
        ("LEVEL = 1.0", "LEVEL = 1.5"),
        ("[1.0, 2.0]", "[1.0, 2.5]"),
        ("x + 1", "x + 2"),
        ("size=1", "size=2"),
        ("(1, 2)", "(1, 3)"),
        ("x for x", "-x for x"),
    ],
)
def test_what_changes_the_result_changes_the_hash(monkeypatch, old: str, new: str):
    assert hashed(monkeypatch) != hashed(monkeypatch, SOURCE.replace(old, new))


@pytest.mark.parametrize(("old", "new"), [("3.0", "3.5"), ("return 1", "return 2")])
def test_what_is_reached_through_a_module_counts(monkeypatch, old: str, new: str):
    changed = SETTINGS.replace(old, new)
    assert hashed(monkeypatch) != hashed(monkeypatch, settings=changed)


def test_functions_that_call_each_other_have_a_hash():
    def even(n):
        return n == 0 or odd(n - 1)

    def odd(n):
        return n != 0 and even(n - 1)

    assert code_hash(even) == code_hash(even) != code_hash(odd)


def test_texts_count(tmp_path: Path):
    assert code_hash("a", "b") != code_hash("a", textwrap.dedent("c"))

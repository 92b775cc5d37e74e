"""Which edits change the key of a strategy in a notebook, which has no file to hash."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.sweeps.keys.keys import strategy_hash
from tests.sweeps.sources import python, write

NOTEBOOK = """
import functools
import math
from dataclasses import dataclass
import numpy as np
from numba import njit
from pipeline import Strategy, state
import mine

LEVEL = 1.0
LEVELS = {"a": [1.0, np.array([2.0])], "b": {"x", "y", "z"}}


@dataclass
class Settings:
    size: float = 3.0


class Table:
    rows = 4

    def get(self):
        return self.rows + mine.f()


SETTINGS = Settings()
TABLE = Table()
UP, DOWN = Settings(1.0), Settings(2.0)
ROOT, ROUND = math.sqrt, math.floor


@functools.cache
def kept(x):
    return x + 16


@njit
def helper(x):
    return x + 5


def factory(period):
    class Made(Strategy):
        fast: int = 10
        entry: float = state(6.0)
        limit = 7.0
        lookback = property(lambda self: 8)

        @staticmethod
        def twice(x):
            return x * 9

        @functools.cached_property
        def once(self):
            return 15

        def on_bar(self, bar, ctx):
            from late import LATE
            if bar.close > LEVEL + helper(SETTINGS.size) + TABLE.get() + period + LEVELS["a"][0]:
                ROOT(kept(UP.size) + ROUND(DOWN.size))
                ctx.target(bar.symbol, LATE if bar.open in {"p", "q", "r"} else 11)

    return Made


Own = factory(12)
"""
MINE = "def f():\n    return 13\n"


def hashed(monkeypatch, folder: Path, source: str = NOTEBOOK, mine: str = MINE, late: str = "14"):
    """The hash of a class in ``__main__``, whose imports are in files."""
    # Python takes bytecode for that of a file of the same second and size.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    write(folder, {"mine.py": mine, "late.py": f"LATE = {late}\n"})
    monkeypatch.syspath_prepend(str(folder))
    for name in ("mine", "late"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    notebook = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", notebook)
    exec(source, vars(notebook))
    return strategy_hash(vars(notebook)["Own"], "__main__:Own")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LEVEL = 1.0", "LEVEL = 1.5"),
        ("[2.0]", "[2.5]"),
        ("size: float = 3.0", "size: float = 3.5"),
        ("rows = 4", "rows = 5"),
        ("x + 5", "x - 5"),
        ("state(6.0)", "state(6.5)"),
        ("limit = 7.0", "limit = 7.5"),
        ("self: 8", "self: 9"),
        ("x * 9", "x * 10"),
        ("return 15", "return 16"),
        ("fast: int = 10", "fast: int = 20"),
        ("bar.close >", "bar.close <"),
        ('"r"}', '"s"}'),
        ("factory(12)", "factory(13)"),
        ('"z"}', '"w"}'),
        ("x + 16", "x + 17"),
        ("UP, DOWN =", "DOWN, UP ="),
        ("ROOT, ROUND =", "ROUND, ROOT ="),
    ],
)
def test_whatever_a_class_of_a_notebook_refers_to_counts(monkeypatch, tmp_path, old, new):
    assert old in NOTEBOOK
    before = hashed(monkeypatch, tmp_path)
    assert hashed(monkeypatch, tmp_path, NOTEBOOK.replace(old, new)) != before
    assert hashed(monkeypatch, tmp_path) == before


def test_so_do_the_files_that_it_imports_and_nothing_else_in_the_notebook(monkeypatch, tmp_path):
    before = hashed(monkeypatch, tmp_path)
    assert hashed(monkeypatch, tmp_path, mine=MINE.replace("13", "14")) != before
    assert hashed(monkeypatch, tmp_path, late="15") != before
    assert hashed(monkeypatch, tmp_path, "\n\nOTHER = 1\n" + NOTEBOOK + "\nprint\n") == before


def test_another_process_finds_the_same(tmp_path: Path):
    """Whatever the seed of its hashes of texts, by which sets are ordered."""
    write(tmp_path, {"mine.py": MINE, "late.py": "LATE = 14\n"})
    code = (
        f"import sys; sys.path.append({str(tmp_path)!r})\n{NOTEBOOK}\n"
        "from pipeline.sweeps.keys.keys import strategy_hash\n"
        "print(strategy_hash(Own, '__main__:Own'))"
    )
    assert len({python(code, working=tmp_path) for _ in range(3)}) == 1

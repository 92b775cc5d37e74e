"""Machine code on disk is not used when a module has changed that it was compiled from."""

from pathlib import Path

import numpy as np

from tests.reference.own_process import environment, python
from tests.strategy.compiled.test_hooks import PROGRAM

FILES = {
    "own.py": """
from pipeline import Strategy
import beside
from levels import Level


class Own(Strategy):
    def on_bar(self, bar, ctx):
        ctx.market(0, Level.SIZE.value + beside.third() + beside.far())
""",
    "levels.py": """
from enum import Enum


class Level(Enum):
    SIZE = 1.0
""",
    "beside.py": """
from numba import float32, njit
import deeper


@njit
def third():
    y = 1.0 / 3.0
    return 1.0 * y


@njit(cache=True)
def far():
    return deeper.ten()
""",
    "deeper.py": """
from numba import njit


@njit
def ten():
    return 10.0
""",
}
THIRD = 1.0 / 3.0


def first_order(folder: Path, cache: Path) -> float:
    """Run the strategy in a process of its own, and give the quantity of its first order."""
    paths = {"RINGTAPE_CACHE_DIR": str(cache), "NUMBA_CACHE_DIR": str(cache / "users")}
    done = python(
        *("-B", "-c", PROGRAM, f"{folder}/own.py:Own"), check=False, env=environment(**paths)
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def test_an_edited_enum_option_and_callee_of_a_cached_function_are_seen(
    tmp_path: Path, cache: Path
):
    """Each changes the sum by another amount."""
    edits = {
        "levels.py": ("SIZE = 1.0", "SIZE = 7.0"),
        "deeper.py": ("10.0", "20.0"),
        "beside.py": ("@njit\n", '@njit(locals={"y": float32})\n'),
    }
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    assert first_order(tmp_path, cache) == 11.0 + THIRD
    for name, (old, new) in edits.items():
        assert old in FILES[name]
        (tmp_path / name).write_text(FILES[name].replace(old, new))
    assert first_order(tmp_path, cache) == 27.0 + float(np.float32(THIRD)) != 27.0 + THIRD

"""One edition of a module in all processes of a run."""

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline import run
from pipeline.dependencies.editions import differing, editions
from pipeline.errors import StrategyError

OWN = """
from pipeline import Strategy, indicators as ind
import edited_beside
from edited_beside import LIMIT, twice


class Own(Strategy):
    def indicators(self):
        return {"average": ind.sma(edited_beside.PERIOD)}

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, edited_beside.SIZE + twice(1.0) + LIMIT)
"""
BESIDE = """
from numba import njit

PERIOD = 5
SIZE = 3.0
LIMIT = 0.0
UNUSED = 1


@njit
def twice(x):
    return 2.0 * x
"""
MODULES = ("edited_beside", "edited_own")


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module with a strategy, imported, and beside it a module that it uses."""
    (tmp_path / "edited_own.py").write_text(OWN)
    (tmp_path / "edited_beside.py").write_text(BESIDE)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    yield importlib.import_module("edited_own")
    for name in MODULES:
        sys.modules.pop(name, None)


def edit(folder: Path, old: str, new: str) -> None:
    assert old in BESIDE
    path = folder / "edited_beside.py"
    path.write_text(BESIDE.replace(old, new))
    # Bytecode knows the second and the size of its source: as many letters within a second are not
    # seen by a new process.
    later = path.stat().st_mtime + 2.0
    os.utime(path, (later, later))


def imported_anew() -> None:
    for name in MODULES:
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    importlib.import_module("edited_own")


@pytest.mark.parametrize(
    ("old", "new", "other"),
    [
        ("SIZE = 3.0", "SIZE = 7.0", [*MODULES]),
        ("PERIOD = 5", "PERIOD = 9", [*MODULES]),
        ("2.0 * x", "3.0 * x", [*MODULES]),
        ("LIMIT = 0.0", "LIMIT = 1.0", [*MODULES]),
        ("UNUSED = 1", "UNUSED = 22", []),
        ("SIZE = 3.0", "# a comment\nSIZE = 3.0", []),
    ],
)
def test_a_module_differs_where_it_was_edited_and_is_used(
    own: Any, tmp_path: Path, old: str, new: str, other: list[str]
):
    known = editions([own.Own])
    assert [one.module for one in known] == [*MODULES]
    edit(tmp_path, old, new)
    assert differing(known) == []
    imported_anew()
    assert [one.module for one in differing(known)] == other


def test_files_that_are_older_than_the_process_are_not_looked_at(own: Any, tmp_path: Path):
    before = psutil.Process().create_time() - 60.0
    for name in MODULES:
        os.utime(tmp_path / f"{name}.py", (before, before))
    assert editions([own.Own]) == ()


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_a_run_never_sees_two_editions(
    own: Any, sample: Path, tmp_path: Path, settings_of_a_session, mode: str
):
    settings = settings_of_a_session(
        catalog=str(sample),
        session_data_config={"symbols": ["ALFA"], "streams": ["1m"]},
        backtest_config={"start_date": "2024-10-22", "end_date": "2024-10-22"},
        strategy={"name": "edited_own:Own", "mode": mode},
    )
    before = run(settings, out=tmp_path / "runs")
    edit(tmp_path, "SIZE = 3.0", "SIZE = 7.0")
    with pytest.raises(StrategyError) as caught:
        run(settings, out=tmp_path / "runs")
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/edited_beside.py: this Python process has an older ")
    assert "edition of edited_beside, edited_own than the files" in message
    assert "\n" not in message
    imported_anew()
    after = run(settings, out=tmp_path / "runs")
    found = [max(one.fills["quantity"].to_pylist()) for one in (before, after)]
    assert found == [5.0, 9.0]

"""One edition of a module in all processes of a run."""

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline import run
from pipeline.dependencies.editions import differing, editions
from pipeline.errors import StrategyError
from tests.reference.own_process import python

OWN = """
from pipeline import Strategy, indicators as ind
import edited_beside
from edited_beside import LIMIT, twice


class Own(Strategy):
    def indicators(self):
        return {"average": ind.sma(edited_beside.PERIOD)}

    STEP = 0.0

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, self.STEP + edited_beside.SIZE + twice(1.0) + LIMIT)
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
    assert [one.edition.module for one in differing(known)] == other


def test_an_environment_that_differs_is_no_other_edition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Processes of a run have variables of their own."""
    source = "from os import environ\ndef asks():\n    return environ.get('HOME')\n"
    (tmp_path / "edited_beside.py").write_text(source)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    known = editions([importlib.import_module("edited_beside").asks])
    monkeypatch.setenv("OF_A_CHILD", "1")
    assert len(known) == 1
    assert differing(known) == []
    sys.modules.pop("edited_beside")


#: What a script sets, and how the error names it.
SET = {
    "edited_beside.SIZE = 7.0": "edited_beside.SIZE is not",
    "edited_own.LIMIT = 7.0": "edited_own.LIMIT is not",
    "edited_own.Own.STEP = 7.0": "edited_own.Own.STEP is not",
    "edited_own.twice = lambda x: 5.0 * x": "edited_own is not",
    "edited_own.Own.on_bar = lambda self, bar, ctx: None": "edited_own is not",
}
SET_FROM_OUTSIDE = """
import sys
from pipeline import run
from pipeline.errors import StrategyError

if __name__ == "__main__":
    for statement in {statements!r}:
        for name in {modules!r}:
            sys.modules.pop(name, None)
        import edited_beside, edited_own
        exec(statement)
        run({settings!r}, strategy=edited_own.Own, out={out!r}, inline=True)
        try:
            run({settings!r}, strategy=edited_own.Own, out={out!r})
        except StrategyError as error:
            print(error)
"""


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_a_value_that_a_script_sets_is_refused_by_its_name(
    own: Any, sample: Path, tmp_path: Path, settings_of_a_session, mode: str
):
    """However old the file is: the processes of the run would not see it."""
    for name in MODULES:
        os.utime(tmp_path / f"{name}.py", (1e9, 1e9))
    settings = settings_of_a_session(
        catalog=str(sample),
        session_data_config={"symbols": ["ALFA"], "streams": ["1m"]},
        backtest_config={"start_date": "2024-10-22", "end_date": "2024-10-22"},
        strategy={"name": "edited_own:Own", "mode": mode},
    )
    script = SET_FROM_OUTSIDE.format(
        statements=[*SET], modules=MODULES, settings=settings, out=str(tmp_path / "runs")
    )
    (tmp_path / "script.py").write_text(script)
    told = python(tmp_path / "script.py", cwd=tmp_path).stdout.splitlines()
    for line, named in zip(told, SET.values(), strict=True):
        assert named in line


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
    assert message.startswith(f"{tmp_path}/edited_beside.py: edited_beside.SIZE is not in this ")
    assert "if the file was edited, restart Python or import the module anew" in message
    assert "\n" not in message
    imported_anew()
    after = run(settings, out=tmp_path / "runs")
    found = [max(one.fills["quantity"].to_pylist()) for one in (before, after)]
    assert found == [5.0, 9.0]

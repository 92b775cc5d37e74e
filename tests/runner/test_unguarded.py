"""A file that begins a run whenever it is imported is refused with the line that needs a guard."""

import json
from pathlib import Path

import pytest

from pipeline.market.catalog.sample import FIRST_DATE, SYMBOLS
from tests.reference.own_process import python
from tests.reference.processes import settings_of

HEAD = """from pipeline import Strategy, run, sweep


class Mine(Strategy):
    size: int = 1

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, float(self.size))


"""
RUN = 'print(run("config.json", strategy=Mine).digest)'
SWEEP = 'print(len(sweep("config.json", strategy=Mine).rows))'
LINE = len(HEAD.splitlines()) + 1
OTHER = """from mine import Mine
from pipeline import run

if __name__ == "__main__":
    run("config.json", strategy=Mine)
"""


@pytest.fixture
def folder(sample: Path, tmp_path: Path) -> Path:
    settings = settings_of("US_EQUITY", FIRST_DATE, FIRST_DATE, SYMBOLS[:1], ["1m"], sample)
    settings["strategy"] = {"name": "mine.py:Mine"}
    settings["sweep"] = {"space": {"size": [1, 2]}, "score": "total_return", "best": 0}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    return tmp_path


def told(folder: Path, statement: str, line: int = LINE) -> str:
    return (
        f"{folder / 'mine.py'}:{line}: `{statement}` is done whenever mine.py is imported, and a "
        "run imports it, also in each of its processes; put the line below "
        '`if __name__ == "__main__":`'
    )


@pytest.mark.parametrize(
    "words",
    [("run",), ("run", "--inline"), ("run", "--set", "strategy.name=mine:Mine"), ("sweep",)],
)
@pytest.mark.parametrize("statement", [RUN, SWEEP])
def test_a_command_says_which_line_needs_the_guard(
    folder: Path, words: tuple[str, ...], statement: str
):
    (folder / "mine.py").write_text(f"{HEAD}{statement}\n")
    command, *options = words
    ended = python("-m", "pipeline.cli", command, "config.json", *options, check=False, cwd=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"ringtape: error: {told(folder, statement)}\n"


@pytest.mark.parametrize("statement", [RUN, SWEEP])
def test_a_script_that_imports_such_a_file_is_told_the_same(folder: Path, statement: str):
    """The first import begins a run, whose processes import the file, too."""
    source = f"{HEAD}def main():\n    {statement}\n\n\nmain()\n"
    (folder / "mine.py").write_text(source)
    (folder / "other.py").write_text(OTHER)
    ended = python("other.py", check=False, cwd=folder)
    assert ended.returncode == 1
    assert told(folder, "main()", LINE + 4) in ended.stderr
    assert "daemonic" not in ended.stderr


def test_as_the_script_that_is_started_it_needs_none(folder: Path):
    (folder / "mine.py").write_text(f"{HEAD}{RUN}\n{SWEEP}\n")
    digest, rows = python("mine.py", cwd=folder).stdout.split()
    assert (len(digest), rows) == (32, "2")


def test_with_the_guard_it_is_used_both_ways(folder: Path):
    guarded = f'{HEAD}if __name__ == "__main__":\n    {RUN}\n'
    (folder / "mine.py").write_text(guarded)
    (folder / "other.py").write_text(OTHER)
    python("other.py", cwd=folder)
    own = python("mine.py", cwd=folder).stdout.strip()
    command = python("-m", "pipeline.cli", "run", "config.json", "--json", cwd=folder)
    assert json.loads(command.stdout)["digest"] == own


def test_a_file_that_runs_strategies_of_others_may_be_imported(folder: Path):
    (folder / "mine.py").write_text(HEAD)
    (folder / "step.py").write_text(f"from mine import Mine\nfrom pipeline import run\n{RUN}\n")
    (folder / "steps.py").write_text("import step\n")
    assert len(python("steps.py", cwd=folder).stdout.strip()) == 32


def test_a_run_in_a_hook_is_refused(folder: Path):
    hook = HEAD.replace("ctx.target(bar.symbol, float(self.size))", 'run("config.json")')
    (folder / "mine.py").write_text(hook)
    interpreted = ("--set", "strategy.mode=interpreted")
    ended = python(
        "-m", "pipeline.cli", "run", "config.json", *interpreted, check=False, cwd=folder
    )
    assert ended.returncode == 1
    assert "mine.py:8: Mine.on_bar raised RuntimeError: run() is called in a proc" in ended.stderr

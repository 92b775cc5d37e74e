"""A user's folder may hold modules with the names of this package's."""

import json
from pathlib import Path

import pytest

from tests.reference.own_process import python
from tests.reference.processes import settings_of

STRATEGY = """
import os
import subprocess
import sys
from pipeline import Strategy

class Asks(Strategy):
    def on_start(self, ctx):
        assert "PYTHONSAFEPATH" not in os.environ

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, 1.0)
"""
SHADOWS = ("pipeline.py", "pipeline/__init__.py", "shm.py", "random.py", "multiprocess.py")


@pytest.fixture
def folder(tmp_path: Path, sample: Path) -> Path:
    config = settings_of("US_EQUITY", "2024-11-25", "2024-11-25", ["ALFA"], ["1m"], sample)
    config["strategy"] = {"name": "asks.py:Asks", "mode": "interpreted"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "asks.py").write_text(STRATEGY)
    return tmp_path


#: The command as the script that pip installs starts it: the working directory is no place for
#: modules.
COMMAND = "import sys; sys.path.remove(''); from pipeline.cli import main; main(sys.argv[1:])"


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_commands_work_in_a_folder_with_such_modules(folder: Path, method: str):
    for name in SHADOWS:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("raise RuntimeError('taken from the wrong place')\n")
    words = "run", "config.json", "--set", f"pipeline.start_method={method}", "--json"
    done = python("-c", COMMAND, *words, cwd=folder, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["lanes"][0]["orders"] > 0


def test_a_script_is_told_which_file_stands_in_for_the_package_shm(folder: Path):
    (folder / "shm.py").touch()
    (folder / "script.py").write_text("from pipeline import run\n")
    done = python("script.py", cwd=folder, check=False)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(
        f"ImportError: the package shm, which Ringtape needs, is {folder / 'shm.py'}, expected "
    )
    assert last.endswith(
        "rename the file or folder that Python finds first, or start Python in another folder"
    )

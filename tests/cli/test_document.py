"""With --json, stdout is one document, whatever a strategy prints."""

import json
import os
from pathlib import Path

import pytest

from tests.reference.own_process import python
from tests.reference.processes import settings_of

PRINTS = """
import os
from pipeline import Strategy

class Prints(Strategy):
    def on_start(self, ctx):
        print("from the hook")
        os.write(1, b"to the descriptor\\n")

    def on_bar(self, bar, ctx):
        pass
"""


@pytest.mark.parametrize("inline", [False, True])
def test_what_a_strategy_prints_goes_to_stderr(sample: Path, tmp_path: Path, inline: bool):
    (tmp_path / "prints.py").write_text(PRINTS)
    config = settings_of("US_EQUITY", "2024-11-25", "2024-11-25", ["ALFA"], ["1m"], sample)
    config["strategy"] = {"name": "prints.py:Prints", "mode": "interpreted"}
    (tmp_path / "c.json").write_text(json.dumps(config))
    words = ["run", "c.json", "--json"] + ["--inline"] * inline
    done = python("-m", "pipeline.cli", *words, cwd=tmp_path)
    assert json.loads(done.stdout)["session_name"] == "test"
    assert sorted(done.stderr.splitlines()) == ["from the hook", "to the descriptor"]


EARLY = """
import sys
import psutil
from pipeline.cli import main

try:
    main(sys.argv[1:])
except SystemExit as end:
    code = end.code
heavy = {"numba", "pandas", "pyarrow", "exchange_calendars", "numpy"}
print(code, sorted(heavy & set(sys.modules)), psutil.Process().children())
imported = list(sys.modules)
print(imported.index("pipeline.runner.starting") < imported.index("pydantic"))
"""


@pytest.mark.parametrize("command", ["run", "sweep"])
def test_a_wrong_configuration_is_refused_before_anything_heavy_is_imported(
    command: str, tmp_path: Path
):
    """The fork server, which was started before, has ended."""
    (tmp_path / "wrong.json").write_text('{"session_name": "x", "execution": {"slipage": 1}}')
    done = python("-c", EARLY, command, "wrong.json", cwd=tmp_path)
    assert "execution.slipage is not a setting" in done.stderr
    assert done.stdout == "2 [] []\nTrue\n"
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.json"]


UNREADABLE = """
import sys
from pipeline.cli import main

try:
    main(sys.argv[1:])
except SystemExit as end:
    print(end.code, sorted({"pydantic", "multiprocess", "dill"} & set(sys.modules)))
"""


@pytest.mark.parametrize("command", ["run", "sweep"])
@pytest.mark.parametrize("content", [None, '{"session_name": "x",}'])
def test_a_file_that_cannot_be_read_is_refused_as_fast_as_a_help_text(
    command: str, content: str | None, tmp_path: Path
):
    """Neither the settings nor what starts processes is imported."""
    if content is not None:
        (tmp_path / "wrong.json").write_text(content)
    done = python("-c", UNREADABLE, command, "wrong.json", cwd=tmp_path)
    assert "wrong.json does not exist" in done.stderr or "wrong.json is not valid" in done.stderr
    assert done.stdout == "2 []\n"


def test_a_refusal_is_one_line_also_without_standard_input(tmp_path: Path):
    done = python(
        "-m",
        "pipeline.cli",
        *("run", "none.json"),
        check=False,
        cwd=tmp_path,
        preexec_fn=lambda: os.close(0),
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "ringtape: error: none.json does not exist, expected a configuration file\n"
    )

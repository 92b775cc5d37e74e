"""Every Python and shell block of every page runs, in order, as a reader would type it.

A page becomes one script, in which each block stands at the lines it has on the page, so that the
traceback of a block that fails names a line of the page. Shell blocks are run by the script where
they stand; a block that names a file is saved under that name.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, blocks, name_of, pages
from tests.reference.own_process import environment, python

#: Commands that are not run, by what they begin with, and why.
NOT_RUN = {
    r"python3? -m venv ": "the environment is there",
    r"(source|\.) \S*activate$": "it is active",
    r"\S*pip install ": "Ringtape and all that its tests need is installed",
    r"(\S*/)?(python -m )?pytest\b": "the tests do not run the tests",
    r"ringtape stress\b": "it takes minutes; its own tests run it",
    r"\.ci/run$": "the same",
    r"(\S*/)?(ruff|mypy|pre-commit)\b": "they look at the whole tree, and .ci/run runs them",
    r"(\S*/)?python (-m )?bench\b": "a bench takes minutes, and .ci/run runs each with --smoke",
    r"(\S*/)?python -m tests\.docs\.": "it writes into the tree, and a test of its own looks at it",
    r"git |gh ": "it changes a repository",
}
_SHELLS = ("sh", "bash", "shell", "console")
_TOOLS = """\
import pathlib
import subprocess
import sys


def shell(text):
    sys.stdout.flush()
    subprocess.run(["bash", "-euo", "pipefail", "-c", text], check=True)


def save(name, text):
    path = pathlib.Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
"""


@dataclass(frozen=True)
class Script:
    """A page as a script, and how much of the page is in it."""

    text: str
    python: int
    commands: int
    left_out: int


def commands(text: str) -> tuple[list[str], int]:
    """Return the commands of a shell block that are run, and how many are not."""
    run, left_out = [], 0
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        for command in re.split(r" && ", line.strip()):
            if any(re.match(begin, command) for begin in NOT_RUN):
                left_out += 1
            else:
                run.append(command)
    return run, left_out


def script_of(text: str) -> Script:
    """Make a page's script."""
    lines = ["" for _ in range(text.count("\n") + 2)]
    lines[0] = "import tools_of_the_page"
    python = shell = left_out = 0
    for block in blocks(text):
        if not block.runs:
            continue
        at = block.line - 1
        if block.file is not None:
            lines[at] = f"tools_of_the_page.save({block.file!r}, {block.text!r})"
        elif block.language == "python":
            own = block.text.splitlines()
            lines[at : at + len(own)] = own
            python += 1
        elif block.language in _SHELLS:
            run, left = commands(block.text)
            left_out += left
            shell += len(run)
            if run:
                lines[at] = "tools_of_the_page.shell({!r})".format("\n".join(run))
    return Script("\n".join(lines) + "\n", python, shell, left_out)


def _script(page: Path) -> Script:
    return script_of(page.read_text(encoding="utf-8"))


PAGES_THAT_RUN = [page for page in pages() if _script(page).python + _script(page).commands]


@pytest.fixture
def folder(tmp_path: Path, sample: Path) -> Path:
    """Make a folder like a reader's clone: the examples, and the sample market in its place."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "sample").symlink_to(sample)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / "tools_of_the_page.py").write_text(_TOOLS)
    return tmp_path


@pytest.mark.parametrize("page", PAGES_THAT_RUN, ids=name_of)
def test_all_blocks_of_a_page_run(page: Path, folder: Path):
    script = folder / f"{name_of(page).replace('/', '.').removesuffix('.md')}.py"
    script.write_text(_script(page).text, encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = python(
        script.name,
        check=False,
        env=environment(PATH=path),
        cwd=folder,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-5000:]}"


def test_there_is_enough_to_run():
    found = [_script(page) for page in pages()]
    assert sum(one.python for one in found) >= 10
    assert sum(one.commands for one in found) >= 20
    assert len(PAGES_THAT_RUN) >= 6


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_a_block_that_is_not_run_says_why(page: Path):
    silent = [block.line for block in _blocks(page) if not block.runs and not block.reason]
    assert not silent, f"lines {silent}: write ```sh no-run: and the reason"


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_json_on_a_page_is_json(page: Path):
    """Whole, or members of an object."""
    for block in _blocks(page):
        if block.language == "json":
            text = block.text if block.text.startswith(("{", "[")) else f"{{{block.text}}}"
            json.loads(text)


def _blocks(page: Path) -> list[Block]:
    return blocks(page.read_text(encoding="utf-8"))


def test_a_script_has_each_block_at_its_lines():
    page = (
        "# Page\n\n```python\nx = 1\n```\n\n```sh\npython3 -m venv .venv && ringtape demo\n```\n"
        "\n```python mine.py\nraise SystemExit\n```\n\n```python no-run: a reason\n1 / 0\n```\n"
    )
    script = script_of(page)
    lines = script.text.splitlines()
    assert lines[3] == "x = 1"
    assert lines[7] == "tools_of_the_page.shell('ringtape demo')"
    assert lines[11] == "tools_of_the_page.save('mine.py', 'raise SystemExit\\n')"
    assert "1 / 0" not in script.text
    assert (script.python, script.commands, script.left_out) == (1, 1, 1)


def test_a_command_over_two_lines_is_one():
    assert commands("ringtape demo \\\n  --json\n# nothing\n") == (["ringtape demo    --json"], 0)

"""The folder of the fork server's socket: in any temporary directory, and gone with its process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.runner.stale_folders import remove_stale_folders
from tests.reference.own_process import environment, python

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sockets have no paths there")

START = """
import sys
from multiprocess import process
from pipeline.runner.starting import start_context
start_context("forkserver")
print(process.current_process()._config["tempdir"], flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def long_directory(tmp_path: Path) -> Path:
    """A temporary directory whose path leaves no room for a socket's."""
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    return folder


def test_a_temporary_directory_with_a_long_path_will_do(long_directory: Path):
    done = python("-c", START, env=environment(TMPDIR=str(long_directory)), input="\n")
    folder = Path(done.stdout.strip())
    assert done.stderr == ""
    assert folder.parent != long_directory
    assert not folder.exists()
    assert list(long_directory.iterdir()) == []


def test_without_a_short_path_the_directory_is_named(
    long_directory: Path, monkeypatch: pytest.MonkeyPatch
):
    script = (
        "import pipeline.native.temporary as module\n"
        "from pathlib import Path\n"
        f"module.directories = lambda: [Path({str(long_directory)!r})]\n{START}"
    )
    done = python("-c", script, env=environment(TMPDIR=str(long_directory)), check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(
        "a run needs a temporary directory whose path leaves room for a socket's, at most 65 "
        f"bytes; found: {long_directory}: set TMPDIR to another one"
    )


def test_what_a_killed_process_left_is_removed_and_nothing_of_the_living(tmp_path: Path):
    folders = []
    started = []
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, "-c", START],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        folders.append(Path(process.stdout.readline().strip()))
        started.append(process)
    killed, lives = started
    try:
        assert [folder.is_dir() for folder in folders] == [True, True]
        killed.kill()
        killed.communicate()
        remove_stale_folders()  # another run of this machine may be quicker
        assert [folder.is_dir() for folder in folders] == [False, True]
    finally:
        lives.communicate("\n")
    assert not folders[1].exists()

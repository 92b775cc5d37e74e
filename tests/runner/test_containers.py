"""Containers that share memory or a temporary directory do not remove each other's things."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.native.temporary import is_held, make_folder
from shm.names import LISTING, new_run_id
from shm.segment import Segment
from tests.reference.own_process import environment

#: As in a container: processes have other numbers there.
CONTAINER = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")

CLEANING = """
from pipeline.runner.stale_folders import remove_stale_folders
from pipeline.watch.live_runs import live_runs
from shm.stale import remove_stale

remove_stale(), remove_stale_folders()
assert not live_runs()
"""


def test_what_a_process_of_another_container_has_is_left_alone(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    variables = environment(TMPDIR=str(tmp_path))
    folder = make_folder()
    assert folder is not None
    assert folder.parent == tmp_path
    with Segment.create(new_run_id(), "a", 64) as segment:
        command = [*CONTAINER, sys.executable, "-c", CLEANING]
        try:
            done = subprocess.run(command, env=variables, capture_output=True, text=True)
        except FileNotFoundError:
            pytest.skip("needs the command unshare")
        if "unshare" in done.stderr:
            pytest.skip(f"needs a name space for processes: {done.stderr.strip()}")
        assert (done.returncode, done.stderr) == (0, "")
        assert is_held(folder)
        assert (LISTING / segment.name).exists()

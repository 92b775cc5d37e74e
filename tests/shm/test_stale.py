import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shm import stale as stale_module
from shm.names import LISTING, new_run_id, shared_name
from shm.segment import Segment
from shm.stale import remove_stale
from tests.reference.own_process import environment

Left = Callable[[str], list[str]]

pytestmark = pytest.mark.skipif(not LISTING.is_dir(), reason="the system lists no shared memory")

OWNER = """
import sys
from multiprocess import resource_tracker
from shm.gate import Gate
from shm.segment import Segment

segment = Segment.create(sys.argv[1], "a", 1000)
gate = Gate(sys.argv[1], "a.b", producer="alice", consumer="bob")
print(resource_tracker._resource_tracker._pid, flush=True)
sys.stdin.read()
"""

BYSTANDER = "import sys; print(flush=True); sys.stdin.read()"


def launch(*args: str) -> tuple[subprocess.Popen[str], str]:
    """Start Python, wait for its first line and return it."""
    process = subprocess.Popen(
        [sys.executable, "-c", *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    return process, process.stdout.readline()


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_what_a_killed_owner_and_its_killed_tracker_left_is_removed(
    run_id: str, left: Left
) -> None:
    owner, line = launch(OWNER, run_id)
    names = [f"rt-{run_id}-{owner.pid}-a", f"sem.rt-{run_id}-{owner.pid}-a.b"]
    try:
        remove_stale()
        assert left(run_id) == names, "a living owner's things are not touched"
        os.kill(int(line), signal.SIGKILL)
    finally:
        end(owner)
    assert left(run_id) == names
    remove_stale()
    assert left(run_id) == []


def test_a_living_owner_is_known_by_its_mapping_when_the_clock_was_set(
    run_id: str, left: Left
) -> None:
    """The file seems older than its owner, as after a leap of the clock."""
    owner, line = launch(OWNER, run_id)
    try:
        names = left(run_id)
        assert len(names) == 2
        for name in names:
            os.utime(LISTING / name, (0, 0))
        remove_stale()
        assert left(run_id) == names
    finally:
        os.kill(int(line), signal.SIGKILL)
        end(owner)
        remove_stale()


def test_removal_tells_what_it_removed_and_leaves_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder of plain files: dead owners, a zombie, a reused pid, a living one, strangers."""
    bystander, _ = launch(BYSTANDER)
    zombie, _ = launch(BYSTANDER)
    dead, _ = launch(BYSTANDER)
    try:
        end(dead)
        os.kill(zombie.pid, signal.SIGKILL)
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        run = new_run_id()
        elsewhere = f"{int(run, 16) ^ 1 << 31:08x}"  # in another space
        gone = [
            f"rt-{run}-{dead.pid}-a",
            f"sem.rt-{run}-{dead.pid}-b",
            f"rt-{run}-{zombie.pid}-a",
            f"rt-{run}-{bystander.pid}-old",
        ]
        living = [f"rt-{run}-{bystander.pid}-new", f"rt-{run}-{os.getpid()}-a"]
        kept = [*living, f"rt-{elsewhere}-{dead.pid}-a", "psm_1", "sem.mp-1", "rt-x"]
        for name in gone + kept:
            (tmp_path / name).touch()
        os.utime(tmp_path / f"rt-{run}-{bystander.pid}-old", (1, 1))
        monkeypatch.setattr(stale_module, "LISTING", tmp_path)
        assert remove_stale() == sorted(gone)
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
    finally:
        end(bystander)
        end(zombie)


def test_ones_own_segment_is_not_stale(run_id: str) -> None:
    with Segment.create(run_id, "a", 8):
        assert shared_name(run_id, "a") not in remove_stale()
        assert (LISTING / shared_name(run_id, "a")).exists()


def test_without_a_listing_nothing_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stale_module, "LISTING", tmp_path / "none")
    assert remove_stale() == []

"""The cache folder of runs: damaged, on a full disk, and left by processes that were killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pipeline.market.catalog.sample import FIRST_DATE, SYMBOLS
from pipeline.native.file_lock import wait_for_lock
from tests.reference.own_process import environment, python
from tests.reference.processes import settings_of
from tests.small_disk import small_file_system


@pytest.fixture(scope="module")
def config(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of a compiled strategy over one session."""
    settings = settings_of("US_EQUITY", FIRST_DATE, FIRST_DATE, SYMBOLS[:2], ["1m"], sample)
    settings["strategy"] = {"name": "pipeline.strategy.examples:SmaCross"}
    file = tmp_path_factory.mktemp("config") / "config.json"
    file.write_text(json.dumps(settings))
    return file


def ran(config: Path, cache: Path, *options: str) -> str:
    """Run a configuration without a word on stderr, and give the digest."""
    line = ["-m", "pipeline.cli", "run", config, "--json", "--out", config.parent / "runs"]
    line += options
    done = python(*line, check=False, env=environment(RINGTAPE_CACHE_DIR=str(cache)))
    # A slow disk is waited for and named, which is no fault.
    said = [line for line in done.stderr.splitlines() if "waits for a disk" not in line]
    assert (done.returncode, said) == (0, [])
    return str(json.loads(done.stdout)["digest"])


@pytest.fixture(scope="module")
def filled(config: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A cache that a run has filled, for all workers of pytest, and the digest of that run."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "filled"
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        wait_for_lock(lock.fileno())
        if not (place / "digest").exists():
            (place / "digest").write_text(ran(config, place / "cache"))
    return place / "cache", (place / "digest").read_text()


def times(cache: Path) -> dict[Path, int]:
    """When each file of a cache was written; locks are not written."""
    files = (path for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {path.relative_to(cache): path.stat().st_mtime_ns for path in files}


def compiled_code(cache: Path) -> set[Path]:
    """The files of machine code in a cache, unfinished ones included."""
    return {path for path in times(cache) if "kernels" in path.parts}


def half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def changed(file: Path) -> None:
    content = bytearray(file.read_bytes())
    for place in range(len(content) // 3, len(content) // 3 + 20):
        content[place : place + 1] = b"\xff"
    file.write_bytes(content)


KEPT = {"calendars", "kernels", "right", "verified"}


@pytest.mark.parametrize("damage", [half, empty, changed])
def test_a_damaged_cache_is_made_whole_again_and_changes_no_result(
    config: Path, filled: tuple[Path, str], tmp_path: Path, damage: Callable[[Path], None]
):
    """Damaged machine code is compiled anew, which the kill below has to do anyway."""
    whole, digest = filled
    cache = tmp_path / "cache"
    shutil.copytree(whole, cache)
    files = [path.relative_to(cache) for path in cache.rglob("*") if path.is_file()]
    assert {kind for path in files for kind in path.parts[:2]} & KEPT == KEPT
    for path in files:
        if (KEPT - {"kernels"}).intersection(path.parts):
            damage(cache / path)
    assert ran(config, cache) == digest
    after = times(cache)
    assert set(after) == set(times(whole))
    assert ran(config, cache) == digest
    assert times(cache) == after  # nothing had to be made a second time


def test_a_run_goes_on_when_the_disk_of_the_cache_is_full(
    config: Path, filled: tuple[Path, str], tmp_path: Path
):
    """And what is on the full disk afterwards is whole: a cache with it gives the same."""
    whole, digest = filled
    with small_file_system(tmp_path / "disk", "200k") as disk:
        assert ran(config, disk / "cache", "--inline") == digest
        kept = times(disk)
        assert 0 < len(kept) < len(times(whole))
        assert [path for path in kept if path.suffix == ".part"] == []
        shutil.copytree(whole, tmp_path / "cache")
        shutil.copytree(disk / "cache", tmp_path / "cache", dirs_exist_ok=True)
    assert ran(config, tmp_path / "cache") == digest


def compiling(config: Path, cache: Path) -> "subprocess.Popen[str]":
    """Start a run, and wait until it has replaced machine code and compiles more."""
    before = times(cache)
    line = ["-m", "pipeline.cli", "run", str(config), "--json", "--out", str(cache.parent / "runs")]
    started = subprocess.Popen(
        [sys.executable, *line],
        env=environment(RINGTAPE_CACHE_DIR=str(cache)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    code = [path for path in before if path.suffix == ".nbc"]
    while started.poll() is None and all(
        (cache / path).stat().st_mtime_ns == before[path] for path in code
    ):
        signal.sigtimedwait((), 0.01)
    return started


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_after_a_kill_in_the_middle_of_compiling_damaged_code_anew_the_next_run_works(
    config: Path, filled: tuple[Path, str], tmp_path: Path
):
    """The chaos run kills members in the middle of compiling, too."""
    whole, digest = filled
    cache = tmp_path / "cache"
    shutil.copytree(whole, cache)
    for path in compiled_code(cache):
        half(cache / path)
    started = compiling(config, cache)
    below = psutil.Process(started.pid).children(recursive=True)
    started.kill()
    _, told = started.communicate()
    assert started.returncode == -signal.SIGKILL
    assert "Traceback" not in told
    psutil.wait_procs(below)
    (last,) = (path for path in times(whole) if path.match("walk.walk_slot-*.nbc"))
    left = (cache / last).with_name(f"{last.name}.{started.pid}.part")
    left.write_bytes(b"half")  # as it is when the kill comes within the write
    assert ran(config, cache) == digest
    after = times(cache)
    assert compiled_code(cache) == compiled_code(whole)
    assert ran(config, cache) == digest
    assert times(cache) == after  # nothing had to be made a second time

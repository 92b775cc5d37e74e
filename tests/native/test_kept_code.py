"""Compiled code on disk: found again, made once, and never used when it is not what was written."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from pipeline.native import kept_code
from pipeline.native.checked_file import write_checked
from tests.reference.own_process import ROOT, environment, python

SOURCE = """
from pipeline.native.kernel import kernel

@kernel()
def inner(value):
    return value + 1

@kernel()
def outer(value):
    return 2 * inner(value)
"""
SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import kept_kernels as kernels
print(kernels.outer(3), sum(kernels.outer.entry.stats.cache_hits.values()))
"""
#: Compiles a small kernel of ours.
OWN_KERNEL = """
from pipeline.execution import account
from pipeline.native.kernel import called_with_integers
called_with_integers(account.empty_outbox_at)
print(account.__file__, sum(account.empty_outbox_at.entry.stats.cache_hits.values()))
"""
TALKING = """
from pipeline.native.kernel import kernel

@kernel()
def inner(value):
    print(value)
    raise ValueError("bad", value)

@kernel()
def outer(value):
    return inner(value)
"""
TALK = """
import sys
sys.path.insert(0, sys.argv[1])
import kept_kernels as kernels
try:
    kernels.outer(0.5)
except ValueError as error:
    sys.stdout.flush()
    print(error.args)
"""
#: Loads the kernel for all types on disk, and calls it where nothing can be compiled any more.
LOADED = """
import shutil, sys
sys.path.insert(0, sys.argv[1])
import kept_kernels as kernels
kernels.outer.entry.load()
shutil.rmtree(sys.argv[1] + "/cache")
kernels.outer.entry.disable_compile()
print(kernels.outer(3), kernels.outer(0.5))
"""
#: Begins to compile, says so, and does not come back.
STUCK = """
import sys, threading
sys.path.insert(0, sys.argv[1])
import kept_kernels as kernels
from numba.core import event

class Stuck(event.Listener):
    def on_start(self, happened):
        print("compiling", flush=True)
        threading.Event().wait()

    def on_end(self, happened):
        pass

event.register("numba:compile", Stuck())
kernels.outer(3)
"""

Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Start an interpreter whose compiled code is kept below ``tmp_path``."""
    (tmp_path / "kept_kernels.py").write_text(SOURCE)
    variables = environment(RINGTAPE_CACHE_DIR=str(tmp_path / "cache"))

    def begin(script: str) -> "subprocess.Popen[str]":
        line = [sys.executable, "-c", script, str(tmp_path)]
        return subprocess.Popen(line, env=variables, stdout=subprocess.PIPE, text=True)

    return begin


def told(process: "subprocess.Popen[str]") -> list[str]:
    """What a script printed: the kernel's result, and how many versions it found on disk."""
    out, _ = process.communicate()
    assert process.returncode == 0
    return out.split()


def kept(tmp_path: Path, ending: str) -> list[Path]:
    return sorted((tmp_path / "cache").rglob(f"*{ending}"))


def test_an_entry_is_kept_with_its_parts_and_found_again(start: Start, tmp_path: Path):
    assert told(start(SCRIPT)) == ["8", "0"]
    (index,) = kept(tmp_path, ".nbi")
    assert "outer" in index.name
    assert told(start(SCRIPT)) == ["8", "1"]


def test_what_is_on_disk_is_loaded_for_all_types_at_once(start: Start, tmp_path: Path):
    assert told(start(SCRIPT)) == ["8", "0"]
    assert told(start(SCRIPT.replace("outer(3)", "outer(0.5)"))) == ["3.0", "0"]
    assert told(start(LOADED)) == ["8", "3.0"]


def cut(left: int) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        file.write_bytes(file.read_bytes()[:left])

    return damage


def changed(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def of_another_numba(index: Path) -> None:
    write_checked(index, b"cnumba.core.types\nGone\n.")


def test_a_file_that_is_not_what_was_written_is_made_again(start: Start, tmp_path: Path):
    told(start(SCRIPT))
    damages = [cut(0), cut(100), cut(-1), changed]
    for ending, damage in (
        *product((".nbi", ".nbc"), damages),
        (".nbi", of_another_numba),
    ):
        (file,) = kept(tmp_path, ending)
        damage(file)
        assert told(start(SCRIPT)) == ["8", "0"], (ending, damage)
        assert told(start(SCRIPT)) == ["8", "1"], (ending, damage)


def test_a_part_may_print_and_raise_what_it_was_given_when_just_compiled(
    start: Start, tmp_path: Path
):
    (tmp_path / "kept_kernels.py").write_text(TALKING)
    for _ in range(2):  # compiled, and from disk
        assert told(start(TALK)) == ["0.5", "('bad',", "0.5)"]


def test_the_same_sources_in_another_place_find_the_same_code(tmp_path: Path):
    """So a version that is installed twice, or checked out twice, compiles once."""
    found = []
    for place in (tmp_path / "one", tmp_path / "other"):
        for package in ("pipeline", "shm"):
            shutil.copytree(ROOT / package, place / package)
        paths = {"RINGTAPE_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(place)}
        done = python("-c", OWN_KERNEL, env=environment(**paths), cwd=place)
        file, hits = done.stdout.split()
        assert Path(file).is_relative_to(place)
        found.append(hits)
    assert found == ["0", "1"]


def test_of_two_that_begin_at_once_one_compiles_and_the_other_finds_it(start: Start):
    first, second = start(SCRIPT), start(SCRIPT)
    assert sorted([told(first), told(second)]) == [["8", "0"], ["8", "1"]]


def test_a_compiler_that_is_killed_keeps_nobody_waiting(start: Start, tmp_path: Path):
    stuck = start(STUCK)
    assert stuck.stdout is not None
    assert stuck.stdout.readline() == "compiling\n"
    waiting = start(SCRIPT)
    os.kill(stuck.pid, signal.SIGKILL)
    stuck.communicate()
    assert told(waiting) == ["8", "0"]
    assert len(kept(tmp_path, ".lock")) == 1


def test_what_a_killed_writer_left_is_removed_by_the_next(start: Start, tmp_path: Path):
    told(start(SCRIPT))
    (data,) = kept(tmp_path, ".nbc")
    ended = start("")
    ended.communicate()
    left = data.with_name(f"{data.name}.{ended.pid}.part")
    left.write_bytes(b"half")
    data.write_bytes(b"")
    assert told(start(SCRIPT)) == ["8", "0"]
    assert not left.exists()


#: Lets this process write no file longer than some bytes before it calls the kernel.
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
"""


@pytest.mark.parametrize("most", [0, 100, 3000])
def test_a_kernel_that_cannot_be_kept_is_compiled_all_the_same(tmp_path: Path, most: int):
    """As on a full disk; nothing unfinished is left, and later it is kept."""
    (tmp_path / "kept_kernels.py").write_text(SOURCE)
    variables = environment(RINGTAPE_CACHE_DIR=str(tmp_path / "cache"))
    for script, found in ((LIMITED + SCRIPT, "0"), (SCRIPT, "0"), (SCRIPT, "1")):
        # Python would leave a part of the module's bytecode.
        done = python("-B", "-c", script, tmp_path, str(most), env=variables)
        assert (done.stdout.split(), done.stderr) == (["8", found], "")
        assert kept(tmp_path, ".part") == []


def test_a_lock_that_cannot_be_made_keeps_nobody_from_compiling(start: Start, tmp_path: Path):
    told(start(SCRIPT))
    (lock,) = kept(tmp_path, ".lock")
    lock.unlink()
    lock.mkdir()
    for file in (*kept(tmp_path, ".nbi"), *kept(tmp_path, ".nbc")):
        file.unlink()
    assert told(start(SCRIPT)) == ["8", "0"]
    assert told(start(SCRIPT)) == ["8", "1"]


class OfMissingModule:
    """What is loaded only where a module is."""

    def __reduce__(self) -> tuple[Any, ...]:
        return import_module, ("a_module_that_is_not_there",)


def test_code_of_a_module_that_is_not_to_be_found_is_made_again(tmp_path: Path):
    files = kept_code._CheckedFiles(str(tmp_path), "function", "stamp")
    files.save("one", OfMissingModule())
    files.save("other", "found")
    assert files.load("one") is None
    assert files.load("other") == "found"


def test_a_key_never_finds_the_code_of_another(tmp_path: Path):
    """Also where a data file was replaced and its index was not, as when a process is killed."""
    files = kept_code._CheckedFiles(str(tmp_path), "function", "stamp")
    files.save("one", "code of one")
    index = (tmp_path / "function.nbi").read_bytes()
    (tmp_path / "function.nbi").unlink()
    files.save("other", "code of other")
    assert files.load("other") == "code of other"
    (tmp_path / "function.nbi").write_bytes(index)
    assert files.load("one") is None
    files.save("one", "code of one")
    assert files.load("one") == "code of one"

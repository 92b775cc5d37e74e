"""What users are told of the compiler: its steps have words, and a terminal shows them in time."""

import os
import sys
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from numba import types

from pipeline.lane.slot_view import begin_slot
from pipeline.lane.walk import walk_slot
from pipeline.runner.crew import Crew
from pipeline.runner.progress import Follower, Progress
from pipeline.runner.progress_line import progress_line
from pipeline.runner.starting import start_context
from pipeline.runner.work import Work
from pipeline.stages import compiling
from pipeline.stages.compiling import (
    PIECES,
    compile_lane_loop,
    relieve_engines,
    step_of,
    telling,
    words,
)
from pipeline.strategy.strategy import HOOKS
from shm.control import LAST_STEP, NO_STEP
from tests.reference.market import session_table
from tests.reference.terminal import on_a_terminal
from tests.strategies import MINUTE, START

SOURCE = """
from pipeline.native.kernel import kernel

@kernel()
def inner(value):
    return value + 1

@kernel()
def outer(value):
    return 2 * inner(value)
"""
KEPT, CARRIED = "pipeline.tape.lookback:_keep", "pipeline.tape.lookback:_carry"


def member_at(step: int, begun: int = 0, known: int = 0) -> Any:
    return SimpleNamespace(step=step, steps_begun=begun, steps_known=known)


def function(module: str, name: str) -> Any:
    return SimpleNamespace(__module__=module, __qualname__=name)


# --- words ---------------------------------------------------------------------------------------


def test_every_step_has_a_bit_and_words():
    assert len(PIECES) <= LAST_STEP + 1
    assert all(PIECES)


@pytest.mark.parametrize("place", compiling._ENTRIES)
def test_every_entry_that_has_words_is_there_and_known_by_its_function(place: str):
    module, _, name = place.partition(":")
    found = getattr(import_module(module), name)
    step = step_of(getattr(found, "py_func", found))
    assert PIECES[step] == compiling._ENTRIES[place]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_known_by_the_module_that_it_is_compiled_in(hook: str):
    module = f"ringtape_hooks_Mine_on_bar_{hook}_{'0f' * 16}"
    assert PIECES[step_of(function(module, "on_stretch"))] == f"the hook {hook}"


@pytest.mark.parametrize(
    ("module", "told"),
    [
        (f"ringtape_hooks_commission_mine_{'0f' * 16}", "a function of your own"),
        ("mine", "a function of your own"),
        ("pipeline.execution.book", "a kernel"),
    ],
)
def test_anything_else_is_told_by_whose_it_is(module: str, told: str):
    assert PIECES[step_of(function(module, "f"))] == told


def test_nothing_is_said_while_nobody_compiles():
    assert words([member_at(NO_STEP, 0b11, 0b11), member_at(NO_STEP)]) == ""


def test_the_last_member_is_named_and_a_piece_that_two_need_counts_once():
    members = [member_at(0, 0b0001, 0b0111), member_at(1, 0b0010, 0b0110), member_at(NO_STEP)]
    assert words(members) == f"{PIECES[1]} (2 of 3)"


# --- telling -------------------------------------------------------------------------------------


@dataclass
class Cell:
    """Stands for a member: keeps what it was told to write."""

    written: list[tuple[int, int]] = field(default_factory=list)

    def prepare(self, step: int, known: int = 0) -> None:
        self.written.append((step, known))


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Any:
    """A module of two kernels that nobody has compiled."""
    name = f"kernels_of_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("RINGTAPE_CACHE_DIR", str(tmp_path / "cache"))
    return import_module(name)


def test_an_entry_is_told_once_with_its_parts_and_a_second_call_is_not(kernels: Any):
    cell: Any = Cell()
    with telling(cell, [KEPT, CARRIED]):
        assert kernels.outer(3) == 8
        assert kernels.outer(4) == 10
    places = list(compiling._ENTRIES)
    missing = 1 << places.index(KEPT) | 1 << places.index(CARRIED)
    assert cell.written == [(compiling._OWN, missing), (NO_STEP, 0)]


def test_nothing_is_told_after_the_block(kernels: Any):
    cell: Any = Cell()
    with telling(cell, []):
        pass
    assert kernels.outer(3) == 8
    assert cell.written == []


# --- on a terminal -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compile:
    """The job of an engine that compiles a kernel, and does not go on until that was shown."""

    folder: str

    def turns(self, station: Any, place: Any, member: Any) -> Any:
        yield
        from numba.core import event

        class Waiting(event.Listener):  # type: ignore[misc]
            waited = False

            def on_start(self, started: Any) -> None:
                if not self.waited:
                    self.waited = True
                    Path(self_folder, "shown").read_bytes()

            def on_end(self, ended: Any) -> None:
                pass

        self_folder = self.folder
        sys.path.insert(0, self.folder)
        kernels = import_module("own_kernels")
        with telling(member, [KEPT]), event.install_listener("numba:compile", Waiting()):
            return kernels.outer(3)


@dataclass(frozen=True)
class Nothing:
    """The job of a member that has nothing to do."""

    def turns(self, station: Any, place: Any, member: Any) -> Any:
        yield
        return None


def compile_before_a_user(folder: str) -> None:
    """Show the progress of a run whose engine waits, in its compiler, until that was shown."""
    work: Any = Work(Nothing(), [Nothing()], [Compile(folder)])  # type: ignore[list-item, arg-type]
    sessions = session_table([(START, START + 8 * MINUTE)])
    context = start_context("forkserver")
    with (
        progress_line(sys.stderr) as show,
        Crew(context, work, slots=2, slot_size=64, mode="data") as crew,
    ):
        assert show is not None
        shown = False

        def tell(progress: Progress) -> None:
            nonlocal shown
            show(progress)
            if progress.compiling and not shown:
                shown = True
                Path(folder, "shown").write_bytes(b"")

        crew.start(lambda stats: None)
        follower = Follower(tell, sessions, 0)
        with follower.following(crew):
            facts = crew.watch(follower.tick)
    sys.stdout.write(f"engines {facts.engines}, shown {shown}\n")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
def test_a_terminal_says_what_is_compiled_while_the_run_waits_for_it(tmp_path: Path):
    (tmp_path / "own_kernels.py").write_text(SOURCE)
    os.mkfifo(tmp_path / "shown")
    code = (
        "from tests.stages.test_compiling import compile_before_a_user\n"
        f"compile_before_a_user({str(tmp_path)!r})"
    )
    cold = {"NO_COLOR": "1", "RINGTAPE_CACHE_DIR": str(tmp_path / "cache")}
    written = on_a_terminal(code, **cold)
    assert "compiling a function of your own (1 of 2)" in written
    assert "engines [8], shown True" in written


def test_engines_are_relieved_of_nothing_that_is_on_disk(monkeypatch: pytest.MonkeyPatch):
    """That they are relieved of what they need is held with the jobs."""
    monkeypatch.setattr("pipeline.native.kept_code.KeptCode.is_empty", lambda self: False)
    nothing: Any = None
    relieve_engines(nothing, nothing)


def test_the_lane_loop_is_compiled_with_what_takes_up_a_slot():
    compile_lane_loop()
    kernels: list[Any] = [begin_slot, walk_slot]
    for kernel in kernels:
        integers = (types.int64,) * kernel.py_func.__code__.co_argcount
        assert list(kernel.entry.overloads) == [integers]

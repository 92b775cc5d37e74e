"""A run in one process: the same results, and what a debugger and coverage see of a hook."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import Strategy, run
from pipeline.config.examples import example_path
from pipeline.errors import ConfigError, HookError, RunError
from shm.names import LISTING
from tests.golden.pins import EXAMPLES, pinned
from tests.reference.own_process import environment, python
from tests.reference.processes import assert_nothing_left, settings_of
from tests.reference.terminal import open_terminal
from tests.reference.traders import Crosser


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    assert_nothing_left()


@pytest.fixture
def config(sample: Path) -> dict[str, Any]:
    return settings_of("US_EQUITY", "2024-11-25", "2024-11-26", ["ALFA", "BRVO"], ["1m"], sample)


#: A few sessions of the long ones, so that plain Python walks them in seconds.
SHORT = ("backtest_config.start_date=2024-11-27", "backtest_config.end_date=2024-12-02")


@pytest.mark.parametrize("name", [name for name in EXAMPLES if not name.startswith("sweep")])
def test_an_example_in_one_process_comes_to_the_same(name: str, sample: Path, tmp_path: Path):
    overrides = [f"catalog={sample}", *EXAMPLES[name]]
    if name in ("demo.json", "interpreted.toml"):
        result = run(example_path(name), overrides=overrides, out=tmp_path, inline=True)
        assert result.digest == pinned()["examples"][name]["digest"]
        return
    overrides += SHORT
    inline = run(example_path(name), overrides=overrides, out=tmp_path, inline=True)
    assert inline.digest == run(example_path(name), overrides=overrides, out=tmp_path).digest
    files = {path.name for path in inline.run_dir.iterdir()}
    assert files == {
        *("config.json", "summary.json", "performance.txt", "fills.parquet", "orders.parquet"),
        *("equity.parquet", "sessions.parquet", "round_trips.parquet"),
    }
    assert {lane["mode"] for lane in inline.summary["lanes"]} == {"interpreted"}


def test_any_number_of_processors_engines_and_slots_takes_its_turns(config, tmp_path: Path):
    pipeline = {"processors": 2, "engines": 2, "slots": 1, "slot_rows": 7}
    lanes = [Crosser(fast=3), Crosser(fast=4)]
    one = run(config, strategy=lanes, out=tmp_path, inline=True)
    other = run({**config, "pipeline": pipeline}, strategy=lanes, out=tmp_path, inline=True)
    assert other.digest == one.digest
    assert {member["pid"] for member in other.summary["processes"]} == {os.getpid()}


SEEN: list[Any] = []


class Watcher(Strategy):
    lookback = 1

    def on_bar(self, bar, ctx):
        SEEN.append((os.getpid(), ctx.window(bar.symbol, "close", 1)))


def test_a_hook_works_on_the_objects_of_this_process(config, tmp_path: Path):
    SEEN.clear()
    run(config, strategy=Watcher, out=tmp_path, inline=True)
    # A view that is kept does not keep the memory from being removed.
    assert {pid for pid, _ in SEEN} == {os.getpid()}
    assert len(SEEN) > 1_000


class Raiser(Strategy):
    def on_bar(self, bar, ctx):
        raise ZeroDivisionError("mine")


class Forker(Strategy):
    def on_bar(self, bar, ctx):
        os.fork()


class Changer(Strategy):
    def on_bar(self, bar, ctx):
        os.chdir("/")
        sys.stdout = sys.stderr = None


def test_what_a_hook_changes_of_the_process_is_as_before_after_the_run(
    config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    before = sys.stdout, sys.stderr
    found = run(config, strategy=Changer, out="runs", inline=True)
    assert (sys.stdout, sys.stderr) == before
    assert Path.cwd() == tmp_path
    assert found.fills.num_rows == 0


def test_an_error_in_a_hook_has_the_users_own_traceback(config, tmp_path: Path):
    with pytest.raises(HookError, match=r"Raiser\.on_bar raised ZeroDivisionError: mine") as caught:
        run(config, strategy=Raiser, out=tmp_path, inline=True)
    cause = caught.value.__cause__
    assert isinstance(cause, ZeroDivisionError)
    trace = cause.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    assert trace is not None
    assert trace.tb_frame.f_code is Raiser.on_bar.__code__


def test_a_fork_is_refused_while_the_run_lasts_and_not_after(config, tmp_path: Path):
    before = os.fork
    with pytest.raises(HookError, match=r"Forker\.on_bar raised RuntimeError: a process of a run"):
        run(config, strategy=Forker, out=tmp_path, inline=True)
    assert os.fork is before


def test_no_memory_is_kept_free_for_processes_that_there_are_not(
    config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("pipeline.runner.fitting_ring.available_memory", lambda: 2**25)
    monkeypatch.setattr("pipeline.runner.memory.available_memory", lambda: 2**25)
    found = run(config, strategy=Changer, out=tmp_path, inline=True)
    assert [note for note in found.summary["notes"] if "ring" in note] == []
    with pytest.raises(RunError, match=r"^the 3 processes of a run need"):
        run(config, strategy=Changer, out=tmp_path)


def test_compiled_and_inline_contradict_each_other(config, tmp_path: Path):
    with pytest.raises(ConfigError, match="mode is 'compiled', expected \"interpreted\""):
        run(config, strategy=Crosser, out=tmp_path, inline=True, mode="compiled")


# --- the debugger, and coverage ------------------------------------------------------------------

MINE = """
from pipeline import Strategy

class Mine(Strategy):
    def on_bar(self, bar, ctx):
        held = ctx.position(bar.symbol)
        {stop}
        if held < 0.0:
            ctx.target(bar.symbol, 0.0)
        ctx.target(bar.symbol, 1.0)
"""


def written(folder: Path, config: dict[str, Any], stop: str) -> list[str]:
    """Write strategy and configuration; return the command that runs it in one process."""
    (folder / "mine.py").write_text(MINE.format(stop=stop))
    (folder / "c.json").write_text(json.dumps({**config, "strategy": {"name": "mine.py:Mine"}}))
    return ["-m", "pipeline.cli", "run", "c.json", "--inline"]


def test_breakpoint_has_a_prompt_on_a_terminal(config, tmp_path: Path):
    command = written(tmp_path, config, "breakpoint()")
    main, terminal = open_terminal()
    process = subprocess.Popen(
        [sys.executable, *command],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        cwd=tmp_path,
        env=environment(TERM="dumb"),
    )
    os.close(terminal)
    said = _until(main, b"(Pdb) ")
    assert "mine.py" in said
    assert "-> if held < 0.0:" in said
    os.write(main, b"p held + 41.5\n")
    assert "41.5" in _until(main, b"(Pdb) ")
    os.write(main, b"q\n")
    said = _until(main, None)
    assert process.wait() == 130
    assert "ringtape: interrupted; partial results: " in said
    os.close(main)


def _until(terminal: int, prompt: bytes | None) -> str:
    """Read what is written up to a prompt, or up to the end."""
    said = b""
    try:
        while prompt is None or not said.endswith(prompt):
            chunk = os.read(terminal, 65536)
            if not chunk:
                break
            said += chunk
    except OSError:  # Linux says so when the last writer has closed a terminal
        pass
    return said.decode()


def test_coverage_sees_the_lines_of_a_hook(config, tmp_path: Path):
    command = written(tmp_path, config, "pass")
    (tmp_path / ".coveragerc").write_text("[run]\ninclude = mine.py\n")
    code = textwrap.dedent(
        """
        import coverage
        data = coverage.CoverageData(".coverage")
        data.read()
        (file,) = data.measured_files()
        print(file, sorted(data.lines(file)))
        """
    )
    for words in (["-m", "coverage", "run", *command], ["-c", code]):
        done = python(*words, cwd=tmp_path)
    assert done.stdout.strip().endswith("mine.py [2, 4, 5, 6, 7, 8, 10]")


@pytest.mark.skipif(not LISTING.is_dir(), reason="this system does not list shared memory")
def test_a_failed_run_leaves_no_memory(config, tmp_path: Path):
    with pytest.raises(HookError) as caught:
        run(config, strategy=Raiser, out=tmp_path, inline=True)
    # The traceback, which holds views of the ring, is alive here.
    assert caught.value.__traceback__ is not None
    assert_nothing_left()

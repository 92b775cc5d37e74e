import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from pipeline.cli import main
from pipeline.config.examples import example_path
from pipeline.config.session import SessionConfig
from pipeline.errors import ConfigError, DataError, HookError, RunError, StrategyError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.sample import sample_is_current
from shm.errors import NoSpace
from tests.reference.own_process import environment

SUMMARY = {"session_name": "s", "seconds": -1.0, "sharpe": float("nan"), "run_dir": Path("runs/s")}


@pytest.fixture
def stub_run(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], None]:
    """Put a function in the place of `run`, and a plain text in that of the report."""

    def install(function: Callable[..., Any]) -> None:
        run, page = ModuleType("pipeline.runner.run"), ModuleType("pipeline.results.report.page")
        run.run = function  # type: ignore[attr-defined]
        page.format_summary = lambda summary: f"summary of {summary['session_name']}\n"  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "pipeline.runner.run", run)
        monkeypatch.setattr("pipeline.cli.data_options.checked", lambda *_, **__: None)
        monkeypatch.setitem(sys.modules, "pipeline.results.report.page", page)

    return install


def ended(*args: str) -> int:
    with pytest.raises(SystemExit) as exit_info:
        main(args)
    assert isinstance(exit_info.value.code, int)
    return exit_info.value.code


def test_options_reach_the_run_and_a_debugger_has_the_terminal_for_itself(stub_run, capsys):
    seen = {}

    def run(config: Path, **options: Any) -> Any:
        seen.update(options, config=config)
        return SimpleNamespace(summary=SUMMARY)

    stub_run(run)
    options = ["--set", "a.b=1", "--set", "c=x=y", "--out", "there"]
    assert ended("run", "c.json", *options, "--inline") == 0
    assert seen == {
        "config": Path("c.json"),
        "strategy": None,
        "overrides": ("a.b=1", "c=x=y"),
        "out": Path("there"),
        "progress": None,
        "inline": True,
    }
    assert capsys.readouterr().out == "summary of s\n"


def test_json_is_the_summary_with_the_seconds_since_the_command_began(stub_run, capsys):
    stub_run(lambda *_, **__: SimpleNamespace(summary=SUMMARY))
    assert ended("run", "c.json", "--json") == 0
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert captured.err == ""
    assert document["seconds"] > 0
    assert document | {"seconds": 0} == {
        "session_name": "s",
        "seconds": 0,
        "sharpe": None,
        "run_dir": str(Path("runs/s")),
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("no such setting"), 2),
        (DataError("no such symbol"), 2),
        (StrategyError("no such parameter"), 2),
        (HookError("it raised"), 1),
        (RunError("engine 0 was killed"), 1),
        (NoSpace("the ring", 10, 1), 1),
        (OSError(28, "No space left on device", "runs/s/fills.parquet"), 1),
    ],
)
def test_every_refusal_has_its_exit_code_and_one_line(stub_run, capsys, error, code):
    def run(*_: Any, **__: Any) -> Any:
        raise error

    stub_run(run)
    assert ended("run", "c.json", "--json") == code
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("ringtape: error: ")


def test_a_message_of_several_lines_becomes_one(stub_run, capsys):
    def run(*_: Any, **__: Any) -> Any:
        raise RunError("engine 0 died:\n  ValueError: x\n")

    stub_run(run)
    assert ended("run", "c.json") == 1
    assert capsys.readouterr().err == "ringtape: error: engine 0 died:; ValueError: x\n"


def test_a_defect_keeps_its_traceback(stub_run):
    def run(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    stub_run(run)
    with pytest.raises(ZeroDivisionError):
        main(["run", "c.json"])


def test_debug_shows_the_traceback_behind_a_refusal_too(stub_run, capsys):
    def run(*_: Any, **__: Any) -> Any:
        raise HookError("it raised").behind(ZeroDivisionError("in engine 0"))

    stub_run(run)
    assert ended("run", "c.json", "--debug") == 1
    first, *_, last = capsys.readouterr().err.splitlines()
    assert (first, last) == ("ZeroDivisionError: in engine 0", "ringtape: error: it raised")


INTERRUPTED = """
import signal, sys
from types import ModuleType

def run(config, *, out, **options):
    try:
        print("running", flush=True)
        while True:  # a signal that comes just before the wait is seen after it
            signal.sigtimedwait((), 0.1)
    except BaseException as end:
        end.add_note(f"partial results: {out / 'mine'}")
        raise

sys.modules["pipeline.runner.run"] = module = ModuleType("pipeline.runner.run")
module.run = run
from pipeline.cli import data_options, main
data_options.checked = lambda *_, **__: None
main(["run", "c.json"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="both are sent as POSIX signals")
@contextmanager
def interrupted(folder: Path, **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """Give the process of a run that waits to be interrupted, once it runs."""
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        yield process


@pytest.mark.skipif(sys.platform == "win32", reason="it sends no such signals")
@pytest.mark.parametrize(
    ("sent", "code", "word"),
    [
        ("SIGINT", 130, "interrupted"),
        ("SIGTERM", 143, "told to end"),
        ("SIGHUP", 129, "ended, because its terminal was closed"),
    ],
)
def test_ctrl_c_sigterm_and_sighup_end_with_one_line_naming_the_folder_of_this_run(
    tmp_path: Path, sent: str, code: int, word: str
):
    with interrupted(tmp_path) as process:
        process.send_signal(signal.Signals[sent])
        _, errors = process.communicate()
    assert process.returncode == code
    assert errors == f"ringtape: {word}; partial results: {Path('runs/mine')}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such signal")
def test_a_command_that_nohup_starts_goes_on(tmp_path: Path):
    ignore = partial(signal.signal, signal.SIGHUP, signal.SIG_IGN)
    with interrupted(tmp_path, preexec_fn=ignore) as process:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate()
    assert (process.returncode, errors.partition(";")[0]) == (143, "ringtape: told to end")


def demo_runs(stub_run) -> list[tuple[Path, str]]:
    """Have the demo's runs noted: the configuration's path, and the catalog it comes to."""
    runs: list[tuple[Path, str]] = []

    def run(config: Path, *, overrides: tuple[str, ...], **_: Any) -> Any:
        runs.append((config, SessionConfig.load(config, overrides=overrides).catalog))
        return SimpleNamespace(summary=SUMMARY)

    stub_run(run)
    return runs


def test_demo_writes_the_sample_once_and_runs_the_example_on_it(called, stub_run, tmp_path: Path):
    runs = demo_runs(stub_run)
    done = called("demo", "--json")
    assert (done.code, done.err) == (0, "")
    json.loads(done.out)
    catalog = tmp_path / SessionConfig.load(example_path("demo.json")).catalog
    assert sample_is_current(Catalog(catalog))
    written = {path: path.stat().st_mtime_ns for path in catalog.rglob("*")}
    assert called("demo").code == 0
    assert {path: path.stat().st_mtime_ns for path in catalog.rglob("*")} == written
    assert {path for path, _ in runs} == {example_path("demo.json")}


def test_demo_takes_a_catalog_elsewhere_whatever_its_name(called, stub_run, tmp_path: Path):
    runs = demo_runs(stub_run)
    assert called("demo", "--catalog", "2024").code == 0
    assert [catalog for _, catalog in runs] == ["2024"]
    assert sample_is_current(Catalog(tmp_path / "2024"))


def test_demo_refuses_an_unknown_setting_before_it_writes_anything(
    called, stub_run, tmp_path: Path
):
    assert called("demo", "--set", "catalogue=x").code == 2
    assert list(tmp_path.iterdir()) == []

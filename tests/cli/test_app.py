import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reference.own_process import environment, python

COMMANDS = (
    *("demo", "run", "sweep", "ledger", "import", "catalog", "export"),
    *("schema", "stats", "clean"),
)
SLOW = ("numba", "pandas", "pyarrow", "numpy", "pydantic", "rich", "exchange_calendars")


def test_help_lists_every_command(ringtape):
    done = ringtape("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_has_an_example_and_json(ringtape, command: str):
    done = ringtape(command, "--help")
    assert done.returncode == 0
    assert f"\n  Example:\n    ringtape {command}" in done.stdout
    assert "--json" in done.stdout


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["run", "--help"], ["cattalog"]])
def test_help_and_usage_errors_import_nothing_slow(args: list[str]):
    code = (
        "import sys\nfrom pipeline.cli import main\n"
        f"try: main({args!r})\nexcept SystemExit: pass\n"
        f"print([name for name in {SLOW!r} if name in sys.modules])"
    )
    assert python("-c", code).stdout.splitlines()[-1] == "[]"


def test_the_version_is_printed(ringtape):
    done = ringtape("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ringtape ")


def test_no_command_shows_help_on_stderr_and_is_bad_input(ringtape):
    done = ringtape()
    assert (done.returncode, done.stdout) == (2, "")
    assert "ringtape demo" in done.stderr


@pytest.mark.parametrize(
    ("args", "parts"),
    [
        (["catlog"], ["no such command 'catlog'", "did you mean 'catalog'?"]),
        (["xyzzy"], ["no such command 'xyzzy'", "there are", "catalog", "stats"]),
        (["catalog", "x", "--jsn"], ["--jsn", "--json"]),
        (["run", "x", "--sett", "a=1"], ["--sett", "--set"]),
        (["run"], ["neither a configuration nor data", "--data PATH", "`ringtape run --help`"]),
        (["import", "x.csv"], ["Missing option '--catalog'"]),
        (["stats", "--watch", "--json"], ["--watch and --json exclude each other"]),
    ],
)
def test_a_usage_error_is_one_line_naming_the_nearest_and_ends_with_2(
    ringtape, args: list[str], parts: list[str]
):
    done = ringtape(*args)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("ringtape: error: ")
    for part in parts:
        assert part in line


def test_a_refusal_is_one_line_and_nothing_on_stdout(ringtape):
    done = ringtape("catalog", "nowhere", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("ringtape: error: no catalog at nowhere")


@pytest.mark.parametrize("args", [["--debug", "catalog", "x"], ["catalog", "x", "--debug"]])
def test_debug_adds_the_traceback_before_or_after_the_command(ringtape, args: list[str]):
    done = ringtape(*args)
    assert done.returncode == 2
    assert "Traceback (most recent call last)" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("ringtape: error: no catalog at x")


def test_schema_is_one_json_document(ringtape):
    done = ringtape("schema")
    assert (done.returncode, done.stderr) == (0, "")
    assert "session_name" in json.loads(done.stdout)["properties"]
    assert ringtape("schema", "--json").stdout == done.stdout


@pytest.mark.parametrize("args", [["schema"], ["clean"]])
def test_a_reader_that_has_gone_is_no_error(tmp_path: Path, args: list[str]):
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *args],
            cwd=tmp_path,
            env=environment(),
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_error_that_nobody_reads_keeps_its_exit_code(tmp_path: Path):
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", "catalog", "nowhere"],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=write,
            check=False,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stdout) == (2, b"")

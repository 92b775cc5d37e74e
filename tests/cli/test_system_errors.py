"""Commands of processes that lack something: streams, a working directory, files."""

import errno
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli.system_errors import of_the_process
from tests.cli.conftest import command_environment
from tests.reference.processes import settings_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="commands of a Unix shell")


@pytest.fixture
def config(tmp_path: Path, sample: Path) -> Path:
    """A configuration of one session of one symbol."""
    found = settings_of("US_EQUITY", "2024-11-25", "2024-11-25", ["ALFA"], ["1m"], sample)
    found["strategy"] = {"name": "pipeline.strategy.examples:SmaCross", "mode": "interpreted"}
    path = tmp_path / "one.json"
    path.write_text(json.dumps(found))
    return path


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in which $RT is the command."""
    command = f"{shlex.quote(sys.executable)} -m pipeline.cli"
    return subprocess.run(
        ["/bin/sh", "-c", line.replace("$RT", command)],
        env=command_environment(),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_a_run_with_closed_streams_writes_its_results(config: Path, closed: str):
    done = shell(f"$RT run one.json {closed}", config.parent)
    assert (done.returncode, done.stderr) == (0, "")
    (run,) = (config.parent / "runs").glob("test-*")
    assert (run / "summary.json").is_file()


def test_a_refusal_with_closed_streams_is_told_by_its_exit_code(tmp_path: Path):
    assert shell("$RT run none.json <&- >&- 2>&-", tmp_path).returncode == 2


def test_a_working_directory_that_was_removed_is_named_as_the_reason(config: Path):
    (config.parent / "gone").mkdir()
    done = shell(f"cd gone; rmdir ../gone; $RT run {config}", config.parent)
    expected = "ringtape: error: the working directory was removed: change to one that exists\n"
    assert (done.returncode, done.stderr) == (1, expected)


def test_a_run_of_more_symbols_than_files_is_refused_with_both_numbers(config: Path):
    done = shell("ulimit -n 30; $RT run one.json", config.parent)
    assert done.returncode == 2
    assert (
        "a run keeps a file of each symbol open: with 1 it needs 33 open files, but" in done.stderr
    )
    assert "a process may have 30: allow more (`ulimit -n 33`" in done.stderr
    assert done.stderr.count("\n") == 1


#: Runs a command as a user who is not root, and who can read what root can: the limit of processes
#: holds for no other. Without one of these rights nothing of this can be tested.
NOBODY = (
    "setpriv --reuid=65534 --regid=65534 --clear-groups "
    "--inh-caps=-all,+dac_read_search --ambient-caps=-all,+dac_read_search "
)


@pytest.mark.parametrize("most", [1, 3, 7])
def test_a_user_who_may_not_start_enough_processes_is_told_so(config: Path, most: int):
    """And not that somebody has pressed Ctrl-C."""
    if shell(f"{NOBODY} true", config.parent).returncode:
        pytest.skip("needs root, the command setpriv and the right to keep a capability")
    config.parent.chmod(0o777)
    for folder in ("cache", "temporary"):
        (config.parent / folder).mkdir()
        (config.parent / folder).chmod(0o777)
    limited = (
        f"ulimit -u {most}; RINGTAPE_CACHE_DIR=cache/own TMPDIR=$PWD/temporary $RT run one.json"
    )
    done = shell(f"{NOBODY} bash -c {shlex.quote(limited)}", config.parent)
    assert done.returncode == 1, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ringtape: error: ")
    assert "ulimit -u" in last or "can't start new thread" in last


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EMFILE, "may not open more files (its limit is "),
        (errno.EAGAIN, "this user may not start more processes"),
        (errno.EFBIG, "may not write so much into a file"),
    ],
)
def test_a_limit_that_is_met_is_named_with_the_way_on(number: int, words: str):
    told = of_the_process(OSError(number, "in the system's words"))
    assert words in told
    assert "ulimit" in told


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        ImportError("libarrow.so: failed to map segment from shared object"),
        ImportError("libparquet.so: cannot map zero-fill pages"),
        RuntimeError("Failed to launch worker thread: Resource temporarily unavailable"),
    ],
)
def test_a_process_that_gets_no_more_memory_says_so(error: Exception):
    told = of_the_process(error)
    assert told == "this process gets no more memory: end other programs, or allow more"


def test_a_command_that_gets_no_memory_says_so_in_one_line(config: Path):
    done = shell("ulimit -v 80000; $RT run one.json", config.parent)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (  # NumPy's library may have said so, too
        "ringtape: error: this process gets no more memory (its limit is 81,920,000 bytes, "
        "`ulimit -v`): end other programs, or allow more"
    )


def test_other_errors_are_told_in_the_systems_words():
    assert of_the_process(OSError(errno.EACCES, "Permission denied", "a.json")) == ""
    assert of_the_process(OSError(errno.ENOENT, "No such file or directory")) == ""

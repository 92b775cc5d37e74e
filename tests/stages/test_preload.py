"""What the fork server has ready for the processes that it forks."""

import json
import subprocess
from pathlib import Path

from tests.reference.own_process import environment, python

#: What the fork server would compile for a process, were it one; a small kernel of every run.
COMPILE = """
from pipeline.execution.book import end_moment_at
from pipeline.native.kernel import called_with_integers
called_with_integers(end_moment_at)
"""
#: How many forms of that kernel are ready, and which of the heavy modules were imported.
READY = """
import json, sys
import pipeline.stages.preload
from pipeline.execution.book import end_moment_at
heavy = ["coverage", "numba.np.arraymath", "pandas", "exchange_calendars", "scipy.linalg", "yaml"]
print(json.dumps([len(end_moment_at.entry.overloads), [n for n in heavy if n in sys.modules]]))
"""


def ended(code: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    variables = {"RINGTAPE_CACHE_DIR": str(folder / "cache"), **variables}
    return python("-c", code, check=False, env=environment(**variables), cwd=folder)


def run(code: str, folder: Path, **variables: str) -> str:
    done = ended(code, folder, **variables)
    done.check_returncode()
    return done.stdout


def test_where_nothing_is_on_disk_it_is_ready_to_compile(tmp_path: Path):
    assert json.loads(run(READY, tmp_path)) == [0, ["numba.np.arraymath"]]


def test_what_is_on_disk_is_loaded_without_the_compiler(tmp_path: Path):
    run(COMPILE, tmp_path)
    assert json.loads(run(READY, tmp_path)) == [1, []]


def test_a_file_of_settings_for_numba_counts(tmp_path: Path):
    (tmp_path / ".numba_config.yaml").write_text('opt: "2"\n')
    code = "import pipeline.stages.preload\nfrom numba.core import config\nprint(int(config.OPT))"
    assert run(code, tmp_path) == "2\n"


def test_a_cache_that_is_refused_does_not_end_the_fork_server(tmp_path: Path):
    (tmp_path / "cache").write_text("a file")
    # With a folder of Numba's own, nothing has asked for ours before.
    assert run("import pipeline.stages.preload", tmp_path, NUMBA_CACHE_DIR=str(tmp_path)) == ""


def test_a_process_whose_run_has_ended_before_it_began_says_nothing(tmp_path: Path):
    """Its job comes through a pipe that is closed, or its shared memory is gone."""
    for error, told in (
        ("EOFError", ""),
        ("shm.errors.SegmentMissing('ring')", ""),
        ("ValueError('told')", "ValueError: told"),
    ):
        done = ended(f"import pipeline.stages.preload, shm.errors\nraise {error}", tmp_path)
        assert done.returncode == 1
        assert "".join(done.stderr.splitlines()[-1:]) == told

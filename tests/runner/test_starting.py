"""What a run starts with: little in this process, everything in the fork server."""

import os
import signal
from pathlib import Path

import pytest

from pipeline.config.examples import example_path
from pipeline.runner import starting
from pipeline.runner.fork_server import ended_by
from tests.reference.own_process import environment, python

#: Libraries that take a second to import together, and that only the processes of a run need.
HEAVY = ("exchange_calendars", "llvmlite", "numba", "pandas", "pyarrow.compute", "scipy")
RUN = 'run(sys.argv[1], overrides=["catalog=" + sys.argv[2]], out=sys.argv[3])'
REFUSED = """
try:
    run(sys.argv[1], overrides=["sweep.score=sharp_ratio"], out=sys.argv[3])
except Exception as error:
    print(error)
"""


def imported_by(code: str, *arguments: str, seed: str = "random") -> list[str]:
    """What a process of its own prints, line by line, and last the heavy libraries it imported."""
    script = (
        f"import json, sys\nfrom pipeline import run\n{code}\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = python("-c", script, *arguments, env=environment(PYTHONHASHSEED=seed))
    return done.stdout.splitlines()


def test_a_supervisor_imports_neither_compiler_nor_calendars(sample: Path, tmp_path: Path):
    """Once the sessions of its calendar are kept; the first run of all builds them."""
    arguments = str(example_path("demo.json")), str(sample), str(tmp_path)
    imported_by(RUN, *arguments)
    assert imported_by(RUN, *arguments) == ["[]"]


def test_a_run_refuses_a_wrong_score_of_a_sweep_that_it_leaves_aside(tmp_path: Path):
    """In the words in which the sweep would, and before anything heavy is imported."""
    arguments = str(example_path("sweep.json")), "", str(tmp_path)
    refusal = (
        f'{arguments[0]}: sweep.score is "sharp_ratio", expected a figure such as total_return,'
        " annual_return, volatility, sharpe_ratio or -max_drawdown; did you mean sharpe_ratio?"
    )
    assert imported_by(REFUSED, *arguments) == [refusal, "[]"]
    assert list(tmp_path.iterdir()) == []


HASHED = """
from pipeline import Strategy

class Own(Strategy):
    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, float(hash("ALFA") % 97))

changes = ["strategy.0.mode=interpreted", "backtest_config.end_date=2024-10-22"]
found = run(
    sys.argv[1],
    strategy=Own,
    overrides=["catalog=" + sys.argv[2], *changes],
    out=sys.argv[3],
    inline=len(sys.argv) > 4,
)
notes = [note for note in found.summary["notes"] if "PYTHONHASHSEED" in note]
print(hash("ALFA"), found.digest, len(notes), *notes)
"""


def test_texts_have_the_same_hashes_in_every_run(sample: Path, tmp_path: Path):
    """Else a strategy that goes through a set of texts would give another result each time."""
    arguments = str(example_path("demo.json")), str(sample), str(tmp_path)
    told = [imported_by(HASHED, *arguments)[0].split() for _ in range(2)]
    assert told[0][0] != told[1][0]
    assert told[0][1] == told[1][1]


def test_a_run_in_one_process_says_that_its_texts_have_other_hashes(sample: Path, tmp_path: Path):
    arguments = str(example_path("demo.json")), str(sample), str(tmp_path)
    normal = imported_by(HASHED, *arguments)[0].split()
    inline = imported_by(HASHED, *arguments, "inline")[0].split(maxsplit=3)
    assert (normal[2], inline[2]) == ("0", "1")
    assert "Own.on_bar uses a set or a hash. Texts have other hashes in this process" in inline[3]
    same = imported_by(HASHED, *arguments, "inline", seed="0")[0].split()
    assert same[1:] == [normal[1], "0"]


WAITING = """
import sys
from pathlib import Path
from pipeline.runner.fork_server import end_server
from pipeline.runner.starting import let_server_go_on, start_context, start_early

mark = Path(sys.argv[1])
for before in (False, True):  # whether it was right before
    assert mark.exists() == before
    start_early(mark)
    assert mark.exists() == before
    if not before:
        let_server_go_on()
    process = start_context("forkserver").Process(target=print, args=("forked",))
    process.start()
    process.join()
    assert process.exitcode == 0
    end_server()
start_early(mark.with_name("wrong"))
end_server()
print(sorted(one.name for one in mark.parent.iterdir()))
"""


def test_a_fork_server_waits_for_what_was_not_right_before(tmp_path: Path):
    done = python("-c", WAITING, tmp_path / "mark")
    assert (done.stdout.split(), done.stderr) == (["forked", "forked", "['mark']"], "")


CLEANED = """
import shutil
from multiprocess import process
from pipeline.runner.fork_server import end_server
from pipeline.runner.starting import start_context

context = start_context("forkserver")
shutil.rmtree(process.current_process()._config["tempdir"])
end_server()
print("ended")
"""


def test_a_fork_server_whose_socket_was_removed_is_ended_like_any_other():
    done = python("-c", CLEANED, env=environment(PYTHONWARNINGS="error"))
    assert (done.stdout, done.stderr) == ("ended\n", "")


def test_of_marks_the_newest_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(starting, "_MARKS", 2)
    for number in range(4):
        mark = tmp_path / str(number)
        starting._make(mark)
        os.utime(mark, (number, number))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["2", "3"]


def test_a_signal_that_ended_a_process_is_named_or_numbered():
    assert ended_by(signal.SIGTERM) == "ended by SIGTERM"
    assert ended_by(max(signal.Signals) + 1) == f"ended by signal {max(signal.Signals) + 1}"

"""A ledger whose writer dies, whose disk is full, or whose writers meet."""

import contextlib
import errno
import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import RunError
from pipeline.sweeps.ledger import returns as ledger_returns
from pipeline.sweeps.ledger.ledger import FILE, Ledger
from tests.sweeps.ledgers import lane_row, python, recorded, returns, sweep_row

BATCH = 20
WRITER = f"""
    with Ledger.open(Path(sys.argv[1])) as ledger:
        sweep = sys.argv[2]
        ledger.begin(sweep_row(sweep))
        print("begun", flush=True)
        for batch in range(int(sys.argv[3]), int(sys.argv[4])):
            recorded(ledger, sweep, range(batch * {BATCH}, (batch + 1) * {BATCH}))
            print(batch, flush=True)
"""


def assert_whole(folder: Path, sweep: str) -> int:
    """Every batch of a sweep is there whole or not at all; return how many there are."""
    with Ledger.open(folder, create=False) as ledger:
        rows = ledger.lanes(sweep)
        numbers = [row.parameters["fast"] for row in rows]
        assert rows == [lane_row(number) for number in numbers]
        batches = {number // BATCH for number in numbers}
        assert sorted(numbers) == [
            batch * BATCH + place for batch in sorted(batches) for place in range(BATCH)
        ]
        for row, (_, found) in zip(rows, ledger.returns(r.key for r in rows).values(), strict=True):
            assert found.tolist() == returns([row.parameters["fast"]])[0].tolist()
    connection = sqlite3.connect(folder / FILE)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    return len(batches)


def test_a_writer_that_is_killed_leaves_whole_batches(tmp_path: Path):
    """And what it said was recorded is there."""
    chance = random.Random(4)
    done = 0
    for _ in range(12):
        # A batch takes some milliseconds: the kill falls anywhere within one.
        writer = python(WRITER, tmp_path, "demo", done, done + 1000, stdout=subprocess.PIPE)
        assert writer.stdout is not None
        for _ in range(chance.randrange(1, 4)):
            writer.stdout.readline()
        with contextlib.suppress(subprocess.TimeoutExpired):
            writer.wait(chance.uniform(0, 0.02))
        writer.send_signal(signal.SIGKILL)
        said = [int(line) for line in writer.stdout.read().split() if line != "begun"]
        writer.wait()
        writer.stdout.close()
        done = assert_whole(tmp_path, "demo")
        assert done > max(said, default=-1)
    with Ledger.open(tmp_path) as ledger:
        ledger.begin(sweep_row())
    assert_no_orphans(tmp_path)
    assert assert_whole(tmp_path, "demo") == done


POINTS = ["write_returns", "lane_values", "_join", "COMMIT", "in the middle of COMMIT"]
KILLED = """
    import os
    import signal
    from pipeline.sweeps.ledger import ledger as module
    from pipeline.sweeps.ledger import returns as ledger_returns

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    with Ledger.open(Path(sys.argv[1])) as ledger:
        ledger.begin(sweep_row("demo"))
        recorded(ledger, "demo", range(20))
        point = sys.argv[2]
        if point == "write_returns":
            ledger_returns.sync_folder = die
        elif point == "lane_values":
            module.lane_values = die
        elif point == "_join":
            Ledger._join = die
        else:
            if point != "COMMIT":
                # Pages of the file are overwritten before the end, so that it has to be undone.
                ledger._connection.execute("PRAGMA cache_size = 1")

            def trace(statement):
                if statement == "COMMIT":
                    die()
            ledger._connection.set_trace_callback(trace)
        recorded(ledger, "demo", range(20, 40), error="long" * 1000)
"""


@pytest.mark.parametrize("point", POINTS)
def test_a_writer_killed_before_it_commits_leaves_a_file_that_the_next_sweep_removes(
    tmp_path: Path, point: str
):
    assert python(KILLED, tmp_path, point).wait() == -signal.SIGKILL
    left = (tmp_path / FILE).read_bytes()
    assert assert_whole(tmp_path, "demo") == 1
    undone = (tmp_path / FILE).read_bytes() != left
    assert undone == (point == POINTS[-1])
    assert len(list((tmp_path / "returns").iterdir())) == 2
    with Ledger.open(tmp_path) as ledger:
        ledger.begin(sweep_row())
    assert_no_orphans(tmp_path)
    assert assert_whole(tmp_path, "demo") == 1


def assert_no_orphans(folder: Path) -> None:
    connection = sqlite3.connect(folder / FILE)
    named = {name for (name,) in connection.execute("SELECT returns_file FROM lanes")}
    connection.close()
    assert {path.name for path in (folder / "returns").iterdir()} == named


def test_files_of_the_living_and_of_others_are_left_alone(tmp_path: Path, monkeypatch):
    folder = tmp_path / "returns"
    with Ledger.open(tmp_path) as ledger:
        ledger.begin(sweep_row())
        recorded(ledger, "demo", [1])
        (named,) = folder.iterdir()
        here = ledger_returns._host()
        other = {
            f"{here}-{os.getpid()}-{'0' * 16}.parquet": "kept",
            f"{here}-{os.getpid()}-{'1' * 16}.parquet.part": "kept",
            f"elsewhere-4194999-{'2' * 16}.parquet": "kept",
            "notes.txt": "kept",
            f"elsewhere-4194999-{'3' * 16}.parquet": "old",
        }
        for name, fate in other.items():
            (folder / name).touch()
            if fate == "old":
                os.utime(folder / name, (0, 0))
        ledger.begin(sweep_row("next"))
    kept = {name for name, fate in other.items() if fate == "kept"}
    assert {path.name for path in folder.iterdir()} == {named.name, *kept}


def test_writers_that_meet_lose_nothing(tmp_path: Path):
    writers = [python(WRITER, tmp_path, f"s{n}", n * 10, n * 10 + 10) for n in range(2)]
    same = [python(WRITER, tmp_path, f"t{n}", 50, 55) for n in range(2)]
    assert [writer.wait() for writer in (*writers, *same)] == [0, 0, 0, 0]
    assert [assert_whole(tmp_path, sweep) for sweep in ("s0", "s1", "t0", "t1")] == [10, 10, 5, 5]
    with Ledger.open(tmp_path) as ledger:
        assert len(ledger.lanes()) == 25 * BATCH
        ledger.begin(sweep_row())
    assert_no_orphans(tmp_path)


@pytest.mark.parametrize("lane_bytes", [10, 4000])
def test_a_disk_that_gets_full_is_named_and_what_was_recorded_stays(
    small_disk: Path, lane_bytes: int
):
    text = "".join(random.Random(1).choices("abcdefghij", k=lane_bytes))
    with Ledger.open(small_disk / "l") as ledger:
        ledger.begin(sweep_row())
        done: list[int] = []

        def fill() -> None:
            for batch in range(10_000):
                recorded(ledger, "demo", range(batch * BATCH, (batch + 1) * BATCH), error=text)
                done.append(batch)

        with pytest.raises(RunError, match=r"cannot write .*: the disk is full") as caught:
            fill()
        assert "\n" not in str(caught.value)
        batches = len(done)
        assert batches > 0
        rows = ledger.lanes("demo")
        assert len(rows) == batches * BATCH
        assert len(ledger.returns(row.key for row in rows)) == len(rows)
    assert_no_orphans(small_disk / "l")


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_returns_that_cannot_be_written_leave_nothing(tmp_path: Path, monkeypatch, call: str):
    with Ledger.open(tmp_path) as ledger:
        ledger.begin(sweep_row())
        recorded(ledger, "demo", [1])

        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(*((os, call) if call == "fsync" else (Path, call)), full)
        with pytest.raises(RunError, match=r"cannot write .*\.parquet: the disk is full"):
            recorded(ledger, "demo", [2])
        monkeypatch.undo()
        assert ledger.lanes() == [lane_row(1)]
    assert_no_orphans(tmp_path)


def test_a_file_taken_for_an_orphan_while_it_is_recorded_is_an_error(tmp_path: Path, monkeypatch):
    with Ledger.open(tmp_path) as ledger:
        ledger.begin(sweep_row())
        write = ledger_returns.write_returns

        def removed(folder, *rest):
            name = write(folder, *rest)
            (folder / name).unlink()
            return name

        monkeypatch.setattr(sys.modules[Ledger.__module__], "write_returns", removed)
        with pytest.raises(RunError, match="was removed while it was being recorded"):
            recorded(ledger, "demo", [1])
        assert ledger.lanes() == []

"""The run folder: never clobbered, honest about partial runs, readable back."""

import json
import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import RunError
from pipeline.results.folder import RunFolder
from pipeline.results.recorder import Recorder
from tests.small_disk import small_file_system

TABLES = ("fills", "orders", "equity", "round_trips")


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path / "runs", "demo", '{"session_name": "demo"}')


def finished(folder, rows, symbols):
    with Recorder(folder.path, [0], symbols) as recorder:
        recorder.record(0, *rows)
    folder.merge(symbols)
    folder.write_performance("fast")
    folder.write_summary({"bars": 5})


def test_two_runs_at_the_same_moment_have_two_folders(tmp_path):
    paths = {RunFolder.create(tmp_path, "demo", "{}").path for _ in range(20)}
    assert len(paths) == len(list(tmp_path.iterdir())) == 20


def test_the_name_says_session_and_time(folder):
    name, moment, unique = folder.path.name.split("-")
    assert name == "demo"
    assert len(moment) == 16
    assert len(unique) == 8


@pytest.mark.parametrize("name", ["../../etc", "a/b\\c:d", "", "...", "ä ö\n", "x" * 500])
def test_no_session_name_leaves_the_out_folder(tmp_path, name):
    folder = RunFolder.create(tmp_path, name, "{}")
    assert folder.path.parent == tmp_path
    assert folder.config == {}


def test_an_out_folder_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot write .*demo"):
        RunFolder.create(tmp_path / "file", "demo", "{}")


def test_a_folder_that_cannot_be_marked_as_partial_is_not_left(tmp_path):
    with small_file_system(tmp_path / "disk", "4k") as disk:
        (disk / "full").write_bytes(bytes(4096))
        with pytest.raises(RunError, match=r"PARTIAL: the disk is full"):
            RunFolder.create(disk, "demo", "{}")
        assert [path.name for path in disk.iterdir()] == ["full"]


def test_a_finished_run_reads_back(folder, make_rows, symbols):
    rows = make_rows(25)
    finished(folder, rows, symbols)
    again = RunFolder.open(str(folder.path))
    assert again.config == {"session_name": "demo"}
    assert again.summary == {"bars": 5, "partial": False}
    assert again.partial is None
    assert again.table("equity")["equity"].to_pylist() == rows.equity.tolist()
    assert again.table("fills").num_rows == again.table("orders").num_rows == 25
    assert sorted(path.name for path in folder.path.iterdir()) == [
        "config.json",
        "equity.parquet",
        "fills.parquet",
        "orders.parquet",
        "performance.txt",
        "round_trips.parquet",
        "summary.json",
    ]


def test_sessions_are_written_by_lane_with_null_where_there_is_no_return(folder):
    dates = np.array(["2024-05-31", "2024-06-03"], "M8[ns]").view("i8")
    equity, none = np.array([-1.0, 2.0]), np.full(2, np.nan)
    folder.write_sessions(
        [(lane, (dates, equity * (1 + lane), np.array([-1.5, np.nan]), none)) for lane in (0, 1)]
    )
    day, later = date(2024, 5, 31), date(2024, 6, 3)
    assert folder.table("sessions").to_pylist() == [
        {"lane": 0, "date": day, "equity": -1.0, "return": -1.5, "benchmark": None},
        {"lane": 0, "date": later, "equity": 2.0, "return": None, "benchmark": None},
        {"lane": 1, "date": day, "equity": -2.0, "return": -1.5, "benchmark": None},
        {"lane": 1, "date": later, "equity": 4.0, "return": None, "benchmark": None},
    ]


def test_sessions_that_cannot_be_written_leave_no_file(folder):
    (folder.path / "sessions.parquet.part").symlink_to("/dev/full")
    with pytest.raises(RunError, match=r"cannot write .*sessions\.parquet: the disk is full"):
        folder.write_sessions([(0, (np.zeros(1, np.int64), *(np.zeros(1) for _ in range(3))))])
    assert not (folder.path / "sessions.parquet").exists()
    assert not (folder.path / "sessions.parquet.part").is_symlink()


def test_a_run_is_partial_until_its_summary_is_written(folder, make_rows, symbols):
    """So a run whose every process was killed is marked as well."""
    assert folder.partial == "the run has not finished"
    finished(folder, make_rows(1), symbols)
    assert folder.partial is None


def test_a_failed_run_says_why_and_keeps_what_was_written(folder, make_rows, symbols):
    first = Recorder(folder.path, [0], symbols, total=2)
    first.record(0, *make_rows(10))
    first.close()
    dead = Recorder(folder.path, [1], symbols, total=2)
    dead.record(1, *make_rows(20))
    dead.abort()
    folder.mark_partial("engine 1 was killed by SIGKILL")
    assert folder.merge(symbols) == dict.fromkeys(TABLES, 30)
    again = RunFolder.open(folder.path)
    assert again.partial == "engine 1 was killed by SIGKILL"
    assert again.summary["partial"] is True
    assert again.summary["reason"] == "engine 1 was killed by SIGKILL"
    assert again.table("equity")["lane"].to_pylist() == [0] * 10 + [1] * 20
    folder.write_summary({"bars": 3})
    assert RunFolder.open(folder.path).summary == {"bars": 3, "partial": True}
    assert again.partial is not None


def test_a_part_that_is_not_complete_is_refused_in_a_run_that_did_not_fail(
    folder, make_rows, symbols
):
    recorder = Recorder(folder.path, [0, 1], symbols)
    recorder.record(0, *make_rows(10))
    recorder.abort()
    with pytest.raises(RunError, match=r"lane-00000000\.part is not complete"):
        folder.merge(symbols)


def test_nothing_written_at_all_is_an_error_unless_the_run_failed(folder, symbols):
    with pytest.raises(RunError, match=r"fills\.parquet is missing"):
        folder.merge(symbols)
    folder.mark_partial("interrupted")
    assert folder.merge(symbols) == dict.fromkeys(TABLES, 0)
    with pytest.raises(RunError, match=r"equity\.parquet: .*the run is partial: interrupted"):
        folder.table("equity")


def test_a_failed_run_drops_half_written_files(folder, symbols):
    (folder.path / "equity.parquet.part").write_bytes(b"PAR1")
    folder.mark_partial("killed")
    assert list(folder.path.glob("*.part")) == []


def test_the_summary_is_strict_json(folder):
    folder.write_summary(
        {
            "nan": float("nan"),
            "inf": np.float64("inf"),
            "count": np.int64(3),
            "array": np.array([1.5, np.nan]),
            "path": Path("a") / "b",
            "day": date(2024, 3, 10),
            "deep": [{"x": (True, None, -0.5)}],
        }
    )
    text = (folder.path / "summary.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail) == {
        "nan": None,
        "inf": None,
        "count": 3,
        "array": [1.5, None],
        "path": str(Path("a") / "b"),
        "day": "2024-03-10",
        "deep": [{"x": [True, None, -0.5]}],
        "partial": False,
    }


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_summary_that_cannot_be_written_leaves_the_one_before(folder):
    folder.mark_partial("first")
    (folder.path / f"summary.json.{os.getpid()}.part").symlink_to("/dev/full")
    with pytest.raises(RunError, match=r"summary\.json: the disk is full"):
        folder.write_summary({"bars": 1})
    assert folder.summary["reason"] == "first"
    assert list(folder.path.glob("*.part")) == []


def test_what_is_no_run_folder_is_refused(tmp_path, folder):
    with pytest.raises(RunError, match="is not a run folder"):
        RunFolder.open(tmp_path / "nowhere")
    with pytest.raises(RunError, match=r"cannot read .*summary\.json"):
        _ = folder.summary
    (folder.path / "config.json").write_text("[1]")
    with pytest.raises(RunError, match="must hold a JSON object, held list"):
        _ = folder.config
    with pytest.raises(ValueError, match="round_trips, sessions, was 'x'"):
        folder.table("x")


def test_what_a_failed_run_has_kept_is_counted_with_its_last_moment(folder, make_rows, symbols):
    recorder = Recorder(folder.path, [0, 1], symbols)
    recorder.record(0, *make_rows(10))
    recorder.record(1, *make_rows(7))
    recorder.abort()
    folder.mark_partial("interrupted")
    folder.write_kept(symbols)
    summary = folder.summary
    assert (summary["reason"], summary["partial"]) == ("interrupted", True)
    assert summary["rows"] == dict.fromkeys(TABLES, 17)
    last = folder.table("equity")["ts"]
    assert summary["until"] == f"{max(last.to_pylist()):%Y-%m-%d %H:%M:%S}Z"

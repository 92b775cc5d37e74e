"""Runs of the past: in which order they are listed, by which names they are found."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pipeline import Result
from pipeline.errors import RingtapeError, RunError
from pipeline.results.folder import RunFolder
from pipeline.runner.run_folders import find_run, list_runs, remove_run, summary_of

STRATEGY = {"name": "mine.py:Mine", "parameters": {"fast": 3}}
DATES = {"start_date": "2024-10-01", "end_date": "2024-10-31"}


def make_run(
    out: Path, name: str, *, config: dict[str, Any] | None = None, done: bool = True
) -> Path:
    """Write a run folder as a run would leave it."""
    path = out / name
    path.mkdir(parents=True)
    settings = {"session_name": "s", "strategy": STRATEGY, "backtest_config": DATES}
    (path / "config.json").write_text(json.dumps({**settings, **(config or {})}))
    folder = RunFolder(path)
    if done:
        lane = {"total_return": 0.25, "sharpe_ratio": 1.5}
        days = {"first_session": "2024-10-02", "last_session": "2024-10-30"}
        folder.write_summary({"session_name": "s", "run_dir": path, **days, "lanes": [lane]})
    else:
        (path / "PARTIAL").write_text("the run has not finished\n")
    return path


NEWEST, MIDDLE, OLDEST = (
    *("b-20241203T000001Z-0000aaaa", "a-20241202T235959Z-1111bbbb"),
    "c-20230101T000000Z-2222cccc",
)
CROSSING = "crossing-20221231T000000Z-3333dddd"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    for name in (OLDEST, NEWEST, MIDDLE):
        make_run(folder, name)
    return folder


def test_the_newest_run_comes_first_with_what_it_came_to(out: Path):
    runs = list_runs(out)
    assert [one.path.name for one in runs] == [NEWEST, MIDDLE, OLDEST]
    first = runs[0]
    assert (first.session_name, first.strategy) == ("s", "Mine(fast=3)")
    assert (first.first, first.last) == ("2024-10-02", "2024-10-30")
    assert (first.total_return, first.sharpe_ratio) == (0.25, 1.5)
    assert (first.state, first.reason) == ("done", "")


def test_a_run_that_is_not_done_says_why(out: Path):
    make_run(out, "d-20250101T000000Z-3333dddd", done=False)
    failed = make_run(out, "e-20250102T000000Z-4444eeee", done=False)
    RunFolder(failed).mark_partial("engine 0 was killed")
    newest, before = list_runs(out)[:2]
    assert (newest.state, newest.reason) == ("partial", "engine 0 was killed")
    assert (before.state, before.reason) == ("unfinished", "the run has not finished")
    assert (before.first, before.last) == ("2024-10-01", "2024-10-31")
    assert newest.total_return is before.total_return is None


def test_a_sweep_a_broken_folder_and_a_ledger_are_no_runs(out: Path):
    sweep = make_run(out, "f-20250103T000000Z-5555ffff")
    RunFolder(sweep).write_summary({"lanes": 176})
    (out / "ledger").mkdir()
    (out / "broken").mkdir()
    (out / "broken" / "config.json").write_text("{")
    assert len(list_runs(out)) == 3


@pytest.mark.parametrize("summary", [{"lanes": 176, "sweep": "f"}, {"lanes": 176}, {"sweep": "f"}])
def test_a_name_of_a_sweep_is_refused_with_where_it_is(
    out: Path, monkeypatch: pytest.MonkeyPatch, summary: dict[str, Any]
):
    sweep = make_run(out, "f-20250103T000000Z-5555ffff", done=False)
    RunFolder(sweep).mark_partial("interrupted")
    RunFolder(sweep).write_summary(summary)
    assert len(list_runs(out)) == 3
    said = rf"is a sweep: see `ringtape ledger {out}/ledger --sweep {sweep.name}`; .* runs in "
    for name in ("f-2025", sweep.name, sweep):
        with pytest.raises(RingtapeError, match=said):
            find_run(name, out)
    monkeypatch.chdir(out.parent)
    with pytest.raises(RingtapeError, match=rf"see `ringtape ledger --sweep {sweep.name}`"):
        find_run("5555ffff", Path("runs"))


def test_a_run_that_is_done_is_meant_before_one_that_is_not(out: Path):
    whole = make_run(out, "i-20250106T000000Z-88880000")
    failed = make_run(out, "i-20250107T000000Z-88881111", done=False)
    RunFolder(failed).mark_partial("it failed")
    assert find_run("i-2025010", out).path == whole
    assert find_run("i-20250107", out).path == failed
    with pytest.raises(RingtapeError, match=rf"did you mean {whole.name}\?$"):
        find_run("I-20250107T000000Z", out)


def test_several_strategies_are_counted(out: Path):
    make_run(out, "g-20250104T000000Z-66660000", config={"strategy": [STRATEGY, STRATEGY]})
    assert list_runs(out)[0].strategy == "2 strategies"


@pytest.mark.parametrize("name", ["latest", NEWEST, "b-2024", "0000aaaa"])
def test_a_run_is_found_by_its_name_or_an_end_of_it(out: Path, name: str):
    assert find_run(name, out).path == out / NEWEST


def test_a_run_is_found_by_its_path(out: Path, tmp_path: Path):
    assert find_run(out / OLDEST, tmp_path / "nowhere").path == out / OLDEST


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing", f"there is no run nothing in .*runs; the newest is {NEWEST}$"),
        ("B-20241203T000001Z", rf"did you mean {NEWEST}\?$"),
        ("latset", r"did you mean latest\?$"),
        ("crossnig", rf"did you mean {CROSSING}\?$"),
        ("Crossing-2025", rf"did you mean {CROSSING}\?$"),
    ],
)
def test_a_name_that_no_run_has_is_refused_with_the_nearest(out: Path, name: str, said: str):
    """A session's name is enough, and means its newest run."""
    for made in (CROSSING, "crossing-20221130T000000Z-4444eeee"):
        make_run(out, made)
    with pytest.raises(RingtapeError, match=said):
        find_run(name, out)


def test_a_name_of_several_runs_is_refused(out: Path):
    make_run(out, "b-20241203T000001Z-99990000")
    with pytest.raises(RingtapeError, match=r"b-20241203T000001Z may be any of 2 runs"):
        find_run("b-20241203T000001Z", out)


def test_an_empty_folder_has_no_latest_run(tmp_path: Path):
    with pytest.raises(RingtapeError, match=r"latest is not a run folder, and there is no run in"):
        find_run("latest", tmp_path)


def test_a_result_is_loaded_and_shows_its_summary(out: Path):
    result = Result.load(out=out)
    assert result.run_dir == out / NEWEST
    assert result.statistics["sharpe_ratio"] == 1.5
    assert repr(result).startswith("s\n")
    assert "Sharpe ratio    1.50" in str(result)
    assert result._repr_html_() == f"<pre>{result}</pre>"


def test_a_killed_run_has_a_summary_that_says_so(out: Path):
    path = make_run(out, "h-20250105T000000Z-77770000", done=False)
    assert summary_of(RunFolder(path))["partial"] is True
    assert "PARTIAL: the run has not finished" in repr(Result.load(path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_a_pipe_in_place_of_a_summary_holds_nobody_up(out: Path):
    (out / NEWEST / "summary.json").unlink()
    os.mkfifo(out / NEWEST / "summary.json")
    assert len(list_runs(out)) == 3
    with pytest.raises(RunError, match="it is no regular file"):
        _ = RunFolder(out / NEWEST).summary


def test_a_run_is_removed_with_all_its_files(out: Path):
    remove_run(find_run("latest", out))
    assert [one.path.name for one in list_runs(out)] == [MIDDLE, OLDEST]

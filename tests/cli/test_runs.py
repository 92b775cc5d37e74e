"""`ringtape runs`: lists, opens, compares and removes."""

import json
from pathlib import Path

import pytest

from pipeline.results.folder import RunFolder
from shm.control import ControlPage
from shm.names import LISTING, new_run_id
from shm.stats import RowSpec, StatsBlock
from tests.runner.test_run_folders import MIDDLE, NEWEST, OLDEST, make_run


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    for name in (OLDEST, NEWEST, MIDDLE):
        make_run(folder, name)
    return folder


def test_runs_are_listed_with_what_they_came_to(called, runs: Path):
    lines = called("runs").out.splitlines()
    assert lines[0].split() == ["run", "strategy", "first", "last", "return", "Sharpe", "state"]
    assert lines[1] == f"{NEWEST}  Mine(fast=3)  2024-10-02  2024-10-30  +25.00 %    1.50  done"
    assert [line.split()[0] for line in lines[1:]] == [NEWEST, MIDDLE, OLDEST]
    assert called("runs", "--limit", "1").out.count("\n") == 2
    document = json.loads(called("runs", "--json").out)
    assert [one["state"] for one in document["runs"]] == ["done"] * 3


def test_an_empty_folder_is_said(called):
    assert called("runs", "--out", "nowhere").out == "there is no run in nowhere\n"


def test_a_run_in_place_of_a_folder_of_runs_is_said(called, runs: Path):
    assert called("runs", "--out", f"runs/{NEWEST}").out == (
        f"there is no run in runs/{NEWEST}; it is one: `ringtape runs runs/{NEWEST}` opens it\n"
    )


def test_a_run_is_opened(called, runs: Path):
    assert "Sharpe ratio    1.50" in called("runs", "latest").out
    assert json.loads(called("runs", "latest", "--json").out)["lanes"][0]["sharpe_ratio"] == 1.5
    ended = called("runs", "nothing")
    assert (ended.code, ended.out) == (2, "")
    assert "there is no run nothing in runs" in ended.err
    for options in ((), ("--remove",), ("--compare", "latest")):
        assert "did you mean latest?" in called("runs", *options, "lastest").err


def test_two_runs_without_a_return_are_listed_without_minus_zero(called, runs: Path):
    for name, value in (
        ("k-20250107T000000Z-88880001", 1e-9),
        ("l-20250108T000000Z-88880002", 0.0),
    ):
        lane = {"total_return": -value, "sharpe_ratio": -value, "orders": 0, "digest": "d"}
        RunFolder(make_run(runs, name)).write_summary({"lanes": [lane]})
    assert called("runs", "--limit", "2").out.count("+0.00 %    0.00  done") == 2


def test_runs_are_removed(called, runs: Path):
    assert called("runs", "--remove", "latest", OLDEST).code == 0
    assert [path.name for path in runs.iterdir()] == [MIDDLE]


@pytest.mark.skipif(not LISTING.is_dir(), reason="this system does not list shared memory")
def test_a_run_that_is_alive_is_said_to_be_running_and_not_removed(called, runs: Path):
    path = make_run(runs, "j-20250106T000000Z-99990000", done=False)
    run_id = new_run_id()
    with (
        ControlPage.create(run_id, ["engine 0"], title=f"s\n{path}"),
        StatsBlock.create(run_id, [RowSpec("engine 0", counters=("bars",), timers=("slot",))]),
    ):
        assert called("runs").out.splitlines()[1].endswith("running")
        ended = called("runs", "--remove", "latest")
    assert ended.code == 2
    assert "is of a run that is alive" in ended.err
    assert path.is_dir()


def test_a_page_of_all_runs_is_written(called, runs: Path):
    assert called("runs", "--html").out == "page            runs/index.html (3 runs, 0 sweeps)\n"
    assert (runs / "index.html").is_file()
    document = json.loads(called("runs", "--html", "all.html", "--json").out)
    assert (document["path"], document["runs"], document["left_out"]) == ("all.html", 3, 0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--html", "latest"], "a file that ends with .html, was latest"),
        (["latest", "--html"], "--html is of the whole folder"),
        (["--open"], "--open is for the page that --html writes"),
        (["--html", "--out", "nowhere"], "nowhere is not a folder"),
        (["--compare", "latest"], "--compare takes two runs, was given 1"),
        (["--remove"], "--remove takes the runs to remove, was given none"),
        (["--compare", "--remove", "a", "b"], "exclude each other"),
        (["compare", "latest", "a"], "there is no run compare; did you mean --compare?"),
        (["remove", "latest"], "there is no run remove; did you mean --remove?"),
        (["diff", "latest", "a"], "there is no run diff; did you mean --compare?"),
        (["latest", "--limit", "2"], "--limit is for the list of runs"),
        (["list"], "there is no run list; `ringtape runs` lists them"),
        (
            ["nosuch"],
            "there is no run in runs; expected the folder of runs as --out",
        ),
    ],
)
def test_options_that_make_no_sense_are_refused(called, options: list[str], said: str):
    ended = called("runs", *options)
    assert ended.code == 2
    assert said in ended.err

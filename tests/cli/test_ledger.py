import contextlib
import csv
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.sweeps.ledger.ledger import Ledger
from tests.cli.conftest import Ended
from tests.sweeps.ledgers import recorded, sweep_row

Called = Callable[..., Ended]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A ledger where it is looked for, with two sweeps: lanes 1 to 4, and 3 to 6."""
    folder = tmp_path / "runs" / "ledger"
    with Ledger.open(folder) as ledger:
        for sweep, numbers in (("first-1a", [1, 2, 3, 4]), ("second-2b", [3, 4, 5, 6])):
            ledger.begin(sweep_row(sweep))
            recorded(ledger, sweep, numbers)
            ledger.finish(sweep, "done")
    return folder


def test_without_options_it_lists_the_sweeps(called: Called, book: Path):
    code, out, err = called("ledger")
    assert (code, err) == (0, "")
    header, first, second = (line.split() for line in out.splitlines())
    assert header == [
        *("sweep", "started", "state", "method", "lanes"),
        *("failed", "pruned", "score", "best"),
    ]
    assert first == [
        *("first-1a", "2024-12-03T10:00:00Z", "done", "grid"),
        *("4", "0", "0", "sharpe_ratio", "1"),
    ]
    assert second[-1] == "1.5"
    document = json.loads(called("ledger", "--json").out)
    assert document["ledger"] == "runs/ledger"
    assert [
        (row["sweep"], row["lanes"], row["done"], row["best"]) for row in document["sweeps"]
    ] == [
        ("first-1a", 4, 4, 1.0),
        ("second-2b", 4, 4, 1.5),
    ]


def test_the_best_of_a_sweep_that_minimises_is_the_lowest(called: Called, book: Path):
    with Ledger.open(book) as ledger:
        ledger.begin(sweep_row("third-3c", scores=("-sharpe_ratio",)))
        ledger.adopt("third-3c", [0, 1], [f"{n:032x}" for n in (3, 4)])
        ledger.begin(sweep_row("fourth-4d", scores=("cagr",)))
        recorded(ledger, "fourth-4d", [7], state="failed", error="no\nmore", statistics={})
    rows = [line.split() for line in called("ledger").out.splitlines()]
    assert {row[0]: row[-1] for row in rows} == {
        "sweep": "best",
        "first-1a": "1",
        "second-2b": "1.5",
        "third-3c": "0.75",
        "fourth-4d": "-",
    }


def test_filters_order_and_limit_choose_lanes_of_one_sweep_or_of_all(called: Called, book: Path):
    def fast(*options: str) -> list[int]:
        rows = json.loads(called("ledger", *options, "--json").out)["lanes"]
        return [row["parameters"]["fast"] for row in rows]

    assert fast("--where", "sharpe_ratio > 1") == [5, 6]
    assert fast("--where", "sharpe_ratio > 1", "--where", "fast < 6") == [5]
    assert fast("--lanes") == [1, 2, 3, 4, 5, 6]
    assert fast("--sweep", "2b", "--order=-fast") == [6, 5, 4, 3]
    assert fast("--order", "-sharpe_ratio", "--limit", "2") == [6, 5]
    assert fast("--sweep", "first", "--where", "parameters.fast > 1", "--limit", "2") == [2, 3]
    out = called("ledger", "--sweep", "first").out
    assert out.splitlines()[0].split() == [
        *("key", "state", "fast", "slow", "stop", "leader"),
        *("sharpe_ratio", "total_return", "max_drawdown", "round_trips", "open_profit"),
    ]
    assert len(out.splitlines()) == 5
    assert called("ledger", "--where", "fast > 99").out == "no lanes\n"
    assert fast("--sweep", "latest") == fast("--sweep", "second")


def test_lanes_of_several_sweeps_name_theirs(called: Called, book: Path):
    """The newest that has a lane, and how many others."""
    lines = called("ledger", "--where", "fast > 2", "--limit", "3").out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        *("sweep", "second-2b and 1 more", "second-2b and 1 more", "second-2b")
    ]
    lanes = json.loads(called("ledger", "--lanes", "--limit", "3", "--json").out)["lanes"]
    assert [lane["sweeps"] for lane in lanes] == [
        *(["first-1a"], ["first-1a"], ["first-1a", "second-2b"])
    ]


def test_figures_read_as_in_the_text_of_a_run(called: Called, book: Path):
    """A parameter with the name of a figure is shown as it is, and so is JSON."""
    with Ledger.open(book) as ledger:
        ledger.begin(sweep_row("third-3c", scores=("total_return",)))
        figures = {"total_return": 0.092395, "final_equity": 109239.5, "sharpe_ratio": 1.23456789}
        recorded(ledger, "third-3c", [77], parameters={"exposure": 0.5}, statistics=figures)
    columns = ("--columns", "total_return,final_equity,sharpe_ratio,exposure")
    _, row = called("ledger", "--sweep", "latest", *columns).out.splitlines()
    assert row.split() == ["9.24", "%", "109,239.50", "1.23457", "0.5"]
    assert called("ledger").out.splitlines()[-1].split()[-3:] == ["total_return", "9.24", "%"]
    (lane,) = json.loads(called("ledger", "--sweep", "latest", *columns, "--json").out)["lanes"]
    assert lane["total_return"] == 0.092395


def test_columns_are_shown_as_they_are_named(called: Called, book: Path):
    options = ("--columns", "fast, deepest_drawdown.depth,leader,error", "--limit", "1")
    header, row = (line.split() for line in called("ledger", *options).out.splitlines())
    assert header == ["fast", "deepest_drawdown.depth", "leader", "error"]
    assert row == ["1", "-1", "AAA"]
    (lane,) = json.loads(called("ledger", *options, "--json").out)["lanes"]
    assert lane == {"fast": 1, "deepest_drawdown.depth": -1, "leader": "AAA", "error": ""}


def test_unasked_it_shows_twenty_lanes_and_says_when_there_are_more(called: Called, book: Path):
    with Ledger.open(book) as ledger:
        recorded(ledger, "first-1a", range(7, 21))
    assert len(called("ledger", "--lanes").out.splitlines()) == 21
    with Ledger.open(book) as ledger:
        recorded(ledger, "first-1a", [21])
    lines = called("ledger", "--lanes").out.splitlines()
    assert (len(lines), lines[-1]) == (22, "the first 20 lanes; --limit N shows more")
    assert len(called("ledger", "--limit", "21").out.splitlines()) == 22


def test_it_compares_what_two_sweeps_have_in_common(called: Called, book: Path):
    out = called("ledger", "--compare", "first", "second").out
    head, _, table = out.partition("\n\n")
    assert head.splitlines() == [
        *("A  first-1a", "B  second-2b", "2 sets in both, 2 of them with equal scores")
    ]
    assert [line.split()[0] for line in table.splitlines()] == ["fast", "3", "4"]
    assert "sharpe_ratio A  sharpe_ratio B  sharpe_ratio B-A" in table
    found = json.loads(called("ledger", "--compare", "first", "second", "--json").out)
    assert found["sweeps"] == ["first-1a", "second-2b"]
    assert [one["figures"] for one in found["sets"]] == [
        [{"sharpe_ratio": n / 4}] * 2 for n in (3, 4)
    ]


def test_sweeps_without_a_set_in_common_are_no_error(called: Called, book: Path):
    with Ledger.open(book) as ledger:
        ledger.begin(sweep_row("empty-9f"))
    done = called("ledger", "--compare", "first", "empty")
    assert (done.code, done.out.splitlines()[-1]) == (0, "no set is in both")


def test_sets_that_differ_by_the_name_of_their_strategy_only_are_told(called: Called, book: Path):
    with Ledger.open(book) as ledger:
        ledger.begin(sweep_row("third-3c"))
        for number in (1, 2, 99):
            recorded(ledger, "third-3c", [number], key=f"other{number}", strategy="main:Cross")
    (last,) = called("ledger", "--compare", "first", "latest").out.splitlines()[-1:]
    assert last == (
        "no set is in both; 2 have equal parameters, of strategies demo:Cross and main:Cross"
    )


def test_it_exports_lanes(called: Called, book: Path):
    code, out, _ = called("ledger", "--where", "parameters.fast < 3", "--export", "lanes.csv")
    assert (code, out) == (0, "2 lanes in lanes.csv\n")
    with (book.parents[1] / "lanes.csv").open() as file:
        assert [row["parameters.fast"] for row in csv.DictReader(file)] == ["1", "2"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["nowhere"], "there is no ledger at nowhere"),
        (["--where", "sharp > 1"], "did you mean sharpe_ratio?"),
        (["runs"], "there is no ledger at runs/ledger.sqlite; did you mean runs/ledger?"),
        (["--sweep", "frist-1a"], "has no sweep frist-1a; did you mean first-1a?"),
        (["--sweep", "latset"], "has no sweep latset; did you mean latest?"),
        (["--sweep", "qqq"], "has no sweep qqq; the newest is second-2b"),
        (["--compare", "first", "secnd"], "has no sweep secnd; did you mean second-2b?"),
        (["--compare", "first", "second", "--limit", "3"], "no other option but --json"),
        (["--order", "nothing"], "nothing"),
        (["--columns", "fast,slw"], "no lane has 'slw'; did you mean"),
        (["--columns", "fast,,slow"], "'fast,,slow' is not of the form"),
        (["--columns", "fast", "--export", "x.csv"], "a file gets all columns"),
        (["--limit", "0"], "0 is not in the range"),
        (["--export", "lanes.xls"], ".parquet"),
    ],
)
def test_what_is_typed_wrong_is_one_line(called: Called, book: Path, wrong: list[str], told: str):
    code, out, err = called("ledger", *wrong)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


def test_a_beginning_of_several_ids_names_them(called: Called, book: Path):
    with Ledger.open(book) as ledger:
        ledger.begin(sweep_row("first-3c"))
    told = "'first' may be any of 2 sweeps of runs/ledger/ledger.sqlite: first-1a, first-3c"
    assert told in called("ledger", "--sweep", "first").err


def test_a_ledger_of_another_version_is_bad_input(called: Called, book: Path):
    with contextlib.closing(sqlite3.connect(book / "ledger.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 9")
    done = called("ledger")
    assert (done.code, done.out) == (2, "")
    assert "is a ledger of version 9, expected 2; " in done.err

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.sweep.ledger import Ledger
from tests.cli.conftest import Ended
from tests.sweep.ledgers import recorded, sweep_row

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
    assert header == ["sweep", "started", "state", "method", "lanes", "failed", "score", "best"]
    assert first == [
        *("first-1a", "2024-12-03T10:00:00Z", "done", "grid"),
        *("4", "0", "sharpe_ratio", "1"),
    ]
    assert second[-1] == "1.5"
    assert [row["sweep"] for row in json.loads(called("ledger", "--json").out)] == [
        "first-1a",
        "second-2b",
    ]


def test_filters_order_and_limit_choose_lanes_of_one_sweep_or_of_all(called: Called, book: Path):
    def fast(*options: str) -> list[int]:
        rows = json.loads(called("ledger", *options, "--json").out)
        return [row["parameters"]["fast"] for row in rows]

    assert fast("--where", "sharpe_ratio > 1") == [5, 6]
    assert fast("--order", "-sharpe_ratio", "--limit", "2") == [6, 5]
    assert fast("--sweep", "first", "--where", "parameters.fast > 1", "--limit", "2") == [2, 3]
    out = called("ledger", "--sweep", "first").out
    assert out.splitlines()[0].split()[:3] == ["key", "state", "fast"]
    assert len(out.splitlines()) == 5


def test_it_compares_what_two_sweeps_have_in_common(called: Called, book: Path):
    out = called("ledger", "--compare", "first", "second").out
    assert [line.split()[0] for line in out.splitlines()] == ["fast", "3", "4"]
    assert "sharpe_ratio A" in out
    found = json.loads(called("ledger", "--compare", "first", "second", "--json").out)
    assert [one["figures"] for one in found] == [[{"sharpe_ratio": n / 4}] * 2 for n in (3, 4)]


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
        (["--sweep", "frist-1a"], "begins with frist-1a; there are first-1a"),
        (["--order", "nothing"], "nothing"),
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
    assert (
        "begins the ids of 2 sweeps: first-1a, first-3c" in called("ledger", "--sweep", "first").err
    )

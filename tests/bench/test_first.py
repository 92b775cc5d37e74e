"""The rows of `bench/first.py`, and what it takes two trees to task for."""

import json
from typing import Any

import pytest

pytest.importorskip("resource", reason="this bench needs Linux")

from bench.first import Samples, Taken, add_rows, difference
from bench.measure import Report

COMMANDS = ("first demo", "warm run", "run after an edit")


def samples(
    walls: tuple[float, float, float], digest: str = "d", to_first_bar: float | None = 0.5
) -> Samples:
    """Two rounds of a tree whose commands take so long, and a tenth more in the second."""
    return {
        name: [Taken(wall * by, 2.0 * wall, to_first_bar, digest) for by in (1.0, 1.1)]
        for name, wall in zip(COMMANDS, walls, strict=True)
    }


def rows_of(
    found: dict[str, Samples], capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, Any]]:
    report = Report("first", {}, [])
    add_rows(report, found)
    code = report.finish(as_json=True)
    document = json.loads(capsys.readouterr().out)
    return code, {row["name"]: row for row in document["results"]}


def test_a_row_is_new_over_old_of_the_medians(capsys: pytest.CaptureFixture[str]) -> None:
    found = {"new": samples((10.0, 1.0, 2.0)), "old": samples((50.0, 4.0, 6.0))}
    code, rows = rows_of(found, capsys)
    assert code == 0
    assert rows["first demo"]["value"] == pytest.approx(0.2)
    assert rows["warm run"]["value"] == pytest.approx(0.25)
    assert rows["an edit adds"]["value"] == pytest.approx(0.5)
    assert rows["first demo"]["old"]["median"] == pytest.approx(52.5)
    assert rows["first demo"]["new"]["min"] == 10.0
    assert rows["warm run, processor time"]["value"] == pytest.approx(0.25)


def test_a_tree_that_is_no_faster_misses_the_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    same = samples((10.0, 1.0, 2.0))
    code, rows = rows_of({"new": same, "old": same}, capsys)
    assert code == 1
    missed = [name for name, row in rows.items() if row["ok"] is False]
    assert missed == ["first demo", "warm run", "an edit adds"]


def test_a_tree_alone_is_told_in_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    code, rows = rows_of({"new": samples((10.0, 1.0, 2.0))}, capsys)
    assert code == 0
    assert (rows["first demo"]["value"], rows["first demo"]["unit"]) == (10.5, "s")


def test_a_tape_that_was_not_seen_to_start_has_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    found = {"new": samples((10.0, 1.0, 2.0), to_first_bar=None)}
    rows = rows_of(found, capsys)[1]
    assert not [name for name in rows if name.endswith("until the tape starts")]
    assert "warm run, processor time" in rows


def test_a_tape_of_the_old_tree_that_was_not_seen_leaves_the_new_tree_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = {
        "new": samples((10.0, 1.0, 2.0)),
        "old": samples((50.0, 4.0, 6.0), to_first_bar=None),
    }
    row = rows_of(found, capsys)[1]["warm run, processor time until the tape starts"]
    assert (row["value"], row["unit"]) == (0.5, "s")


def test_runs_of_one_tree_that_do_the_same_must_have_one_digest() -> None:
    new, old = samples((1.0, 1.0, 2.0)), samples((1.0, 1.0, 2.0))
    assert difference({"new": new, "old": old}) == ""
    other = samples((1.0, 1.0, 2.0), "e")
    words = "runs of the demonstration by the old tree must have one digest"
    with pytest.raises(RuntimeError, match=words):
        difference({"new": new, "old": old | {"warm run": other["warm run"]}})
    with pytest.raises(RuntimeError, match="runs of one edited strategy must have one digest"):
        difference({"new": new, "old": old | {"run after an edit": other["run after an edit"]}})


def test_trees_with_other_results_are_compared_and_a_row_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = {"new": samples((10.0, 1.0, 2.0)), "old": samples((50.0, 4.0, 6.0), "e")}
    code, rows = rows_of(found, capsys)
    assert code == 0
    said = rows.pop("trees with the same results")
    assert (said["value"], said["unit"]) == (1, "of 2")
    assert said["note"] == (
        "the trees' results differ, only their times are compared; digests: new d, old e"
    )
    assert rows["first demo"]["value"] == pytest.approx(0.2)
    same = {"new": found["new"], "old": found["new"]}
    assert "trees with the same results" not in rows_of(same, capsys)[1]

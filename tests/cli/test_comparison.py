"""`ringtape runs --compare`: what differs between two runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.results.folder import RunFolder
from tests.runner.test_run_folders import make_run

ONE, OTHER = "a-20250101T000000Z-00000001", "b-20250102T000000Z-00000002"
LANE = {"total_return": 0.25, "sharpe_ratio": 1.5, "digest": "c"}

Compared = Callable[..., tuple[list[list[str]], dict[str, Any]]]


@pytest.fixture
def compared(called: Any, tmp_path: Path) -> Compared:
    """Compare two runs of some configurations: lines of the text as words, and the document."""

    def call(
        *configs: dict[str, Any], lanes: tuple[Any, Any] = ([LANE], [LANE])
    ) -> tuple[list[list[str]], dict[str, Any]]:
        for name, config, its in zip((ONE, OTHER), configs, lanes, strict=True):
            path = make_run(tmp_path / "runs", name, config=config)
            RunFolder(path).write_summary({"lanes": its})
        written = called("runs", "--compare", ONE, OTHER).out
        document = json.loads(called("runs", "--compare", ONE, OTHER, "--json").out)
        return [line.split("  ") for line in written.splitlines()], document

    return call


def words(lines: list[list[str]]) -> list[list[str]]:
    return [[word.strip() for word in line if word.strip()] for line in lines]


def strategy(name: str = "s1:Trend", **parameters: float) -> dict[str, Any]:
    return {"name": name, "parameters": parameters}


def test_two_runs_are_compared_by_settings_and_figures(compared: Compared):
    other = {"total_return": 0.5, "sharpe_ratio": None, "digest": "d"}
    lines, document = compared(
        {"strategy": strategy(fast=3)}, {"strategy": strategy(fast=5)}, lanes=([LANE], [other])
    )
    found = {line[0]: line[1:] for line in words(lines) if line}
    assert found["strategy.parameters.fast"] == ["3", "5"]
    assert found["total_return"] == ["0.25", "0.5", "0.25"]
    assert found["sharpe_ratio"] == ["1.5", "-", "-"]
    assert found["digest"] == ["c", "d", "differ"]
    assert document["settings"] == {"strategy.parameters.fast": [3, 5]}


def test_equal_settings_are_said(compared: Compared):
    lines, document = compared({}, {})
    assert ["all settings are equal"] in lines
    assert document["settings"] == {}


def test_of_runs_without_the_entry_it_is_not_known_what_they_were_made_from(compared: Compared):
    lines, document = compared({}, {})
    (line,) = [line[0] for line in lines if "not known" in line[0]]
    assert line == (
        "whether code, data and Ringtape differ is not known: the summary of A and B does not say "
        "what it was made from"
    )
    assert document["made_from"] is None


@pytest.mark.parametrize(
    ("one", "other", "rows"),
    [
        (
            {"strategy": [strategy("__main__:Trend", fast=20)]},
            {"strategy": strategy(fast=50)},
            {
                "strategy.name": ["__main__:Trend", "s1:Trend"],
                "strategy.parameters.fast": [20, 50],
            },
        ),
        (
            {"strategy": [strategy(fast=1), strategy(fast=2, slow=9)]},
            {"strategy": [strategy(fast=1), strategy(fast=3)]},
            {"strategy.1.parameters.fast": [2, 3], "strategy.1.parameters.slow": [9, None]},
        ),
        (
            {"strategy": strategy()},
            {"strategy": [strategy(), strategy()]},
            {"strategy.1.name": [None, "s1:Trend"]},
        ),
        (
            {"execution": {"commission_tiers": [{"above": 0, "bps": 1}, {"above": 5, "bps": 2}]}},
            {"execution": {"commission_tiers": [{"above": 0, "bps": 1}, {"above": 7, "bps": 2}]}},
            {"execution.commission_tiers.1.above": [5, 7]},
        ),
        (
            {"sweep": None},
            {"sweep": {"space": {"fast": [1, 2]}, "best": 3}},
            {"sweep.space.fast": [None, [1, 2]], "sweep.best": [None, 3]},
        ),
        (
            {"sweep": {"space": [{"fast": [1, 2]}, {"fast": [3]}]}},
            {"sweep": {"space": [{"fast": [1, 2]}, {"fast": [4]}]}},
            {"sweep.space.1.fast": [[3], [4]]},
        ),
    ],
)
def test_each_setting_that_differs_has_a_line_by_the_path_that_set_takes(
    compared: Compared, one: dict[str, Any], other: dict[str, Any], rows: dict[str, list[Any]]
):
    lines, document = compared(one, other)
    assert document["settings"] == rows
    shown = {line[0]: line[1:] for line in words(lines) if line}
    for path, both in rows.items():
        texts = ["-" if value is None else json.dumps(value) for value in both]
        assert shown[path] == texts


def test_parameters_that_were_not_given_count_by_their_defaults(compared: Compared):
    lanes = [[{**LANE, "parameters": {"fast": 10, "slow": slow}}] for slow in (30, 40)]
    _, document = compared(
        {"strategy": strategy(fast=10)}, {"strategy": strategy(slow=40)}, lanes=tuple(lanes)
    )
    assert document["settings"] == {"strategy.parameters.slow": [30, 40]}


def test_of_long_values_the_part_that_differs_is_shown(compared: Compared):
    many = [f"SYMBOL{number}" for number in range(20)]
    lines, document = compared({"symbols": many}, {"symbols": [*many[:-1], "LAST"]})
    assert document["settings"]["symbols"] == [many, [*many[:-1], "LAST"]]
    row = next(line for line in words(lines) if line[:1] == ["symbols"])
    assert [text[:3] for text in row[1:]] == ["...", "..."]
    assert row[1].endswith('"SYMBOL19"]')
    assert row[2].endswith('"LAST"]')


def test_nothing_that_is_compared_is_minus_zero(compared: Compared):
    lane = {"total_return": -1e-9, "sharpe_ratio": -0.0, "digest": "d"}
    lines, _ = compared({}, {}, lanes=([lane], [{**lane, "total_return": -0.0}]))
    found = {line[0]: line[1:] for line in words(lines) if line}
    assert found["sharpe_ratio"] == ["0", "0", "0"]

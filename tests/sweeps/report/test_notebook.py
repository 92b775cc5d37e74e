"""What a notebook shows of a sweep: its best sets in order, and a cell for each pair of values."""

import re
from dataclasses import replace
from typing import Any

import pytest

from pipeline.sweeps.ledger.ledger import LaneRow
from pipeline.sweeps.report.notebook import shown, swept_parameters

SUMMARY = {"session_name": "<b>", "scores": ["sharpe_ratio"], "min_round_trips": 0}
LANE = LaneRow("k", "m:S", "", {}, "done", "", "d", {}, 0.0)


def lane(score: float | None, **parameters: Any) -> LaneRow:
    figures = {"sharpe_ratio": score, "total_return": 0.5, "max_drawdown": 0.1, "round_trips": 3}
    return replace(LANE, parameters=parameters, statistics=figures)


def grid(across: int, up: int) -> list[LaneRow]:
    """Return lanes whose score is the product of their two parameters."""
    return [
        lane(float(a * b), fast=a, slow=b, kept=1)
        for a in range(1, across + 1)
        for b in range(1, up + 1)
    ]


def test_the_best_sets_stand_in_order_with_the_parameters_that_differ():
    text = shown(SUMMARY, grid(3, 4))
    assert "&lt;b&gt;: 12 sets, best by sharpe_ratio" in text
    cells = re.findall(r"<td>([^<]*)</td>", text)
    assert cells[:6] == ["3", "4", "12", "50.00 %", "10.00 %", "3"]
    assert cells[6:9] == ["2", "4", "8"] or cells[6:9] == ["3", "3", "9"]
    assert "kept" not in text


def test_each_pair_of_values_has_a_cell_coloured_by_its_best_score():
    text = shown(SUMMARY, [*grid(3, 4), lane(None, fast=1, slow=5, kept=2)])
    cells = re.findall(r'<rect [^>]*fill="(#\w+)"', text)
    assert len(cells) == 3 * 4 + 1
    assert cells.count("#9aa0a6") == 1
    assert {"#deebf7", "#08306b"} <= set(cells)
    assert "from 1 (light) to 12 (dark)" in text


def test_many_values_share_cells():
    assert len(re.findall("<rect", shown(SUMMARY, grid(90, 2)))) == 40 * 2


@pytest.mark.parametrize("score", ["sharpe_ratio", "-max_drawdown"])
def test_less_can_be_better(score: str):
    rows = [
        replace(one, statistics={**one.statistics, "max_drawdown": one.parameters["fast"] / 10})
        for one in grid(3, 2)
    ]
    text = shown({**SUMMARY, "scores": [score]}, rows)
    best = re.findall(r"<td>([^<]*)</td>", text)[0]
    assert best == ("1" if score.startswith("-") else "3")


def test_one_parameter_or_none_has_no_heatmap():
    for rows in ([lane(1.0, fast=1), lane(2.0, fast=2)], [lane(1.0, fast=1)]):
        assert "<svg" not in shown(SUMMARY, rows)
    assert "No set has this score" in shown(SUMMARY, [lane(None, fast=1)])


def test_values_of_several_kinds_keep_their_order():
    rows = [lane(1.0, kind="b", n=2), lane(2.0, kind=5, n=1), lane(3.0, kind="a", n=3)]
    assert swept_parameters(rows) == {"kind": ["b", 5, "a"], "n": [1, 2, 3]}

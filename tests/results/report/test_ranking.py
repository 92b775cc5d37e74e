"""The table of many lanes: the best first, those without a return last."""

import math

from pipeline.results.report.page import format_summary
from pipeline.results.report.ranking import LANES_SHOWN
from tests.results.summaries import LANE, SUMMARY


def test_many_lanes_are_a_table_with_the_best_first_and_a_cap():
    lanes = [{**LANE, "lane": i, "total_return": i / 100} for i in range(25)]
    lanes[3]["total_return"] = math.nan
    text = format_summary({**SUMMARY, "lanes": lanes})
    assert "25 lanes, best return first (10 shown; all of them in summary.json)" in text
    rows = [line for line in text.splitlines() if "101,23" in line]
    assert len(rows) == LANES_SHOWN
    assert rows[0].split()[:2] == ["24", "+24.00"]
    assert len({len(row) for row in rows}) == 1
    assert "lane 24         SmaCross(fast=10" in text


def test_ruined_accounts_come_after_all_others_also_where_they_came_back():
    lanes = [
        {**LANE, "lane": 0, "total_return": 4.0, "max_drawdown": 1.2},
        {**LANE, "lane": 1, "total_return": -0.5, "max_drawdown": 0.6},
    ]
    text = format_summary({**SUMMARY, "lanes": lanes})
    assert text.index("-50.00 %") < text.index("+400.00 %")


def test_a_lane_without_a_return_comes_last():
    lanes = [{**LANE, "lane": 0, "total_return": None}, {**LANE, "lane": 1, "total_return": -0.5}]
    text = format_summary({**SUMMARY, "lanes": lanes})
    assert text.index("-50.00 %") < text.index("\n   0")

"""The summary text: complete, aligned, never wider than a terminal."""

import math

from hypothesis import given
from hypothesis import strategies as st

from pipeline.results.report import LANES_SHOWN, format_summary

LANE = {
    "lane": 0,
    "strategy": "SmaCross",
    "parameters": {"fast": 10, "slow": 30, "quantity": 100.0},
    "mode": "compiled",
    "orders": 2480,
    "fills": 2479,
    "final_equity": 101234.5,
    "total_return": 0.012345,
    "annual_return": 0.1089,
    "volatility": 0.05,
    "sharpe_ratio": 1.234,
    "sortino_ratio": 1.8,
    "calmar_ratio": 3.391,
    "best_session": 0.012,
    "worst_session": -0.009,
    "max_drawdown": 0.0321,
    "longest_drawdown": 12,
    "round_trips": 1240,
    "win_rate": 0.375,
    "profit_factor": 1.1,
    "alpha": 0.0412,
    "beta": 0.456,
    "commission": 1239.5,
    "digest": "0123456789abcdef0123456789abcdef",
}
SUMMARY = {
    "session_name": "demo",
    "bars": 58350,
    "seconds": 1.91,
    "run_seconds": 0.0214,
    "bars_per_second": 2726635.5,
    "sessions": 30,
    "first_session": "2024-02-20",
    "last_session": "2024-04-02",
    "symbols": 5,
    "orders": 2480,
    "fills": 2479,
    "initial_cash": 100000.0,
    "final_equity": 101234.5,
    "digest": "fedcba9876543210fedcba9876543210",
    "run_dir": "runs/demo-20240402T200000Z-0a1b2c3d",
    "partial": False,
    "quality": {"AAA": 100.0, "BBB": 99.997},
    "bars_outside_sessions": 0,
    "lanes": [LANE],
}

figures = st.none() | st.floats() | st.integers(-(10**12), 10**12)


def test_one_lane_reads_like_this():
    assert (
        format_summary(SUMMARY)
        == """\
demo

period          30 sessions, 2024-02-20 to 2024-04-02
bars            58,350 of 5 symbols
speed           2,726,636 bars/s (0.021 s of replay, 1.9 s in all)
quality         99.99 % of the expected bars; lowest: BBB 99.99 %

strategy        SmaCross(fast=10, slow=30, quantity=100.0), compiled
initial cash    100,000.00
final equity    101,234.50
total return    +1.23 %
annual return   +10.89 %
volatility      5.00 % a year
Sharpe ratio    1.23
Sortino, Calmar 1.80, 3.39
max drawdown    3.21 %; the longest lasted 12 sessions
best, worst     +1.20 %, -0.90 % in a session
round trips     1,240, 37.50 % won, profit factor 1.10
orders, fills   2,480, 2,479
costs           1,239.50

digest          fedcba9876543210fedcba9876543210
results         runs/demo-20240402T200000Z-0a1b2c3d
"""
    )


def test_a_benchmark_is_compared_with():
    benchmark = {"symbol": "SPY", "total_return": 0.0278}
    text = format_summary({**SUMMARY, "benchmark": benchmark})
    assert "\nbenchmark       SPY +2.78 %; alpha +4.12 % a year, beta 0.46\n" in text


def test_what_limits_touched_is_told_where_there_was_any():
    touched: dict[str, float] = {"orders_rejected": 1204, "orders_cut_by_volume_cap": 1}
    touched |= {"liquidations": 2, "funding": -12.5}
    text = format_summary({**SUMMARY, "lanes": [{**LANE, **touched}]})
    assert (
        """
orders, fills   2,480, 2,479
rejected        1,204 orders
cut by volume   1 order
margin          2 liquidations
costs           1,239.50, funding -12.50
"""
        in text
    )
    none = format_summary({**SUMMARY, "lanes": [{**LANE, **dict.fromkeys(touched, 0)}]})
    assert none == format_summary(SUMMARY)


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


def test_a_lane_without_a_return_comes_last():
    lanes = [{**LANE, "lane": 0, "total_return": None}, {**LANE, "lane": 1, "total_return": -0.5}]
    text = format_summary({**SUMMARY, "lanes": lanes})
    assert text.index("-50.00 %") < text.index("\n   0")


def test_a_partial_run_says_so_first():
    text = format_summary({**SUMMARY, "partial": True, "reason": "engine 0 was killed"})
    assert text.splitlines()[1] == "PARTIAL: engine 0 was killed"
    assert "PARTIAL: the run did not finish" in format_summary({"partial": True})


def test_missing_figures_show_as_a_dash():
    text = format_summary({"session_name": "x", "lanes": [{}]})
    assert "digest          -" in text
    assert "Sharpe ratio    -" in text
    assert "round trips     -" in text
    assert "Sortino, Calmar -, -" in text
    assert "max drawdown    -\n" in text
    assert "best, worst     -\n" in text


def test_bars_outside_sessions_and_full_quality_are_told():
    text = format_summary({**SUMMARY, "bars_outside_sessions": 12, "quality": {"A": 100.0}})
    assert "58,350 of 5 symbols; 12 outside sessions left out" in text
    assert "quality         100.00 % of the expected bars\n" in text


def test_performance_follows_as_it_is():
    assert format_summary(SUMMARY, "  a | b\n").endswith("0a1b2c3d\n\n  a | b\n")


def test_the_path_is_never_broken():
    path = "/" + "very-long-name/" * 10
    assert path in format_summary({**SUMMARY, "run_dir": path})


@given(
    st.dictionaries(st.sampled_from(sorted(LANE)), figures, max_size=12),
    st.integers(0, 12),
    st.text(max_size=300),
)
def test_it_is_at_most_80_columns_wide_whatever_the_figures(figure, count, name):
    lane = {**LANE, **figure, "parameters": {f"p{i}": 1 / 3 for i in range(30)}, "strategy": name}
    lane["lane"] = 1
    benchmark = {"symbol": name, **figure}
    summary = {**SUMMARY, "session_name": name, "benchmark": benchmark}
    text = format_summary({**summary, "lanes": [lane] * count})
    assert max(map(len, text.split("\n"))) <= 80
    assert text.endswith("\n")


def test_slippage_shows_where_there_was_any():
    lanes = [{**SUMMARY["lanes"][0], "slippage": 12.5}]
    assert "costs           1,239.50, slippage 12.50" in format_summary({**SUMMARY, "lanes": lanes})

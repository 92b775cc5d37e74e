"""The summary text: complete, aligned, never wider than a terminal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.results.report.page import format_summary
from tests.results.summaries import LANE, SUMMARY

FIGURES = sorted(name for name, value in LANE.items() if isinstance(value, int | float))
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
exposure        62.50 % of the time
round trips     1,240, 37.50 % won, profit factor 1.10; profit +800.00
a round trip    +0.65 on average, +120.50 to -80.25; system quality 1.50
lasted          1 h 30 min on average, 2 d 3 h at most
still open      100 AAA, -50.5 BBB worth -350.25; profit +434.50
orders, fills   2,480, 2,479
costs           1,239.50

digest          fedcba9876543210fedcba9876543210
results         runs/demo-20240402T200000Z-0a1b2c3d
"""
    )


def test_a_partial_run_says_so_first():
    text = format_summary({**SUMMARY, "partial": True, "reason": "engine 0 was killed"})
    assert text.splitlines()[1] == "PARTIAL: engine 0 was killed"
    assert "PARTIAL: the run did not finish" in format_summary({"partial": True})


def test_notes_stand_below_the_figures():
    notes = ["One thing. It takes " + "more than one line, " * 4 + "that is.", "Another thing."]
    assert format_summary({**SUMMARY, "notes": notes}).endswith(
        """
costs           1,239.50

note            One thing. It takes more than one line, more than one line, more
                than one line, more than one line, that is.
note            Another thing.

digest          fedcba9876543210fedcba9876543210
results         runs/demo-20240402T200000Z-0a1b2c3d
"""
    )


def test_missing_figures_show_as_a_dash():
    text = format_summary({"session_name": "x", "lanes": [{}]})
    assert "digest          -" in text
    assert "Sharpe ratio    -" in text
    assert "round trips     -" in text
    assert "Sortino, Calmar -, -" in text
    assert "max drawdown    -\n" in text
    assert "best, worst     -\n" in text


def test_performance_follows_as_it_is():
    assert format_summary(SUMMARY, "  a | b\n").endswith("0a1b2c3d\n\n  a | b\n")


def test_the_path_is_never_broken():
    path = "/" + "very-long-name/" * 10
    assert path in format_summary({**SUMMARY, "run_dir": path})


@pytest.mark.parametrize("value", [-1e-9, -0.0])
@pytest.mark.parametrize("lanes", [1, 2])
def test_nothing_is_minus_zero(value, lanes):
    lane = {**LANE, **dict.fromkeys(FIGURES, value), "lane": 1, "parameters": {"x": -0.0}}
    lane |= {"trips": dict.fromkeys(LANE["trips"], value), "dividends": value, "slippage": value}
    lane["open"] = [{"symbol": "AAA", "units": -0.0, "value": value, "profit": value}]
    summary = {**SUMMARY, "benchmark": {"symbol": "B", "total_return": value}}
    text = format_summary({**summary, "buy_and_hold": value, "lanes": [lane] * lanes})
    assert not re.search(r"(?<!\w)-0(\.0+)?(?![\w.])", text), text


@given(
    st.dictionaries(st.sampled_from(FIGURES), figures, max_size=12),
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

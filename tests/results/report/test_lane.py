"""The block of one lane: lines that are there only where there is something to say."""

from pipeline.results.report.page import format_summary
from tests.results.summaries import LANE, SUMMARY


def test_a_benchmark_is_compared_with():
    benchmark = {"symbol": "SPY", "total_return": 0.0278}
    text = format_summary({**SUMMARY, "benchmark": benchmark})
    assert "\nbenchmark       SPY +2.78 %; alpha +4.12 % a year, beta 0.46\n" in text


def test_what_limits_touched_is_told_where_there_was_any():
    touched: dict[str, float] = {"orders_rejected": 1204, "orders_cut_by_volume_cap": 1}
    touched |= {"liquidations": 2, "funding": -12.5, "fills_without_volume": 7}
    text = format_summary({**SUMMARY, "lanes": [{**LANE, **touched}]})
    assert (
        """
orders, fills   2,480, 2,479
rejected        1,204 orders
cut by volume   1 order
without volume  7 fills
margin          2 liquidations
costs           1,239.50, funding -12.50
"""
        in text
    )
    why = {"max_per_trade": 1200, "leverage": 4}
    text = format_summary({**SUMMARY, "lanes": [{**LANE, **touched, "rejections": why}]})
    assert "\nrejected        1,204 orders: max_per_trade 1,200, leverage 4\n" in text
    none = format_summary({**SUMMARY, "lanes": [{**LANE, **dict.fromkeys(touched, 0)}]})
    assert none == format_summary(SUMMARY)


def test_slippage_shows_where_there_was_any():
    lanes = [{**SUMMARY["lanes"][0], "slippage": 12.5}]
    assert "costs           1,239.50, slippage 12.50" in format_summary({**SUMMARY, "lanes": lanes})


def test_of_many_positions_still_open_the_first_are_named():
    held = [{"symbol": f"S{i}", "units": 1.0, "value": 10.0, "profit": 1.0} for i in range(5)]
    text = format_summary({**SUMMARY, "lanes": [{**LANE, "open": held}]})
    assert "still open      1 S0, 1 S1, 1 S2 and 2 more worth -350.25; profit +434.50" in text
    assert "still open" not in format_summary({**SUMMARY, "lanes": [{**LANE, "open": []}]})


def test_the_highest_leverage_is_told_beside_the_exposure_and_cash_where_it_was_debt():
    lane = {**LANE, "highest_leverage": 2.994, "lowest_cash": -199_000.0}
    text = format_summary({**SUMMARY, "lanes": [lane]})
    assert (
        "exposure        62.50 % of the time, up to 2.99 times the equity; lowest cash\n"
        "                -199,000.00\n"
    ) in text
    text = format_summary({**SUMMARY, "lanes": [{**lane, "lowest_cash": 0.0}]})
    assert "exposure        62.50 % of the time, up to 2.99 times the equity\n" in text

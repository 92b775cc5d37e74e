"""The highest leverage and the lowest cash of a lane: by hand, in both modes and the reference."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline import MINUTE, Strategy
from pipeline.lane.facts import LaneFacts
from pipeline.lane.spec import Terms
from tests.lane.told import facts_as_the_reference
from tests.reference.market import Bars, Market, session_table
from tests.reference.replay import TERMS

T0 = 1_700_006_400_000_000_000
MODES = ["interpreted", "compiled"]
#: The closes of the bars; each opens at the close before, the first at 10.
CLOSES = [10.0, 10.0, 8.0, 9.0]


def bars_of(closes: list[float]) -> Bars:
    opens = np.array([10.0, *closes[:-1]])
    high, low = np.maximum(opens, closes), np.minimum(opens, closes)
    times = T0 + MINUTE * np.arange(len(closes), dtype=np.int64)
    return Bars(times, np.array([opens, high, low, closes, np.full(len(closes), 1e6)]))


def found(symbols: str, strategy: Strategy, mode: str, terms: Terms = TERMS) -> LaneFacts:
    """The facts of a lane over the same bars of some symbols in one session."""
    market = Market(
        dict.fromkeys(symbols, bars_of(CLOSES)), session_table([(T0, T0 + 4 * MINUTE)]), ("1m",)
    )
    return facts_as_the_reference(market, strategy, mode, terms)


class Whole(Strategy):
    """Puts all of the equity into each symbol, or takes all of it from each second one."""

    other: float = 1.0

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) == 1:
            ctx.target_percent(bar.symbol, self.other if bar.symbol == 1 else 1.0)


@pytest.mark.parametrize("mode", MODES)
def test_all_of_the_equity_in_each_of_three_symbols_is_three_times_the_equity(mode: str):
    """At the session's close, at 9: 3 x 90,000 by 100,000 - 3 x 10,000."""
    lane = found("ABC", Whole(), mode)
    assert lane.highest_leverage == pytest.approx(270 / 70)
    assert lane.lowest_cash == -200_000.0


@pytest.mark.parametrize("mode", MODES)
def test_short_positions_count_as_much_as_long_ones(mode: str):
    lane = found("AB", Whole(other=-1.0), mode)
    assert (lane.highest_leverage, lane.lowest_cash) == (2.0, 100_000.0)


class Within(Strategy):
    """Holds three times its cash from one bar to the next, and nothing at the session's close."""

    def on_bar(self, bar, ctx):
        ctx.target_percent(bar.symbol, 3.0 if ctx.count(bar.symbol) == 1 else 0.0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("this_close", [0, 1])
def test_what_is_held_within_a_session_alone_counts_from_its_fills_on(mode: str, this_close: int):
    lane = found("A", Within(), mode, replace(TERMS, this_close=this_close))
    assert lane.highest_leverage == 3.0
    assert lane.lowest_cash == -200_000.0


class Falling(Strategy):
    """Holds ten times its cash."""

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) == 1:
            ctx.market(bar.symbol, 50_000.0)


@pytest.mark.parametrize("mode", MODES)
def test_an_equity_of_zero_or_below_has_no_multiple(mode: str):
    """The fill is marked at 10; the session closes at 9, where nothing is left."""
    lane = found("A", Falling(), mode, replace(TERMS, initial_cash=50_000.0))
    assert (lane.highest_leverage, lane.lowest_cash) == (10.0, -450_000.0)
    assert lane.equity == 0.0


def test_a_lane_that_never_trades_has_its_cash():
    class Idle(Strategy):
        def on_bar(self, bar, ctx):
            pass

    lane = found("A", Idle(), "interpreted")
    assert (lane.highest_leverage, lane.lowest_cash) == (0.0, 100_000.0)

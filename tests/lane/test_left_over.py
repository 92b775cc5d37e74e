"""Exits that stay at rest after the position is gone, and then open one, are counted."""

import numpy as np
import pytest

from pipeline import MINUTE, Strategy
from tests.lane.told import facts_as_the_reference
from tests.reference.market import Bars, Market, session_table

T0 = 1_700_006_400_000_000_000
MODES = ["interpreted", "compiled"]
#: The closes of the bars; each opens at the close before, the first at 10.
CLOSES = [10.0, 10.0, 10.0, 9.0, 8.0, 12.0]


def counted(strategy: type[Strategy], mode: str) -> tuple[int, int]:
    """How many trailing stops, and how many other exits, opened a position."""
    opens = np.array([10.0, *CLOSES[:-1]])
    high, low = np.maximum(opens, CLOSES), np.minimum(opens, CLOSES)
    times = T0 + MINUTE * np.arange(len(CLOSES), dtype=np.int64)
    bars = Bars(times, np.array([opens, high, low, CLOSES, np.full(len(CLOSES), 1e6)]))
    market = Market({"A": bars}, session_table([(T0, T0 + len(CLOSES) * MINUTE)]), ("1m",))
    facts = facts_as_the_reference(market, strategy(), mode)
    return facts.trailing_opened, facts.left_over


class Forgetful(Strategy):
    """Leaves a trailing stop and a stop at rest when it sells what they protect."""

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) == 1:
            ctx.market(bar.symbol, 100)
            ctx.trailing_stop(bar.symbol, -100, percent=5)
            ctx.stop(bar.symbol, -60, 8.5)
        elif ctx.count(bar.symbol) == 2:
            ctx.target(bar.symbol, 0)


class Partial(Strategy):
    """Sells a part, so that the stop for all of it turns the position round."""

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) == 1:
            ctx.market(bar.symbol, 100)
        elif ctx.count(bar.symbol) == 2:
            ctx.stop(bar.symbol, -100, 9.5)
            ctx.limit(bar.symbol, -100, 11.0)
            ctx.target(bar.symbol, 50)


class Meant(Strategy):
    """Enters by stops and limits while flat, turns a position round, and leaves by all of them."""

    def on_bar(self, bar, ctx):
        s, count = bar.symbol, ctx.count(bar.symbol)
        if count == 1:
            ctx.limit(s, 100, 10.0)
        elif count == 2:
            ctx.stop(s, -200, 9.5)  # stop and reverse
        elif count == 4:
            ctx.limit(s, 50, 8.0)
            ctx.trailing_stop(s, 50, percent=5)
            ctx.bracket(s, -10, stop_loss=11.0)


class Cancelling(Strategy):
    """Cancels its trailing stop when it sells, as the page on strategies says."""

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) == 1:
            ctx.market(bar.symbol, 100)
            ctx.trailing_stop(bar.symbol, -100, percent=5)
        elif ctx.count(bar.symbol) == 2:
            ctx.cancel(2)
            ctx.target(bar.symbol, 0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("strategy", "expected"),
    [(Forgetful, (1, 1)), (Partial, (0, 2)), (Meant, (0, 0)), (Cancelling, (0, 0))],
)
def test_exits_that_opened_a_position_are_counted(
    strategy: type[Strategy], expected: tuple[int, int], mode: str
):
    assert counted(strategy, mode) == expected

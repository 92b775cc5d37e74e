"""Orders that lack room beside sales of the same moment, which would make some, are counted."""

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
BARS = 5


def told_of(strategy: Strategy, terms: Terms, mode: str) -> LaneFacts:
    """The facts of a lane over two symbols whose price is 10 at all times."""
    times = T0 + MINUTE * np.arange(BARS, dtype=np.int64)
    bars = Bars(times, np.array([*np.full((4, BARS), 10.0), np.full(BARS, 1e6)]))
    spans = session_table([(T0, T0 + BARS * MINUTE)])
    market = Market({"A": bars, "B": bars}, spans, ("1m",))
    return facts_as_the_reference(market, strategy, mode, terms)


class Rotation(Strategy):
    """Puts all it has into A, and later from A into B; it sells first or buys first."""

    sells_first: bool = True

    def on_bars(self, bars, ctx):
        if ctx.count(0) == 1:
            ctx.market(0, 10_000.0)
        if ctx.count(0) == 3:
            if self.sells_first:
                ctx.target(0, 0.0)
            ctx.market(1, 5_000.0)
            ctx.market(1, 4_000.0)
            if not self.sells_first:
                ctx.target(0, 0.0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sells_first", [True, False])
@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"cash_only": True}, 2),
        ({"leverage": 1.0}, 2),
        ({"max_buying_power": 100_000.0}, 2),
        ({"max_open_positions": 1}, 2),
        ({"leverage": 2.0}, 0),
        ({"max_per_trade": 100_000.0}, 0),
    ],
)
def test_what_sales_of_the_moment_would_have_paid_for_is_counted(
    changes: dict[str, float], refused: int, sells_first: bool, mode: str
):
    lane = told_of(Rotation(sells_first=sells_first), replace(TERMS, **changes), mode)
    assert (lane.rejected, lane.beside_sales) == (refused, refused)
    assert lane.highest_leverage == 1.0


class Apart(Strategy):
    """Buys more than it has cash for before it sells, and after that has filled."""

    def on_bars(self, bars, ctx):
        if ctx.count(0) == 1:
            ctx.market(0, 10_000.0)
        if ctx.count(0) == 2:
            ctx.market(1, 10.0)
        if ctx.count(0) == 3:
            ctx.target(0, 5_000.0)
        if ctx.count(0) == 4:
            ctx.market(1, 5_001.0)


@pytest.mark.parametrize("mode", MODES)
def test_orders_of_other_moments_are_not(mode: str):
    lane = told_of(Apart(), replace(TERMS, cash_only=True), mode)
    assert (lane.rejected, lane.beside_sales) == (2, 0)

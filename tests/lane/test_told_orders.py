"""Orders that a strategy is not likely to mean are told: counted, or refused."""

import math
from dataclasses import replace

import numpy as np
import pytest

from pipeline import MINUTE, Strategy, state
from pipeline.errors import StrategyError
from pipeline.lane.facts import LaneFacts
from pipeline.native.plain import PLAIN
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.market import Market, random_walk, session_table
from tests.reference.replay import TERMS, replay

T0 = 1_700_006_400_000_000_000
MODES = ["interpreted", "compiled"]


class InPerCent(Strategy):
    """Asks for fractions of its equity that are meant, and for some that are likely per cent."""

    calls: int = state(0)

    def on_bar(self, bar, ctx):
        self.calls += 1
        if self.calls < 6:
            ctx.target_percent(bar.symbol, (5.0, -20.0, 0.5, -60.0, 50.0)[self.calls - 1])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("leverage", "expected"),
    [(math.inf, (3, -60.0)), (2.0, (3, -60.0)), (30.0, (2, -60.0)), (100.0, (0, 0.0))],
)
def test_fractions_of_equity_that_are_likely_per_cent_are_counted(
    mode: str, leverage: float, expected: tuple[int, float]
):
    bars = random_walk(T0 + MINUTE * np.arange(8, dtype=np.int64), 1)
    market = Market({"A": bars}, session_table([(T0, T0 + 8 * MINUTE)]), ("1m",))
    told: list[LaneFacts] = []
    run_in_process(
        market,
        [InPerCent()],
        Setup(mode=mode),
        replace(TERMS, leverage=leverage),
        tell=lambda facts, _: told.extend(facts),
    )
    assert (told[0].far_targets, told[0].farthest_target) == expected


class Misplaced(Strategy):
    """Places protecting prices as fractions, on the wrong side, and as they are meant."""

    def on_bar(self, bar, ctx):
        if ctx.pending(bar.symbol) == 0.0:
            ctx.bracket(bar.symbol, 10, stop_loss=0.02, take_profit=0.04)
            ctx.bracket(bar.symbol, -10, take_profit=1.04 * bar.close)
            ctx.bracket(bar.symbol, 10, stop_loss=0.98 * bar.close, take_profit=1.02 * bar.close)
            ctx.bracket(bar.symbol, 10, stop_loss=1.02 * bar.close, limit=1.03 * bar.close)
            ctx.trailing_stop(bar.symbol, -10, percent=0.02)
            ctx.trailing_stop(bar.symbol, -10, percent=2)
            ctx.trailing_stop(bar.symbol, -10, amount=0.02)


@pytest.mark.parametrize("mode", MODES)
def test_protecting_prices_that_are_not_meant_are_counted(mode: str):
    market = Market(
        {"A": random_walk(T0 + MINUTE * np.arange(1), 1)},
        session_table([(T0, T0 + MINUTE)]),
        ("1m",),
    )
    told: list[LaneFacts] = []
    run_in_process(
        market, [Misplaced()], Setup(mode=mode), tell=lambda facts, _: told.extend(facts)
    )
    assert (told[0].crossed, told[0].narrow) == (2, 1)


class BelowZero(Strategy):
    """Places orders at prices that no market above zero has, and at such that are meant."""

    def on_bar(self, bar, ctx):
        s, close = bar.symbol, bar.close
        order = ctx.limit(s, 1, -0.02 * close)
        ctx.stop(s, -1, 0.0)
        ctx.trailing_stop(s, -1, percent=150)
        ctx.trailing_stop(s, -1, amount=2 * abs(close))
        ctx.bracket(s, 1, stop_loss=-0.02)
        ctx.replace(order, limit=-1.0)
        ctx.replace(order, limit=0.98 * close)
        ctx.trailing_stop(s, 1, percent=50)
        ctx.bracket(s, 1, stop_loss=close - 1, take_profit=close + 1)


@pytest.mark.parametrize("mode", MODES)
def test_orders_at_prices_that_are_not_meant_are_counted(mode: str):
    bars = random_walk(T0 + MINUTE * np.arange(1), 1)
    market = Market({"A": bars}, session_table([(T0, T0 + MINUTE)]), ("1m",))
    told: list[LaneFacts] = []
    setup = Setup(mode=mode)
    run_in_process(market, [BelowZero()], setup, tell=lambda facts, _: told.extend(facts))
    assert told[0].below_zero == 6


class Until(Strategy):
    """Orders until a time that is over, as the last minutes of a session are, and until ``at``."""

    at: int = 0

    def on_bar(self, bar, ctx):
        ctx.limit(bar.symbol, 1, bar.close, ctx.now)
        ctx.limit(bar.symbol, 1, bar.close, ctx.session_open - 9 * MINUTE)
        if self.at:
            ctx.limit(bar.symbol, 1, bar.close, self.at)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("at", [5, 30 * 60, T0 // 10**9, T0 // 10**6, T0 // 10**3])
def test_a_time_of_another_unit_is_refused_and_one_that_is_over_expires(mode: str, at: int):
    times = T0 + MINUTE * np.arange(3, dtype=np.int64)
    spans = session_table([(T0, T0 + 3 * MINUTE)])
    market = Market({"A": random_walk(times, 1)}, spans, ("1m",))
    (found,), _ = run_in_process(market, [Until()], Setup(mode=mode))
    assert_same(found, replay(market, Until()))
    assert (len(found.orders), found.fills) == (6, [])
    with pytest.raises(StrategyError) as caught:
        run_in_process(market, [Until(at=at)], Setup(mode=mode))
    assert "until must be tif.GTC, tif.DAY, tif.IOC, tif.FOK or a time to come" in str(caught.value)
    if mode == "interpreted" or not PLAIN:
        assert f", until {at} (for A" in str(caught.value)

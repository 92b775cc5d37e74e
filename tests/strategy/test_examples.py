import numpy as np
import pytest

from pipeline import DAY, MINUTE
from pipeline.strategy.examples import OpeningRange, RsiReversion, SmaCross
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.market import Market, random_walk, session_table
from tests.reference.replay import replay

T0 = 1_700_006_400_000_000_000


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_sma_cross_is_long_above_and_short_below(mode: str):
    ts = T0 + MINUTE * np.arange(60, dtype=np.int64)
    market = Market({"A": random_walk(ts, 3)}, session_table([(T0, T0 + 60 * MINUTE)]), ("1m",))
    strategy = SmaCross(fast=3, slow=8, quantity=10)
    (found,), _ = run_in_process(market, [strategy], Setup(mode=mode))
    assert_same(found, replay(market, strategy))
    held = np.cumsum([fill[2] for fill in found.fills])
    assert set(held.tolist()) == {10.0, -10.0}


def sessions_of(count: int, minutes: int, seed: int) -> Market:
    """One symbol in sessions of so many minutes, one each day."""
    spans = [(T0 + day * DAY, T0 + day * DAY + minutes * MINUTE) for day in range(count)]
    ts = np.concatenate([np.arange(a, b, MINUTE, dtype=np.int64) for a, b in spans])
    return Market({"A": random_walk(ts, seed)}, session_table(spans), ("1m",))


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_rsi_reversion_leaves_by_one_of_its_two_legs(mode: str):
    market = sessions_of(3, 120, 5)
    strategy = RsiReversion(period=4, oversold=40, loss=0.3, profit=0.2, quantity=10)
    (found,), _ = run_in_process(market, [strategy], Setup(mode=mode))
    assert_same(found, replay(market, strategy))
    held = np.cumsum([fill[2] for fill in found.fills]).tolist()
    assert set(held) == {10.0, 0.0}
    assert len(held) > 4


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_opening_range_trades_once_a_session_and_is_flat_at_its_close(mode: str):
    market = sessions_of(6, 60, 2)
    strategy = OpeningRange(minutes=10, quantity=10)
    (found,), _ = run_in_process(market, [strategy], Setup(mode=mode))
    assert_same(found, replay(market, strategy))
    days = [(fill[0] - T0) // DAY for fill in found.fills]
    assert len(days) > 4
    for day in set(days):
        own = [fill for fill, of_day in zip(found.fills, days, strict=True) if of_day == day]
        assert [fill[2] for fill in own] in ([10.0, -10.0], [-10.0, 10.0])
        assert own[1][0] == T0 + day * DAY + 59 * MINUTE

import numpy as np
import pytest

from pipeline import DAY, MINUTE
from pipeline.strategy.examples import (
    CrossSectionalMomentum,
    OpeningRange,
    PairTrade,
    RsiReversion,
    SmaCross,
)
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.market import Bars, Market, random_walk, session_table
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


def points(**closes: list[float]) -> Market:
    """Symbols in one session, a bar for each close, in which the price does not move."""
    count = len(next(iter(closes.values())))
    ts = T0 + MINUTE * np.arange(count, dtype=np.int64)
    bars = {name: Bars(ts, np.array([of] * 4 + [[100.0] * count])) for name, of in closes.items()}
    return Market(bars, session_table([(T0, T0 + count * MINUTE)]), ("1m",))


def walks(symbols: str, minutes: int) -> Market:
    """Sessions of so many minutes, in which every symbol lacks some bars."""
    spans = [(T0 + day * DAY, T0 + day * DAY + minutes * MINUTE) for day in range(3)]
    ts = np.concatenate([np.arange(a, b, MINUTE, dtype=np.int64) for a, b in spans])
    rng = np.random.default_rng(4)
    bars = {name: random_walk(ts[rng.random(len(ts)) > 0.1], ord(name)) for name in symbols}
    return Market(bars, session_table(spans), ("1m",))


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_cross_sectional_momentum_holds_the_best_ones_in_equal_parts(mode: str):
    market = points(
        A=[100, 100, 110, 110, 110, 110, 110],
        B=[50, 50, 50, 50, 60, 60, 60],
        C=[20, 20, 21, 21, 22, 22, 22],
        D=[10, 10, 9, 9, 8, 8, 9],
    )
    strategy = CrossSectionalMomentum(period=2, count=2, every=2)
    (found,), _ = run_in_process(market, [strategy], Setup(mode=mode))
    assert_same(found, replay(market, strategy))
    # At the third bar A and C lead, at the fifth B and C; the last bar's orders find no other bar.
    shares = 50_000 / 21
    equity = 100_000 + shares
    fills = [
        (3, 0, 50_000 / 110, 110.0),
        (3, 2, shares, 21.0),
        (5, 0, -50_000 / 110, 110.0),
        (5, 1, equity / 2 / 60, 60.0),
        (5, 2, equity / 2 / 22 - shares, 22.0),
    ]
    assert len(found.fills) == len(fills)
    for got, (bar, *rest) in zip(found.fills, fills, strict=True):
        assert got[:4] == pytest.approx((T0 + bar * MINUTE, *rest))


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_cross_sectional_momentum_begins_anew_with_each_session(mode: str):
    market = walks("ABCDE", 40)
    strategy = CrossSectionalMomentum(period=5, count=2, every=15)
    (found,), _ = run_in_process(market, [strategy], Setup(mode=mode, processors=2, engines=2))
    assert_same(found, replay(market, strategy))
    placed = {(order[1] - T0) % DAY // MINUTE for order in found.orders}
    assert placed == {1, 16, 31}


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_of_symbols_that_rose_alike_the_first_ones_are_held(mode: str):
    market = points(A=[10.0] * 4, B=[20.0] * 4, C=[30.0] * 4)
    strategy = CrossSectionalMomentum(period=1, count=2, every=1)
    (found,), _ = run_in_process(market, [strategy], Setup(mode=mode))
    assert [fill[1:4] for fill in found.fills] == [(0, 5_000.0, 10.0), (1, 2_500.0, 20.0)]


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_pair_trade_sells_the_dearer_and_leaves_when_the_two_meet(mode: str):
    # In windows of four bars the ratio is 1.7, 1.0, 0.6 and -1.0 deviations from its mean.
    market = points(A=[100, 100, 100, 110, 110, 110, 100, 100], B=[50.0] * 8)
    strategy = PairTrade(first="A", second="B", span=4, enter=1.5, leave=0.5, value=1_100)
    (found,), _ = run_in_process(market, [strategy], Setup(mode=mode))
    assert_same(found, replay(market, strategy))
    assert [((fill[0] - T0) // MINUTE, *fill[1:4]) for fill in found.fills] == [
        (4, 0, -10.0, 110.0),
        (4, 1, 22.0, 50.0),
        (7, 0, 10.0, 100.0),
        (7, 1, -22.0, 50.0),
    ]


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_pair_trade_is_in_both_symbols_or_in_none(mode: str):
    market = walks("AB", 120)
    strategy = PairTrade(first="A", second="B", span=20, enter=1.5, leave=0.2, value=5_000)
    (found,), _ = run_in_process(market, [strategy], Setup(mode=mode, processors=2, engines=2))
    assert_same(found, replay(market, strategy))
    placed: dict[int, list[tuple[int, float]]] = {}
    for order in found.orders:
        placed.setdefault(order[1], []).append((order[2], order[3]))
    assert len(placed) > 10
    for (first, one), (second, other) in placed.values():
        assert (first, second) == (0, 1)
        assert one * other < 0

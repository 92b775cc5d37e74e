"""Round trips first in, first out are the trades of backtesting.py, one by one."""

import warnings
from typing import Any

import pytest

from pipeline import Strategy
from pipeline.lane.spec import Terms
from tests.execution.oracles import CASH, PACKAGED, WARM_UP, frame_of, market_of, rows_of
from tests.reference.in_process import Setup, run_in_process

backtesting = pytest.importorskip("backtesting")


class Builder(Strategy):
    """Buys into falls, sells one and a half times as much into rises, and so splits its lots."""

    size: float = 10.0
    lookback = 5

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) > WARM_UP:
            before = ctx.window(bar.symbol, "close", 5)[0]
            held = ctx.position(bar.symbol)
            if bar.close < before and held < 8 * self.size:
                ctx.market(bar.symbol, 2 * self.size)
            elif bar.close > before and held > -5 * self.size:
                ctx.market(bar.symbol, -3 * self.size)


class Peer(backtesting.Strategy):  # type: ignore[misc]
    size = 10

    def init(self):
        pass

    def next(self):
        if len(self.data) <= WARM_UP:
            return
        close, before = self.data.Close[-1], self.data.Close[-5]
        held = self.position.size
        if close < before and held < 8 * self.size:
            self.buy(size=2 * self.size)
        elif close > before and held > -5 * self.size:
            self.sell(size=3 * self.size)


def their_trades(data: str, size: int, basis_points: float) -> list[tuple[float, ...]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = backtesting.Backtest(
            frame_of(data), Peer, cash=CASH, commission=basis_points / 1e4, margin=1.0
        )
        trades = test.run(size=size)["_trades"]
    columns = ("Size", "EntryBar", "ExitBar", "EntryPrice", "ExitPrice", "PnL", "Commission")
    return sorted(zip(*(trades[name].tolist() for name in columns), strict=True))


def our_trades(
    data: str, size: int, mode: str, basis_points: float, *, fifo: bool
) -> list[tuple[Any, ...]]:
    market = market_of(data)
    terms = Terms(CASH, basis_points=basis_points, fifo=fifo)
    setup = Setup(slot_rows=300, slots=2, mode=mode)
    ((outcome,), _) = run_in_process(market, [Builder(size=float(size))], setup, terms)
    at = rows_of(market)
    found = []
    for _, quantity, entry, price, exit_ts, leave, profit, commission, *_, bars in outcome.trips:
        if exit_ts:
            assert bars == at[exit_ts] - at[entry]
            found.append((quantity, at[entry], at[exit_ts], price, leave, profit, commission))
    return sorted(found)


@pytest.mark.parametrize("data", PACKAGED)
@pytest.mark.parametrize("basis_points", [0.0, 10.0])
@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_the_same_trades(data: str, basis_points: float, mode: str):
    size = max(1, int(PACKAGED[data][1]) // 4)  # that cash pays for: theirs refuses the rest
    theirs = their_trades(data, size, basis_points)
    found = our_trades(data, size, mode, basis_points, fifo=True)
    assert len(found) > 100 or data == "BTCUSD"
    assert len(found) == len(theirs)
    for ours, like in zip(found, theirs, strict=True):
        assert ours == pytest.approx(like, rel=1e-9, abs=1e-6)


def test_by_average_cost_the_same_fills_are_fewer_and_longer_round_trips():
    lots = our_trades("GOOG", 10, "compiled", 0.0, fifo=True)
    whole = our_trades("GOOG", 10, "compiled", 0.0, fifo=False)
    assert 0 < len(whole) < len(lots)
    assert min(trip[1] for trip in whole) == min(trip[1] for trip in lots)

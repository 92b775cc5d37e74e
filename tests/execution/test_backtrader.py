"""The same strategies on the same bars in backtrader: the same fills and the same equity.

Its rules differ from ours in places, which `test_backtrader_rules` names. Here they do not show:

- limits lie ahead of the stops of stop-limit orders, and cash is ample;
- the legs of brackets are too wide for the bar of the entry, and for a bar that opens beyond the
  one and then touches the other;
- its trailing stop follows the close, ours the high or the low: in `connected` bars, each of which
  goes straight from the last close to its own, that is the same. On bars as they are the peer moves
  a plain stop by our rule.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import MINUTE, Strategy, state
from pipeline.market.time.time_manager import TimeManager
from tests.execution.backtrader_peer import Peer, bt, by_backtrader
from tests.execution.oracles import (
    CASH,
    PACKAGED,
    WARM_UP,
    Breaker,
    Dipper,
    Fills,
    Flipper,
    Protected,
    by_bar,
    by_ours,
    market_of,
    one_symbol,
)
from tests.market.real_bars import load
from tests.reference.market import Bars, Market

pytest.importorskip("backtesting")  # brings the markets

# --- markets -------------------------------------------------------------------------------------

ROWS = 700
"""Bars of a market that are traded, at most."""


@dataclass(frozen=True)
class Case:
    """A market, the units to trade, a common move, and how many of it are wide for a bar."""

    market: Market
    size: float
    reach: float
    wide: float

    @classmethod
    def of_bars(cls, ts: Any, values: Any, interval: str, *how: float) -> "Case":
        return cls(one_symbol(ts[:ROWS], values[:, :ROWS], interval), *how)


#: Of the packaged markets; all that is asked of the number is that the rules do not show.
WIDE = {"GOOG": 4.0, "EURUSD": 1.0, "BTCUSD": 3.0}


@pytest.fixture(params=[*PACKAGED, "AAPL by the day", "SPY by the minute"])
def case(request: pytest.FixtureRequest) -> Case:
    name = request.param
    if name in PACKAGED:
        interval, size, reach = PACKAGED[name]
        bars = market_of(name).bars["A"]
        return Case.of_bars(bars.ts, bars.values, interval, size, reach, WIDE[name])
    shared_data: Path = request.getfixturevalue("shared_data")
    if name == "AAPL by the day":
        bars = Bars(*load(shared_data, "wiki_us_equity_1d", "AAPL"))
        return Case.of_bars(bars.ts, bars.values, "1d", 10.0, 0.02, 2.0)
    ts, values = load(shared_data, "lean_us_equity_1m_trades", "SPY")
    sessions = TimeManager("US_EQUITY").session_table("2013-10-04", "2013-10-07")
    after_open = np.searchsorted(sessions.open_ns, ts, "right")
    inside = after_open > np.searchsorted(sessions.close_ns, ts + MINUTE)
    bars = Bars(ts[inside], values[:, inside])
    return Case(Market({"A": bars}, sessions, ("1m",)), 100.0, 0.0003, 2.0)


def connected(market: Market) -> Market:
    """The same closes in bars that go straight from one to the next."""
    bars = market.bars["A"]
    close = bars.values[3]
    opened = np.concatenate([close[:1], close[:-1]])
    values = np.array(
        [opened, np.maximum(opened, close), np.minimum(opened, close), close, bars.values[4]]
    )
    return Market({"A": Bars(bars.ts, values)}, market.sessions, market.streams)


# --- strategies, and how backtrader writes them ---------------------------------------------------


class LateBuyer(Strategy):
    """Stop-limit orders, renewed at every bar, whose limit lies a little ahead of the stop."""

    size: float = 10.0
    reach: float = 0.01
    last: int = state(0)

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) > WARM_UP:
            ctx.cancel(self.last)
            side = 1.0 if ctx.position(bar.symbol) == 0.0 else -1.0
            stop = (1 + side * self.reach) * bar.close
            limit = (1 + side * 1.5 * self.reach) * bar.close
            self.last = ctx.stop_limit(bar.symbol, side * self.size, stop, limit)


class Guarded(Strategy):
    """Market entries and, a bar later, a stop and a limit of which one cancels the other."""

    size: float = 10.0
    reach: float = 0.01
    guarded: bool = state(False)

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) <= WARM_UP:
            return
        if ctx.position(bar.symbol) == 0.0:
            ctx.market(bar.symbol, self.size)
            self.guarded = False
        elif not self.guarded:
            stop = ctx.stop(bar.symbol, -self.size, (1 - self.reach) * bar.close)
            limit = ctx.limit(bar.symbol, -self.size, (1 + self.reach) * bar.close)
            ctx.one_cancels_other(stop, limit)
            self.guarded = True


class Trailer(Strategy):
    """Long and short by turns, each until a trailing stop ends it."""

    size: float = 10.0
    reach: float = 0.01
    by_percent: bool = False
    side: int = state(-1)
    guarded: bool = state(False)

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) <= WARM_UP:
            return
        if ctx.position(bar.symbol) == 0.0:
            self.side = -self.side
            self.guarded = False
            ctx.market(bar.symbol, self.side * self.size)
        elif not self.guarded:
            if self.by_percent:
                ctx.trailing_stop(bar.symbol, -self.side * self.size, percent=200 * self.reach)
            else:
                amount = 2 * self.reach * bar.close
                ctx.trailing_stop(bar.symbol, -self.side * self.size, amount=amount)
            self.guarded = True


class FlipperPeer(Peer):
    def decide(self, held, close, reach, size):
        total = 0.0
        for one in self.data.close.get(size=10):
            total += one
        missing = (size if close > total / 10 else -size) - held
        if missing:
            self.place(missing, bt.Order.Market)


class DipperPeer(Peer):
    def decide(self, held, close, reach, size):
        side = -1 if held else 1
        self.renew(side * size, bt.Order.Limit, price=(1 - side * reach) * close)


class BreakerPeer(Peer):
    def decide(self, held, close, reach, size):
        side = -1 if held else 1
        self.renew(side * size, bt.Order.Stop, price=(1 + side * reach) * close)


class LateBuyerPeer(Peer):
    def decide(self, held, close, reach, size):
        side = -1 if held else 1
        stop, limit = (1 + side * reach) * close, (1 + side * 1.5 * reach) * close
        self.renew(side * size, bt.Order.StopLimit, price=stop, plimit=limit)


class GuardedPeer(Peer):
    def decide(self, held, close, reach, size):
        if not held:
            self.place(size, bt.Order.Market)
            self.resting = None
        elif self.resting is None:
            self.resting = self.place(-size, bt.Order.Stop, price=(1 - reach) * close)
            self.place(-size, bt.Order.Limit, price=(1 + reach) * close, oco=self.resting)


class ProtectedPeer(Peer):
    def decide(self, held, close, reach, size):
        if not held:
            behind, ahead = 1 / (1 + 4 * reach), 1 + 5 * reach
            prices = {"stopprice": behind * close, "limitprice": ahead * close}
            self.buy_bracket(size=size, exectype=bt.Order.Market, **prices)


class TrailerPeer(Peer):
    """With backtrader's own trailing stop."""

    side = -1

    def decide(self, held, close, reach, size):
        if not held:
            self.side = -self.side
            self.place(self.side * size, bt.Order.Market)
            self.resting = None
        else:
            self.trail(-self.side * size, close, 2 * reach)

    def trail(self, quantity, close, part):
        if self.resting is None:
            how = {"trailpercent": part} if self.ours.by_percent else {"trailamount": part * close}
            self.resting = self.place(quantity, bt.Order.StopTrail, **how)


class MoverPeer(TrailerPeer):
    """With a plain stop that it moves when a bar is over, by the bar's high or low."""

    def trail(self, quantity, close, part):
        if self.resting is None:
            self.level, self.amount, best = -np.inf * -quantity, part * close, close
        else:
            best = self.data.low[0] if quantity > 0 else self.data.high[0]
        distance = part * best if self.ours.by_percent else self.amount
        if quantity > 0:
            self.level = min(self.level, best + distance)
        else:
            self.level = max(self.level, best - distance)
        self.renew(quantity, bt.Order.Stop, price=self.level)


PEERS: dict[type[Strategy], Any] = {
    Flipper: FlipperPeer,
    Dipper: DipperPeer,
    Breaker: BreakerPeer,
    LateBuyer: LateBuyerPeer,
    Guarded: GuardedPeer,
    Protected: ProtectedPeer,
    Trailer: TrailerPeer,
}


def assert_same_trading(ours: tuple[Fills, float], theirs: tuple[Fills, float]) -> None:
    assert len(ours[0]) >= 6
    assert by_bar(ours[0]) == pytest.approx(by_bar(theirs[0]))
    assert ours[1] - CASH == pytest.approx(theirs[1] - CASH, rel=1e-6)


@pytest.mark.parametrize("strategy", [Flipper, Dipper, Breaker, LateBuyer, Guarded, Protected])
def test_the_same_fills_and_the_same_equity(case: Case, strategy: type[Strategy]):
    reach = case.reach * (case.wide if strategy in (Guarded, Protected) else 1.0)
    ours = strategy(size=case.size, reach=reach)
    theirs = by_backtrader(case.market, PEERS[strategy], ours)
    for mode in ("compiled", "interpreted"):
        assert_same_trading(by_ours(case.market, ours, mode), theirs)


@pytest.mark.parametrize("by_percent", [False, True])
@pytest.mark.parametrize("peer", [TrailerPeer, MoverPeer])
def test_the_same_trailing_stops(case: Case, by_percent: bool, peer: type[Peer]):
    market = connected(case.market) if peer is TrailerPeer else case.market
    ours = Trailer(size=case.size, reach=case.reach, by_percent=by_percent)
    theirs = by_backtrader(market, peer, ours)
    for mode in ("compiled", "interpreted"):
        assert_same_trading(by_ours(market, ours, mode), theirs)


COMMISSIONS: dict[str, tuple[dict[str, float], dict[str, Any]]] = {
    "per share": (
        {"per_share": 0.005},
        {"commission": 0.005, "commtype": bt.CommInfoBase.COMM_FIXED, "stocklike": True},
    ),
    "of the value": ({"basis_points": 10.0}, {"commission": 0.001}),
}


@pytest.mark.parametrize("kind", COMMISSIONS)
@pytest.mark.parametrize("strategy", [Flipper, Dipper])
def test_the_same_commissions(case: Case, strategy: type[Strategy], kind: str):
    ours = strategy(size=case.size, reach=case.reach)
    here, there = COMMISSIONS[kind]
    free, theirs = (by_backtrader(case.market, PEERS[strategy], ours, **how) for how in ({}, there))
    assert theirs[0] == free[0]
    assert theirs[1] < free[1]
    assert_same_trading(by_ours(case.market, ours, "compiled", **here), theirs)

"""How a market is given to backtrader, and what all its strategies do."""

from typing import Any

import pytest

from tests.execution.oracles import CASH, WARM_UP, Fills
from tests.reference.market import Market

bt = pytest.importorskip("backtrader")


class Feed(bt.feed.DataBase):
    """Bars out of an array."""

    params = (("bars", None),)

    def start(self):
        super().start()
        days = self.p.bars.ts / 86_400e9 + 719_163
        self.rows = iter(zip(days.tolist(), *self.p.bars.values[:5].tolist(), strict=True))

    def _load(self):
        row = next(self.rows, None)
        if row is not None:
            lines = self.lines
            lines.datetime[0], lines.open[0], lines.high[0], lines.low[0] = row[:4]
            lines.close[0], lines.volume[0] = row[4:]
        return row is not None


class Peer(bt.Strategy):
    """What all peers do: keep their fills, and decide when the warm-up is over."""

    params = (("ours", None),)

    def __init__(self):
        self.ours = self.p.ours
        self.fills = []
        self.resting = None

    def notify_order(self, order):
        if order.status == order.Completed:
            fill = len(self.data) - 1, order.executed.price, order.executed.size
            self.fills.append(fill)

    def next(self):
        if len(self.data) > WARM_UP:
            self.decide(self.position.size, self.data.close[0], self.ours.reach, self.ours.size)

    def place(self, quantity, kind, **more):
        return (self.buy if quantity > 0 else self.sell)(size=abs(quantity), exectype=kind, **more)

    def renew(self, quantity, kind, **more):
        if self.resting is not None:
            self.cancel(self.resting)
        self.resting = self.place(quantity, kind, **more)


def by_backtrader(market: Market, peer: Any, ours: Any, **commission: Any) -> tuple[Fills, float]:
    """Fills and the equity at the end."""
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(Feed(bars=market.bars["A"]))
    cerebro.broker.setcash(CASH)
    cerebro.broker.setcommission(**commission)
    cerebro.addstrategy(peer, ours=ours)
    (strategy,) = cerebro.run()
    return strategy.fills, cerebro.broker.getvalue()

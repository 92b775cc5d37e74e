"""An order of the reference, its messages and fills, and the numbers of its kinds and states."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tests.reference.tolerance import total

NEVER = 2**63 - 1
MARKET, LIMIT, STOP, STOP_LIMIT, TRAILING, ON_OPEN, ON_CLOSE = range(7)
ACCEPTED, TRIGGERED, PARTLY, FILLED, CANCELLED, EXPIRED, REJECTED = range(7)
NONE, STRATEGY, OTHER, ENTRY, NO_POSITION, TIME, AT_ONCE = range(7)
SPLIT = 19
GTC, DAY, IOC, FOK = 0, -1, -2, -3


@dataclass
class Order:
    order_id: int
    ts: int
    symbol: int
    quantity: float
    kind: int
    limit: float = math.nan
    stop: float = math.nan
    until: int = GTC
    parent: int = 0
    group: int = 0
    amount: float = math.nan
    fraction: float = math.nan
    live: int = 0
    entered: int = -1  # open of the bar within which it became live or was triggered
    state: int = ACCEPTED
    reason: int = NONE
    filled: float = 0.0
    price: float = math.nan
    done_ts: int = 0
    found: float = math.nan
    allowed: float = math.nan
    lot: float = 0.0

    @property
    def resting(self) -> bool:
        return self.state in (ACCEPTED, TRIGGERED, PARTLY)

    @property
    def left(self) -> float:
        return total(self.quantity, -self.filled, lot=self.lot) if self.filled else self.quantity

    @property
    def buys(self) -> bool:
        return self.quantity > 0

    @property
    def is_stop(self) -> bool:
        return self.kind in (STOP, STOP_LIMIT, TRAILING) and self.state == ACCEPTED

    @property
    def is_limit(self) -> bool:
        return self.kind == LIMIT or (self.kind == STOP_LIMIT and self.state != ACCEPTED)

    @property
    def at_market(self) -> bool:
        return self.kind == MARKET or (self.kind in (STOP, TRAILING) and self.state != ACCEPTED)

    @property
    def pending(self) -> bool:
        return self.resting and (self.at_market or self.kind in (ON_OPEN, ON_CLOSE))

    def reached(self, price: float, *, by_limit: bool) -> bool:
        level = self.limit if by_limit else self.stop
        return price <= level if self.buys == by_limit else price >= level


@dataclass(eq=False)
class Message:
    """What is on its way to an order: it counts the bars of its symbol from ``since`` on."""

    order: Order
    since: int
    bars: int
    effect: Callable[[int, float, float], None]  # given when it is there, and the two below
    quantity: float = math.nan
    limit: float = math.nan


class Fill(NamedTuple):
    """One fill; ``filled``, ``average``: of its order so far; ``maker``: it was at rest before."""

    ts: int
    symbol: int
    quantity: float
    price: float
    order_id: int
    filled: float
    average: float
    maker: bool

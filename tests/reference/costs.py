"""The rules of commission and funding in plain Python, and functions of a user's own."""

import math
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from pipeline.lane.spec import Instrument, Terms
from pipeline.strategy.source import unpack
from tests.reference.matching import Fill, Order

HOUR = 3_600_000_000_000


def by_value(order):
    """A part in ten thousand for takers, less what makers are paid; less the more is traded."""
    rate = 1e-4 if order.traded < 500.0 else 0.5e-4
    return rate * order.value - 0.25e-4 * order.maker_value


def by_the_order(order):
    """So much a unit by symbol and time, rounded up to cents, and never less than was paid."""
    rate = 0.002 * (1 + order.symbol) + 1e-4 * (order.ts // 60_000_000_000 % 5)
    owed = math.ceil(100.0 * rate * abs(order.quantity) * order.price) / 100.0
    return max(owed, order.paid)


class Commission:
    """What the orders of one lane owe, fill by fill."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._own = unpack(terms.own_commission) if terms.own_commission else None
        self._month = ""
        self._traded = 0.0
        self._before: dict[int, float] = {}
        self._made: dict[int, float] = {}
        self._charged: dict[int, float] = {}
        self._paid: dict[int, float] = {}

    def open_session(self, month: str) -> None:
        """Let a session begin, whose date lies in a month."""
        if month != self._month:
            self._month, self._traded = month, 0.0

    def of(self, order: Order, fill: Fill, multiplier: float, rate: float) -> float:
        """What a fill costs: what its order owes for its fills so far, less what it has paid.

        ``rate``: account currency for 1 of the symbol's, in which all but what was traded is.
        """
        number = order.order_id
        owed = self._owed(order, fill, multiplier, rate)
        paid = self._paid.get(number, 0.0)
        self._paid[number] = owed
        return (owed - paid) * rate

    def _owed(self, order: Order, fill: Fill, multiplier: float, rate: float) -> float:
        terms, number, size = self._terms, order.order_id, abs(fill.quantity)
        value = size * fill.price * multiplier
        if self._own is not None:
            self._before.setdefault(number, self._traded)
            self._traded += value * rate
            made = self._made.get(number, 0.0) + (size * fill.price if fill.maker else 0.0)
            self._made[number] = made
            bill = SimpleNamespace(
                symbol=fill.symbol,
                ts=fill.ts,
                quantity=fill.filled,
                price=fill.average,
                multiplier=multiplier,
                value=abs(fill.filled * fill.average) * multiplier,
                maker_value=made * multiplier,
                traded=self._before[number],
                paid=self._paid.get(number, 0.0),
            )
            return float(self._own(bill))
        charged = self._charged.get(number, 0.0) + self._charge(size, value, rate, fill.maker)
        self._charged[number] = charged
        return min(max(charged + terms.per_order, terms.minimum), terms.maximum)

    def _charge(self, size: float, value: float, rate: float, maker: bool) -> float:
        terms = self._terms
        if not terms.tiers:
            points = terms.basis_points
            if maker and terms.maker_points is not None:
                points = terms.maker_points
            return terms.per_share * size + points * 1e-4 * value
        counted = size if terms.tiers_by_units else value * rate
        before = self._traded
        self._traded = after = before + counted
        total = 0.0
        ends = [tier[0] for tier in terms.tiers[1:]] + [math.inf]
        for (begin, per_share, points, maker_points), end in zip(terms.tiers, ends, strict=True):
            here = min(after, end) - max(before, begin)
            if here <= 0.0 < counted:
                continue
            inside = begin <= before and after <= end
            part = 1.0 if inside else here / counted
            share = maker_points if maker else points
            total += part * (per_share * size + share * 1e-4 * value)
        return total


def funding_times(of: Instrument, since: int, until: int) -> Iterator[int]:
    """The times from ``since`` on and before ``until`` at which a symbol is funded."""
    hours = [hour for hour in range(24) if of.funding_hours >> hour & 1]
    for day in range(since // (24 * HOUR), until // (24 * HOUR) + 1):
        for hour in hours:
            at = (24 * day + hour) * HOUR
            if since <= at < until:
                yield at


def funding(account: Any, since: int, until: int) -> float:
    """What an account pays at the funding times since the moment before."""
    due = []
    for symbol, of in enumerate(account.of_symbol):
        if account.position(symbol) != 0.0 and of.funding_rate:
            due += [(at, symbol) for at in funding_times(of, since, until)]
    paid = 0.0
    for _, symbol in sorted(due):
        value = account.position(symbol) * account.prices[symbol] * account.multiplier(symbol)
        paid += value * account.of_symbol[symbol].funding_rate
    return paid

"""The rules of `pipeline.execution.lots` in plain Python, a lot as the list of its fills."""

import math
from dataclasses import dataclass, field
from typing import Any

from tests.reference.tolerance import above, off_by, total

#: Of a round trip: symbol, quantity, entry ts and price, exit ts and price (0 and NaN while it is
#: open), profit, commission, most against it, most for it, bars.
Trip = tuple[Any, ...]
Part = tuple[float, float, float, float]  # quantity, price, worth, commission


@dataclass
class Lot:
    """What was bought or sold short together, and what of it was closed."""

    units: float
    entry_ts: int
    entries: list[Part]
    exits: list[Part] = field(default_factory=list)
    average: float = 0.0  # price of what is still open
    seen: list[float] = field(default_factory=list)  # prices it has lived through
    bars: int = 0
    income: float = 0.0  # dividends

    def revalue(self, change: float) -> float:
        """What all that it cost is owed more, if a unit makes so much more for 1 of price."""
        risen = self.units * self.average * change
        quantity, price, worth, fee = self.entries[-1]
        self.entries[-1] = (quantity, price, worth + risen, fee)
        return risen

    def trip(self, symbol: int, ts: int, worth: float = 0.0) -> Trip:
        """As a round trip that ended at ``ts``; if 0, what is left of it is ``worth`` so much."""
        quantity = sum(part[0] for part in self.entries)
        entry = sum(part[0] * part[1] for part in self.entries) / quantity
        low, high = min(self.seen), max(self.seen)
        fees = sum(part[3] for part in (*self.entries, *self.exits))
        profit = self.income + worth - fees
        paid, got = (sum(part[2] for part in parts) for parts in (self.entries, self.exits))
        profit -= paid + got
        leave = math.nan
        if ts:
            profit = profit if above(abs(profit), 1e-9 * max(abs(paid), abs(got))) else 0.0
            leave = sum(p[0] * p[1] for p in self.exits) / sum(p[0] for p in self.exits)
        against, favour = (
            (entry - low, high - entry) if quantity > 0 else (high - entry, entry - low)
        )
        return (
            *(symbol, quantity, self.entry_ts, entry, ts, leave),
            *(profit, fees, against, favour, self.bars),
        )


class Lots:
    """The open lots of a lane and the round trips it has made."""

    def __init__(self, symbols: int, *, fifo: bool, lot: float = 0.0) -> None:
        self.fifo = fifo
        self._lot = lot
        self._slack = [0.0] * symbols
        self.open: list[list[Lot]] = [[] for _ in range(symbols)]
        self.held = [0.0] * symbols
        self.trips: list[Trip] = []

    def _total(self, one: float, other: float = 0.0, slack: float = 0.0) -> float:
        return total(one, other, lot=self._lot, slack=slack)

    def receive(self, symbol: int, amount: float) -> None:
        """A dividend, for each unit held."""
        for lot in self.open[symbol]:
            lot.income += lot.units * amount

    def split(self, symbol: int, ratio: float) -> None:
        """Every unit becomes ``ratio`` units."""
        self.held[symbol] = self._total(self.held[symbol] * ratio)
        self._slack[symbol] *= ratio
        for lot in self.open[symbol]:
            lot.units = self._total(lot.units * ratio)
            lot.average /= ratio
            lot.seen = [price / ratio for price in lot.seen]
            for parts in (lot.entries, lot.exits):
                parts[:] = [(size * ratio, price / ratio, *rest) for size, price, *rest in parts]

    def show(self, symbol: int, low: float, high: float) -> None:
        """A bar has ended through which the open lots lived."""
        for lot in self.open[symbol]:
            lot.seen += [low, high]
            lot.bars += 1

    def fill(
        self, symbol: int, quantity: float, price: float, unit: float, commission: float, ts: int
    ) -> None:
        """Book a fill; ``unit``: what one unit makes when its price rises by 1."""
        before = self.held[symbol]
        self._slack[symbol] += off_by(before, quantity)
        after = self.held[symbol] = self._total(before, quantity, self._slack[symbol])
        self._slack[symbol] *= after != 0.0
        if before * quantity >= 0:
            self._enter(symbol, quantity, price, unit, commission, ts)
        elif before * after >= 0:
            self._leave(symbol, quantity, price, unit, commission, ts)
        else:
            share = abs(before) / abs(quantity)
            self.held[symbol] = 0.0
            self._leave(symbol, -before, price, unit, commission * share, ts)
            self.held[symbol] = after
            self._enter(symbol, after, price, unit, commission * (1 - share), ts)

    def _enter(
        self, symbol: int, quantity: float, price: float, unit: float, commission: float, ts: int
    ) -> None:
        part = (quantity, price, quantity * price * unit, commission)
        if self.fifo or not self.open[symbol]:
            self.open[symbol].append(Lot(quantity, ts, [part], average=price, seen=[price]))
        else:
            lot = self.open[symbol][0]
            lot.entries.append(part)
            lot.average = (lot.average * lot.units + price * quantity) / (lot.units + quantity)
            lot.units = self.held[symbol]
            lot.seen.append(price)

    def _leave(
        self, symbol: int, quantity: float, price: float, unit: float, commission: float, ts: int
    ) -> None:
        lots, flat, rest = self.open[symbol], self.held[symbol] == 0, quantity
        while lots and (rest or flat):
            lot = lots[0]
            only = len(lots) == 1
            beyond = self._total(lot.units, rest, self._slack[symbol])
            whole = flat or (not only and lot.units * beyond <= 0)
            size = -lot.units if whole else rest
            fee = commission if only or abs(size) >= abs(rest) else commission * (size / rest)
            part = (size, price, size * price * unit, fee)
            commission, rest = commission - fee, self._total(rest, -size, self._slack[symbol])
            if whole:
                lot.seen.append(price)
                lot.exits.append(part)
                self.trips.append(lots.pop(0).trip(symbol, ts))
            elif self.fifo:
                gone = self._split(lot, size, part)
                gone.seen.append(price)
                self.trips.append(gone.trip(symbol, ts))
            else:
                lot.seen.append(price)
                lot.exits.append(part)
                lot.units += size
            if not whole:
                if only:
                    lot.units = self.held[symbol]
                if only and self.fifo:
                    lot.entries = [(lot.units, *lot.entries[0][1:])]
                return

    def _split(self, lot: Lot, size: float, leaving: Part) -> Lot:
        """Cut off a lot the part that is closed, with its share of the commission."""
        ((_, price, worth, fee),) = lot.entries
        share = -size / lot.units
        gone = (-size, price, worth * share, fee * share)
        lot.units = self._total(lot.units, size)
        lot.entries = [(lot.units, price, worth - gone[2], fee - gone[3])]
        income, lot.income = lot.income * share, lot.income * (1 - share)
        return Lot(0.0, lot.entry_ts, [gone], [leaving], price, list(lot.seen), lot.bars, income)

    def still_open(self, prices: list[float], units: list[float]) -> list[Trip]:
        """The lots that are open at the end, marked at the last closes."""
        return [
            lot.trip(symbol, 0, lot.units * prices[symbol] * units[symbol])
            for symbol, lots in enumerate(self.open)
            for lot in lots
        ]

"""One lane's account, and all memory that its record points to."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import StrategyError
from pipeline.execution.account import ACCOUNT, empty_outbox_at
from pipeline.execution.actions import ACTION
from pipeline.execution.broken import CULPRIT, NO_VALUE, TOO_LARGE
from pipeline.execution.fields import (
    INSTRUMENT_TERMS,
    REALS_BY_SYMBOL,
    TERMS,
    TOLD,
    WHOLES_BY_SYMBOL,
)
from pipeline.execution.latency import MESSAGE
from pipeline.execution.lots import LOT
from pipeline.execution.orders import NEVER, ORDER
from pipeline.lane.facts import OpenPosition
from pipeline.lane.outbox import INBOX, Outbox
from pipeline.lane.raised import describe_culprit, describe_holdings
from pipeline.lane.spec import Instrument, Terms
from pipeline.tape.slot import SlotShape

#: What is told of an account, and where in its record it stands.
_TOLD = {name: (ACCOUNT.names or ()).index(name) for name in TOLD}
#: Lots a lane begins with where every fill may be one, and orders that its book has room for.
_LOTS = 64
_ORDERS = 16


class LaneAccount:
    """Owns an ACCOUNT record (``record``, ACCOUNT[1]) and the arrays it knows by address.

    The arrays live as long as this object. ``reserve``: see `execution.book.check_room`.
    ``tabled``: whether orders and round trips are written somewhere, row by row; otherwise they are
    only counted.
    """

    def __init__(
        self, shape: SlotShape, terms: Terms, outbox: Outbox, reserve: int, *, tabled: bool
    ) -> None:
        self._shape = shape
        self._outbox = outbox
        symbols = len(shape.symbols)
        self._reals = np.zeros((len(REALS_BY_SYMBOL), symbols))
        self._wholes = np.zeros((len(WHOLES_BY_SYMBOL), symbols), np.int64)
        self._by_symbol("last_price")[:] = np.nan  # before the first bar
        self._by_symbol("met")[:] = -1  # before any bar
        self._book = np.zeros(_ORDERS + reserve, ORDER)
        self._lots = np.zeros(max(symbols, _LOTS) if terms.fifo else symbols, LOT)
        #: Last row that the strategy may know, i8[intervals, S].
        self.cursor = np.zeros((len(shape.intervals), symbols), np.int64)
        self._culprit = np.zeros(1, CULPRIT)
        self.record = self._open(terms)
        self.record[0]["book_reserve"] = reserve
        self.record[0]["tabled"] = tabled
        self.address = int(self.record.ctypes.data)
        first = ACCOUNT.fields["fills_out_count"][1] // 8  # type: ignore[index]
        # A view, because to read one field of a record takes as long as to read them all.
        self._counts = self.record.view(np.int64)[first : first + 6 : 2]
        self._attach_outbox()

    @property
    def position(self) -> npt.NDArray[np.float64]:
        """Units held by symbol, f8[S]: a view."""
        return self._by_symbol("position")

    @property
    def pending(self) -> npt.NDArray[np.float64]:
        """Units on order by symbol, f8[S]: a view."""
        return self._by_symbol("pending")

    def _by_symbol(self, name: str) -> npt.NDArray[Any]:
        """Return the account's array of a name, f8[S] or i8[S]: a view."""
        if name in REALS_BY_SYMBOL:
            return self._reals[REALS_BY_SYMBOL.index(name)]
        return self._wholes[WHOLES_BY_SYMBOL.index(name)]

    def _open(self, terms: Terms) -> npt.NDArray[Any]:
        account = np.zeros(1, ACCOUNT)
        record = account[0]
        record["symbols"] = len(self._shape.symbols)
        record["next_order"] = 1
        record["reduced_ts"] = record["lacking_ts"] = -1
        record["session_close"] = record["hours_until"] = NEVER
        record["hours_from"] = -NEVER
        for name in TERMS:
            record[name] = getattr(terms, name)
        record["cash"] = record["equity"] = record["lowest_cash"] = terms.initial_cash
        self._messages = np.zeros(2 * INBOX * terms.delayed, MESSAGE)
        self._attach_messages(record)
        for name in (*REALS_BY_SYMBOL, *WHOLES_BY_SYMBOL):
            record[name] = self._by_symbol(name).ctypes.data
        instruments = terms.instruments or (Instrument(),) * len(self._shape.symbols)
        for name in INSTRUMENT_TERMS:
            self._by_symbol(name)[:] = [getattr(instrument, name) for instrument in instruments]
        self._open_currencies(record)
        funded = self._by_symbol("funding_rate").any()
        record["next_funding"] = 0 if funded else NEVER
        self._hours = np.array(terms.hours, np.int64)
        record["hours"] = self._hours.ctypes.data if len(self._hours) else 0
        record["stride"] = self._shape.stride
        record["plane"] = self._shape.stride * len(self._shape.symbols)
        self._actions = np.array([tuple(action) for action in terms.actions], ACTION)
        record["actions"], record["action_count"] = self._actions.ctypes.data, len(self._actions)
        record["base_cursor"] = self.cursor.ctypes.data
        record["culprit"] = self._culprit.ctypes.data
        record["book"], record["book_capacity"] = self._book.ctypes.data, len(self._book)
        record["lots"], record["lots_capacity"] = self._lots.ctypes.data, len(self._lots)
        return account

    def _attach_outbox(self) -> None:
        self._outbox.attach(self.record)
        self._attached = self._outbox.version

    def _open_currencies(self, record: Any) -> None:
        """Give foreign symbols their pairs; there is no rate yet, and so no value."""
        pair, multiplier = self._by_symbol("pair"), self._by_symbol("multiplier")
        record["foreign"] = pair.any()
        self._by_symbol("point")[:] = multiplier
        self._by_symbol("rate")[:] = np.where(pair == 0, 1.0, np.nan)
        multiplier *= self._by_symbol("rate")

    def empty_outbox(self) -> None:
        """Empty the outbox; the caller has taken what lies in it."""
        self.follow_outbox()
        empty_outbox_at(self.address)

    def follow_outbox(self) -> None:
        """Attach the outbox again if another lane has had its arrays replaced."""
        if self._attached != self._outbox.version:
            self._attach_outbox()

    def resting(self) -> npt.NDArray[Any]:
        """The orders still at rest, ORDER[n]: a view."""
        return self._book[: self.record[0]["resting"]]

    def counts(self) -> list[int]:
        """Return how many fills, orders and round trips are in the outbox."""
        counts: list[int] = self._counts.tolist()
        return counts

    def facts(self) -> dict[str, Any]:
        """What the account came to, by the names that `facts.LaneFacts` has for it."""
        values = self.record[0].item()
        facts = {name: values[place] for name, place in _TOLD.items()}
        return {"orders": facts.pop("next_order") - 1, "positions": self._held()} | facts

    def _held(self) -> tuple[OpenPosition, ...]:
        """What is held, with the profit that `execution.lots.report_open` gives its lots."""
        held = []
        first = self._by_symbol("first_lot")
        for symbol in np.flatnonzero(first).tolist():
            units = flow = 0.0
            number = int(first[symbol])
            while number:
                lot = self._lots[number - 1]
                units, flow = units + float(lot["units"]), flow + float(lot["flow"])
                number = int(lot["following"])
            price, multiplier = self._by_symbol("last_price"), self._by_symbol("multiplier")
            value = units * float(price[symbol] * multiplier[symbol])
            held.append(OpenPosition(symbol, units, value, flow + value))
        return tuple(held)

    def check(self, strategy: str) -> None:
        """Raise StrategyError in one line if the account is no longer one that can be counted.

        ``strategy``: the name of the lane's strategy.
        """
        record, symbols = self.record[0], self._shape.symbols
        if record["broken"] == TOO_LARGE:
            raise StrategyError(describe_culprit(self._culprit, strategy, symbols))
        if record["broken"] == NO_VALUE:
            units, prices = self.position.tolist(), self._by_symbol("last_price").tolist()
            held = [one for one in zip(symbols, units, prices, strict=True) if one[1]]
            money, now = float(record["cash"]), int(record["now"])
            raise StrategyError(describe_holdings(held, money, now, strategy))

    def enlarge_book(self) -> None:
        """Give the book room for the orders at rest and for those in the inbox."""
        record = self.record[0]
        orders = int(record["resting"] + record["inbox_count"] + record["book_reserve"])
        if orders > len(self._book):
            book = np.zeros(2 * orders, ORDER)
            book[: len(self._book)] = self._book
            self._book = book
            record["book"], record["book_capacity"] = book.ctypes.data, len(book)

    def make_room(self) -> None:
        """Enlarge all arrays that a moment might not fit into, and empty the outbox but for equity.

        The caller has taken what lies in the outbox, and calls `execution.book.check_room`
        afterwards.
        """
        self.enlarge_book()
        record = self.record[0]
        # Orders of the inbox are in the book before the next fill.
        resting = int(record["resting"] + record["inbox_count"])
        lots = int(record["open_lots"])
        fills = resting + INBOX * int(record["this_close"])
        if record["fifo"] and lots + fills > len(self._lots):
            more = np.zeros(2 * (lots + fills), LOT)
            more[: len(self._lots)] = self._lots
            self._lots = more
            record["lots"], record["lots_capacity"] = more.ctypes.data, len(more)
        in_flight = int(record["in_flight"])
        if record["delayed"] and in_flight + INBOX > len(self._messages):
            messages = np.zeros(2 * (in_flight + INBOX), MESSAGE)
            messages[:in_flight] = self._messages[:in_flight]
            self._messages = messages
            self._attach_messages(record)
        self._outbox.make_room(resting, lots)
        counts = {n: record[n] for n in ("equity_out_count", "session_out_count")}
        self.empty_outbox()
        for name, count in counts.items():
            record[name] = count

    def _attach_messages(self, record: Any) -> None:
        record["messages"] = self._messages.ctypes.data
        record["message_capacity"] = len(self._messages)

"""One lane's account, and all memory that its record points to."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import StrategyError
from pipeline.execution.account import ACCOUNT, empty_outbox_at
from pipeline.execution.broken import NO_VALUE, TOO_LARGE
from pipeline.execution.fields import TOLD
from pipeline.execution.latency import MESSAGE
from pipeline.execution.lots import LOT
from pipeline.execution.orders import ORDER
from pipeline.lane.facts import OpenPosition
from pipeline.lane.image import Image, Memory
from pipeline.lane.opening import Opening, by_symbol
from pipeline.lane.outbox import INBOX, Outbox
from pipeline.lane.raised import describe_culprit, describe_holdings

#: What is told of an account, and where in its record it stands.
_TOLD = {name: (ACCOUNT.names or ()).index(name) for name in TOLD}


class LaneAccount:
    """Owns what an account has outgrown its lane's memory with: its book, its lots, its messages.

    ``record``, ACCOUNT[1], is its record in that ``memory``, which lies at an ``address``; all of
    it lives as long as this object.
    """

    def __init__(
        self, opening: Opening, outbox: Outbox, image: Image, memory: Memory, address: int
    ) -> None:
        terms = opening.terms
        self._opening = opening
        self._outbox = outbox
        self._image, self._memory = image, memory
        self.record = image.view(memory, "account")
        self.address = address + image.place("account")
        self._book, self._lots = (image.view(memory, name) for name in ("book", "lots"))
        self._messages = np.zeros(2 * INBOX * terms.delayed, MESSAGE)
        record = self.record[0]
        if opening.reserve:
            self.enlarge_book()
        if terms.delayed:
            self._attach_messages(record)
        first = ACCOUNT.fields["fills_out_count"][1] // 8  # type: ignore[index]
        # A view, because to read one field of a record takes as long as to read them all.
        self._counts = self.record.view(np.int64)[first : first + 6 : 2]
        self._attached = outbox.version

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
        reals, wholes = (self._image.view(self._memory, one) for one in ("reals", "wholes"))
        return by_symbol(name, reals, wholes)

    def empty_outbox(self) -> None:
        """Empty the outbox; the caller has taken what lies in it."""
        self.follow_outbox()
        empty_outbox_at(self.address)

    def follow_outbox(self) -> None:
        """Attach the outbox again if another lane has had its arrays replaced."""
        if self._attached != self._outbox.version:
            self._outbox.attach(self.record)
            self._attached = self._outbox.version

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
        record, symbols = self.record[0], self._opening.shape.symbols
        bill = self._image.view(self._memory, "bill")
        self._opening.pricing.check(self.record, bill, symbols)
        if record["broken"] == TOO_LARGE:
            culprit = self._image.view(self._memory, "culprit")
            raise StrategyError(describe_culprit(culprit, strategy, symbols))
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

"""How the accounts of a run are opened: the arrays of one before its first moment."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.execution.account import ACCOUNT
from pipeline.execution.actions import ACTION
from pipeline.execution.broken import CULPRIT
from pipeline.execution.commission import BILL
from pipeline.execution.fields import (
    INSTRUMENT_TERMS,
    REALS_BY_SYMBOL,
    TERMS,
    WHOLES_BY_SYMBOL,
)
from pipeline.execution.lots import LOT
from pipeline.execution.orders import NEVER, ORDER
from pipeline.lane.cost_memory import Pricing
from pipeline.lane.image import Image
from pipeline.lane.spec import Instrument, Terms
from pipeline.tape.slot import SlotShape

#: Lots that an account begins with where every fill may be one, and orders that its book has room
#: for.
_LOTS, _ORDERS = 64, 16


class Opening:
    """An account before its first moment, and what all accounts of its kind read.

    ``reserve``: see `execution.book.check_room`. ``tabled``: whether orders and round trips are
    written somewhere, row by row; otherwise they are only counted. Raises StrategyError if the
    user's commission cannot be compiled.
    """

    def __init__(self, shape: SlotShape, terms: Terms, *, reserve: int, tabled: bool) -> None:
        self.shape, self.terms, self.reserve = shape, terms, reserve
        self.pricing = Pricing(terms)
        self._hours = np.array(terms.hours, np.int64)
        self._actions = np.array([tuple(action) for action in terms.actions], ACTION)
        symbols = len(shape.symbols)
        self._reals = np.zeros((len(REALS_BY_SYMBOL), symbols))
        self._wholes = np.zeros((len(WHOLES_BY_SYMBOL), symbols), np.int64)
        self._fill_by_symbol()
        account = np.zeros(1, ACCOUNT)
        self._fill(account[0], tabled)
        self.pricing.write(account)
        #: The arrays by their names.
        self.arrays: dict[str, npt.NDArray[Any]] = {
            "account": account,
            "reals": self._reals,
            "wholes": self._wholes,
            # Last row that the strategy may know, i8[intervals, S].
            "cursor": np.zeros((len(shape.intervals), symbols), np.int64),
            "culprit": np.zeros(1, CULPRIT),
            "bill": np.zeros(1, BILL),
            "book": np.zeros(_ORDERS, ORDER),
            "lots": np.zeros(max(symbols, _LOTS) if terms.fifo else symbols, LOT),
        }
        account[0]["book_capacity"] = _ORDERS
        account[0]["lots_capacity"] = len(self.arrays["lots"])

    def _by_symbol(self, name: str) -> npt.NDArray[Any]:
        return by_symbol(name, self._reals, self._wholes)

    def _fill_by_symbol(self) -> None:
        """Fill in the terms, and give foreign symbols their pairs; there is no rate yet."""
        symbols = len(self.shape.symbols)
        self._by_symbol("last_price")[:] = np.nan  # before the first bar
        self._by_symbol("met")[:] = -1  # before any bar
        instruments = self.terms.instruments or (Instrument(),) * symbols
        for name in INSTRUMENT_TERMS:
            self._by_symbol(name)[:] = [getattr(instrument, name) for instrument in instruments]
        pair, multiplier = self._by_symbol("pair"), self._by_symbol("multiplier")
        self._by_symbol("point")[:] = multiplier
        self._by_symbol("rate")[:] = np.where(pair == 0, 1.0, np.nan)
        multiplier *= self._by_symbol("rate")

    def _fill(self, record: Any, tabled: bool) -> None:
        terms, shape = self.terms, self.shape
        record["symbols"] = len(shape.symbols)
        record["next_order"] = 1
        record["reduced_ts"] = record["lacking_ts"] = -1
        record["session_close"] = record["hours_until"] = NEVER
        record["hours_from"] = -NEVER
        for name in TERMS:
            record[name] = getattr(terms, name)
        record["cash"] = record["equity"] = record["lowest_cash"] = terms.initial_cash
        record["foreign"] = self._by_symbol("pair").any()
        record["next_funding"] = 0 if self._by_symbol("funding_rate").any() else NEVER
        record["hours"] = self._hours.ctypes.data if len(self._hours) else 0
        record["stride"] = shape.stride
        record["plane"] = shape.stride * len(shape.symbols)
        record["actions"], record["action_count"] = self._actions.ctypes.data, len(self._actions)
        record["book_reserve"] = self.reserve
        record["tabled"] = tabled

    def point(self, image: Image) -> None:
        """Let the account of an image with these arrays point to the others."""
        cells = 8 * len(self.shape.symbols)
        for to, names in (("reals", REALS_BY_SYMBOL), ("wholes", WHOLES_BY_SYMBOL)):
            for place, name in enumerate(names):
                image.point("account", name, to, place * cells)
        image.point("account", "base_cursor", "cursor")
        image.point("account", "culprit", "culprit")
        for name in ("bill", "book", "lots"):
            image.point("account", name, name)


def by_symbol(
    name: str, reals: npt.NDArray[np.float64], wholes: npt.NDArray[np.int64]
) -> npt.NDArray[Any]:
    """Return the account's array of a name, f8[S] or i8[S], or those of several: a view."""
    if name in REALS_BY_SYMBOL:
        return reals[..., REALS_BY_SYMBOL.index(name), :]
    return wholes[..., WHOLES_BY_SYMBOL.index(name), :]

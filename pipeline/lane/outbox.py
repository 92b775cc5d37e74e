"""Where the lanes of one engine write, one after the other, what they produce in a slot."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.execution.fills import FILL
from pipeline.execution.lots import TRIP
from pipeline.execution.orders import ORDER

#: Orders one lane may place at one moment.
INBOX = 32_768


class Outbox:
    """Output arrays, and the inbox that an order passes within a moment.

    ``moments``: base moments a slot can have; ``sessions``: sessions it can close.
    """

    def __init__(self, moments: int, sessions: int) -> None:
        self.inbox = np.zeros(INBOX, ORDER)
        self.fills: npt.NDArray[Any] = np.zeros(0, FILL)
        self.orders: npt.NDArray[Any] = np.zeros(0, ORDER)
        self.trips: npt.NDArray[Any] = np.zeros(0, TRIP)
        self.equity = np.zeros(moments)
        self.cash = np.zeros(moments)
        self.session_equity = np.zeros(sessions)
        #: How often the arrays have been replaced: accounts point at them.
        self.version = 0
        self.make_room(0)

    def make_room(self, resting: int, lots: int = 0) -> None:
        """Make it hold what any one moment of a lane with so many orders and lots can produce."""
        needed = 2 * (resting + INBOX)
        if len(self.orders) >= needed and len(self.trips) >= 2 * (needed + lots):
            return
        if len(self.orders) < needed:
            self.orders = np.zeros(needed, ORDER)
            self.fills = np.zeros(needed, FILL)
        if len(self.trips) < 2 * (needed + lots):
            self.trips = np.zeros(2 * (needed + lots), TRIP)
        self.version += 1
        self._fields = self._describe()

    def _describe(self) -> dict[str, int]:
        """Return by what fields an account finds the arrays; to ask an array takes a while."""
        return {
            "inbox": self.inbox.ctypes.data,
            "inbox_capacity": len(self.inbox),
            "fills_out": self.fills.ctypes.data,
            "fills_out_capacity": len(self.fills),
            "orders_out": self.orders.ctypes.data,
            "orders_out_capacity": len(self.orders),
            "trips_out": self.trips.ctypes.data,
            "trips_out_capacity": len(self.trips),
            "equity_out": self.equity.ctypes.data,
            "cash_out": self.cash.ctypes.data,
            "session_out": self.session_equity.ctypes.data,
        }

    def attach(self, account: npt.NDArray[Any]) -> None:
        """Point an account at the arrays."""
        record = account[0]
        for name, value in self._fields.items():
            record[name] = value

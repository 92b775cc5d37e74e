"""The arrays into which the lanes of one engine write what they produce in a slot, by turns."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.execution.fills import FILL
from pipeline.execution.lots import TRIP
from pipeline.execution.orders import ORDER

#: Orders one lane may place at one moment.
INBOX = 32_768


class Outbox:
    """Arrays of fills, orders, round trips and equity, and the inbox of orders just placed.

    ``moments``: how many moments with base bars a slot can have. ``sessions``: how many sessions
    can close in it.
    """

    def __init__(self, moments: int, sessions: int) -> None:
        self.inbox = np.zeros(INBOX, ORDER)
        self.fills: npt.NDArray[Any] = np.zeros(0, FILL)
        self.orders: npt.NDArray[Any] = np.zeros(0, ORDER)
        self.trips: npt.NDArray[Any] = np.zeros(0, TRIP)
        self.equity = np.zeros(moments)
        self.cash = np.zeros(moments)
        self.session_equity = np.zeros(sessions)
        #: How often the arrays have been replaced. Accounts that know older ones must be attached.
        self.version = 0
        self.make_room(0)

    def make_room(self, resting: int, lots: int = 0) -> None:
        """Enlarge the arrays until any one moment of a lane fits in.

        ``resting``: orders that the lane has at rest. ``lots``: lots that it holds.
        """
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
        """Return addresses and capacities of the arrays by the account's fields for them.

        They are kept, because to ask an array for its address takes long.
        """
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

    def attach(self, accounts: npt.NDArray[Any]) -> None:
        """Write the addresses of the arrays into accounts, an array of ACCOUNT."""
        for name, value in self._fields.items():
            accounts[name] = value

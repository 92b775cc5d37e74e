"""What is kept of a lane while it runs: its digest, its deepest drawdown and how many rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.results.digest import LaneDigest
from pipeline.results.drawdown import Drawdown
from pipeline.results.table_kinds import TABLES

FILLS, ORDERS, EQUITY, TRIPS = range(4)
"""The tables of a lane, as numbered in TABLES."""


@dataclass(frozen=True, slots=True)
class LaneRecord:
    """What was recorded of one lane: its digest, rows by table, and its maximum drawdown.

    The drawdown is over every base timestamp, as a fraction (0.25 means 25 %).
    """

    digest: str
    fills: int
    orders: int
    equity: int
    round_trips: int
    max_drawdown: float


class LaneTally:
    """The running tally of one lane."""

    def __init__(self) -> None:
        self._digest = LaneDigest()
        self._drawdown = Drawdown()
        self._rows = [0] * len(TABLES)

    def absorb(
        self,
        fills: NDArray[Any],
        orders: NDArray[Any],
        trips: NDArray[Any],
        ts: NDArray[np.int64],
        equity: NDArray[np.float64],
        cash: NDArray[np.float64],
    ) -> None:
        """Absorb a slot's rows, as `Recorder.record` takes them."""
        for table, rows in ((FILLS, fills), (ORDERS, orders), (EQUITY, ts), (TRIPS, trips)):
            self._rows[table] += len(rows)
        if len(fills):
            self._digest.absorb_fills(fills)
        if len(ts):
            self._digest.absorb_equity(ts, equity, cash)
            self._drawdown.absorb(equity)

    def facts(self) -> LaneRecord:
        """Return what was absorbed so far."""
        rows = self._rows
        digest, drawdown = self._digest.hexdigest(), self._drawdown.maximum
        return LaneRecord(digest, rows[FILLS], rows[ORDERS], rows[EQUITY], rows[TRIPS], drawdown)


class Tallies:
    """Keeps the tallies of an engine's lanes, and no tables: a Recorder for a sweep."""

    def __init__(self, lanes: Sequence[int]) -> None:
        self._lanes = {lane: LaneTally() for lane in lanes}

    def record(
        self,
        lane: int,
        fills: NDArray[Any],
        orders: NDArray[Any],
        trips: NDArray[Any],
        ts: NDArray[np.int64],
        equity: NDArray[np.float64],
        cash: NDArray[np.float64],
    ) -> None:
        """Absorb a slot's rows of one lane, as `Recorder.record` takes them."""
        self._lanes[lane].absorb(fills, orders, trips, ts, equity, cash)

    def of(self, lane: int) -> LaneRecord:
        """Return what was recorded of a lane so far."""
        return self._lanes[lane].facts()

    def close(self) -> None:
        """Finish; there is no file to close."""

    def abort(self) -> None:
        """Give up; there is nothing to remove."""

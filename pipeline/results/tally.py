"""The tally of a lane, kept while it runs: its digest, its deepest drawdown, its row counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.codes import FILLED, NO_REASON, ORDER_STATES, REASONS, REJECTED
from pipeline.native.kernel import kernel
from pipeline.native.memory import records
from pipeline.results.digest import absorb_rows, digest_of, digest_state
from pipeline.results.drawdown import absorb_drawdown, deepest, drawdown_state
from pipeline.results.trip_tally import absorb_trips, trip_details, trip_state

FILLS, ORDERS, EQUITY, TRIPS = range(4)
"""The tables of a lane, as numbered in TABLES."""


@dataclass(frozen=True, slots=True)
class LaneRecord:
    """The tally of one lane when it has ended."""

    digest: str
    """Digest of its fills and equity (`digest`)."""
    fills: int
    """Rows of fills."""
    orders: int
    """Rows of orders."""
    equity: int
    """Rows of equity, one for each base timestamp."""
    round_trips: int
    """Rows of round trips."""
    max_drawdown: float
    """Deepest drawdown over every base timestamp, a fraction: 0.25 means 25 %. It is at least 1 if
    the equity was zero or below at one, also at the first, which is no peak to fall from then."""
    trips: dict[str, float] | None = None
    """What the round trips that have ended were like (`trip_tally.trip_details`); None without one,
    and where they are not recorded row by row."""
    rejections: dict[str, int] = field(default_factory=dict)
    """How many orders were rejected for each reason (`codes.REASONS`), the most frequent first;
    empty where they are not recorded row by row."""
    endings: dict[str, int] = field(default_factory=dict)
    """How many orders ended in each way, the most frequent first: "expired (out_of_time)"; those
    that have not ended are "accepted" and so on. Empty as `rejections`."""
    at_rest: dict[int, int] = field(default_factory=dict)
    """How many orders have not ended, by the index of their symbol, those with any. Empty as
    `rejections`."""


@kernel()
def _absorb(
    digest: NDArray[np.uint64],
    drawdown: NDArray[np.float64],
    details: NDArray[np.float64],
    fills: NDArray[np.uint64],
    trips: Any,
    ts: NDArray[np.int64],
    equity: NDArray[np.float64],
    cash: NDArray[np.float64],
) -> None:
    absorb_rows(digest, fills, ts, equity, cash)
    absorb_drawdown(drawdown, equity)
    absorb_trips(details, trips)


class LaneTally:
    """The running tally of one lane."""

    __slots__ = (
        *("_at_rest", "_details", "_digest", "_drawdown", "_endings"),
        *("_began_ruined", "_equity", "_fills", "_orders", "_trips"),
    )

    def __init__(self) -> None:
        self._digest = digest_state()
        self._drawdown = drawdown_state()
        self._details = trip_state()
        self._endings = np.zeros((len(ORDER_STATES), len(REASONS)), np.int64)
        self._at_rest: Counter[int] = Counter()
        self._began_ruined = False
        self._fills = self._orders = self._equity = self._trips = 0

    def absorb(
        self,
        fills: NDArray[Any],
        orders: NDArray[Any],
        trips: NDArray[Any],
        ts: NDArray[np.int64],
        equity: NDArray[np.float64],
        cash: NDArray[np.float64],
    ) -> None:
        """Absorb the rows of one slot. The arguments are those of `recorder.Recorder.record`."""
        if self._equity == 0 and len(ts):
            self._began_ruined = bool(equity[0] <= 0.0)
        self._fills += len(fills)
        self._orders += len(orders)
        self._equity += len(ts)
        self._trips += len(trips)
        _absorb(
            self._digest,
            self._drawdown,
            self._details,
            fills.view(np.uint64),
            records(trips),
            ts,
            equity,
            cash,
        )

    def count_endings(self, orders: NDArray[Any]) -> None:
        """Count the orders of one slot by their states and reasons; those at rest by symbol."""
        np.add.at(self._endings, (orders["state"], orders["reason"]), 1)
        self._at_rest.update(orders["symbol"][orders["state"] < FILLED].tolist())

    def facts(self) -> LaneRecord:
        """Return the tally so far."""
        fall = deepest(self._drawdown)
        ways = sorted(np.argwhere(self._endings).tolist(), key=lambda way: -self._endings[*way])
        counts = [(state, reason, int(self._endings[state, reason])) for state, reason in ways]
        return LaneRecord(
            digest_of(self._digest),
            self._fills,
            self._orders,
            self._equity,
            self._trips,
            max(fall, 1.0) if self._began_ruined else fall,
            trip_details(self._details),
            {REASONS[reason]: count for state, reason, count in counts if state == REJECTED},
            {_ending(state, reason): count for state, reason, count in counts},
            dict(self._at_rest),
        )


def _ending(state: int, reason: int) -> str:
    """Return in words how an order has ended, or how it stands."""
    why = "" if reason == NO_REASON else f" ({REASONS[reason]})"
    return f"{ORDER_STATES[state]}{why}"


class Tallies:
    """The recorder of an engine in a sweep: it keeps a tally of each lane and writes no tables."""

    writes_tables = False

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
        """Absorb the rows of one lane in one slot, given as to `recorder.Recorder.record`."""
        self._lanes[lane].absorb(fills, orders, trips, ts, equity, cash)

    def of(self, lane: int) -> LaneRecord:
        """Return the tally of a lane so far."""
        return self._lanes[lane].facts()

    def close(self) -> None:
        """Do nothing, because there is no file to close."""

    def abort(self) -> None:
        """Do nothing, because there is no file to end."""

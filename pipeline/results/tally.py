"""The tally of a lane, kept while it runs: its digest, its deepest drawdown, its row counts."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.codes import FILLED, NO_REASON, ORDER_STATES, REASONS, REJECTED
from pipeline.native.kernel import called_with_integers, kernel
from pipeline.native.memory import floats_at, integers_at, load_f8, record_at, words_of
from pipeline.results.digest import absorb_rows, digest_of
from pipeline.results.drawdown import absorb_drawdown, deepest, drawdown_state
from pipeline.results.trip_tally import absorb_trips, trip_details

FILLS, ORDERS, EQUITY, TRIPS = range(4)
"""The tables of a lane, as numbered in TABLES."""


class LaneRecord(NamedTuple):
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
    trips: dict[str, float] | None
    """What the round trips that have ended were like (`trip_tally.trip_details`); None without one,
    and where they are not recorded row by row."""
    rejections: dict[str, int]
    """How many orders were rejected for each reason (`codes.REASONS`), the most frequent first;
    empty where they are not recorded row by row."""
    endings: dict[str, int]
    """How many orders ended in each way, the most frequent first: "expired (out_of_time)"; those
    that have not ended are "accepted" and so on. Empty as `rejections`."""
    at_rest: dict[int, int]
    """How many orders have not ended, by the index of their symbol, those with any. Empty as
    `rejections`."""


#: The running tally of a lane. ``digest``, ``drawdown``, ``trips``: the states of `digest`,
#: `drawdown` and `trip_tally`, the first as integers; ``fills`` and so on: rows so far;
#: ``began_ruined``: 1 if the first equity was zero or below.
TALLY: Final = np.dtype(
    [
        *(("digest", "i8", (6,)), ("drawdown", "f8", (3,)), ("trips", "f8", (5,))),
        *((name, "i8") for name in ("fills", "orders", "equity", "round_trips", "began_ruined")),
    ]
)
_tally_at = record_at(TALLY)
_PLACES = dict(TALLY.fields or {})
_DIGEST, _DRAWDOWN, _TRIPS = (_PLACES[name][1] for name in ("digest", "drawdown", "trips"))


@kernel()
def absorb_at(
    tally: int,
    fills: int,
    fill_count: int,
    order_count: int,
    trips: int,
    trip_count: int,
    ts: int,
    equity: int,
    cash: int,
    moments: int,
) -> None:
    """Absorb what a lane did in a slot into its TALLY; all arrays are given by their addresses.

    ``fills``: FILL_ROW[``fill_count``]; ``trips``: TRIP_ROW[``trip_count``], 0 if they are only
    counted; ``ts`` i8, ``equity`` and ``cash`` f8, each of ``moments`` cells.
    """
    one = _tally_at(tally)
    if one.equity == 0 and moments > 0 and load_f8(equity, 0) <= 0.0:
        one.began_ruined = 1
    one.fills += fill_count
    one.orders += order_count
    one.equity += moments
    one.round_trips += trip_count
    values = floats_at(equity, moments)
    absorb_rows(
        words_of(integers_at(tally + _DIGEST, 6)),
        words_of(integers_at(fills, 6 * fill_count)),
        integers_at(ts, moments),
        values,
        floats_at(cash, moments),
    )
    absorb_drawdown(floats_at(tally + _DRAWDOWN, 3), values)
    absorb_trips(floats_at(tally + _TRIPS, 5), trips, trip_count)


def tallies(count: int) -> NDArray[Any]:
    """Return the tallies of lanes that have done nothing, TALLY[count]."""
    found = np.zeros(count, TALLY)
    found["drawdown"] = drawdown_state()
    return found


class LaneTally:
    """The running tally of one lane; ``record``, TALLY[1], is kept up to date, and need not be new.

    How its orders have ended is known only where they are recorded row by row (`count_endings`).
    """

    __slots__ = ("_absorb", "_address", "_at_rest", "_endings", "record")

    def __init__(self, record: NDArray[Any] | None = None) -> None:
        self.record = tallies(1) if record is None else record
        self._address = int(self.record.ctypes.data)
        self._absorb = called_with_integers(absorb_at)
        self._endings: NDArray[np.int64] | None = None
        self._at_rest: Counter[int] = Counter()

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
        arrays = [np.ascontiguousarray(one) for one in (fills, trips, ts, equity, cash)]
        fill, trip, *columns = (int(one.ctypes.data) for one in arrays)
        counts = len(fills), len(orders), len(trips)
        self._absorb(self._address, fill, *counts[:2], trip, counts[2], *columns, len(ts))

    def count_endings(self, orders: NDArray[Any]) -> None:
        """Count the orders of one slot by their states and reasons; those at rest by symbol."""
        if self._endings is None:
            self._endings = np.zeros((len(ORDER_STATES), len(REASONS)), np.int64)
        np.add.at(self._endings, (orders["state"], orders["reason"]), 1)
        self._at_rest.update(orders["symbol"][orders["state"] < FILLED].tolist())

    def facts(self) -> LaneRecord:
        """Return the tally so far."""
        found = dict(zip(TALLY.names or (), self.record[0].item(), strict=True))
        fall = deepest(found["drawdown"])
        endings = self._ways()
        return LaneRecord(
            digest_of(found["digest"].view(np.uint64)),
            found["fills"],
            found["orders"],
            found["equity"],
            found["round_trips"],
            max(fall, 1.0) if found["began_ruined"] else fall,
            trip_details(found["trips"]),
            {REASONS[reason]: count for state, reason, count in endings if state == REJECTED},
            {_ending(state, reason): count for state, reason, count in endings},
            dict(self._at_rest),
        )

    def _ways(self) -> list[tuple[int, int, int]]:
        """Return the states and reasons with which orders have ended, and how many with each."""
        if self._endings is None:
            return []
        ways = np.argwhere(self._endings).tolist()
        counts = [(state, reason, int(self._endings[state, reason])) for state, reason in ways]
        return sorted(counts, key=lambda way: -way[2])


def _ending(state: int, reason: int) -> str:
    """Return in words how an order has ended, or how it stands."""
    why = "" if reason == NO_REASON else f" ({REASONS[reason]})"
    return f"{ORDER_STATES[state]}{why}"


class Tallies:
    """The recorder of an engine in a sweep: it keeps a tally of each lane and writes no tables."""

    writes_tables = False

    def __init__(self, lanes: Sequence[int]) -> None:
        self._tallies = tallies(len(lanes))
        self._places = {lane: place for place, lane in enumerate(lanes)}

    def at(self, lane: int) -> NDArray[Any]:
        """Return the tally of a lane, TALLY[1], for who absorbs its rows in the lane's place."""
        place = self._places[lane]
        return self._tallies[place : place + 1]

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
        LaneTally(self.at(lane)).absorb(fills, orders, trips, ts, equity, cash)

    def of(self, lane: int) -> LaneRecord:
        """Return the tally of a lane so far."""
        return LaneTally(self.at(lane)).facts()

    def close(self) -> None:
        """Do nothing, because there is no file to close."""

    def abort(self) -> None:
        """Do nothing, because there is no file to end."""

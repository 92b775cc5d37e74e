"""Times of Arrow files: timestamps, dates, and times of day beside dates."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipeline.errors import DataError
from pipeline.market.importers.times.clock import Clock
from pipeline.market.importers.times.date_order import Verdict
from pipeline.market.importers.times.form import Order, Place, row_place
from pipeline.market.importers.times.result import (
    EMPTY,
    FINE,
    IMPOSSIBLE,
    Int64Array,
    Times,
    no_faults,
)


class ArrowTimes:
    """Reads timestamps and dates."""

    ordered = False
    """Such a column has no order of day and month."""
    verdict: Verdict = "mdy"
    """Such a column has no question of day and month."""

    def __init__(self, kind: pa.DataType) -> None:
        """DataError, without the place, if a column of ``kind`` has no dates."""
        if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
            raise DataError(f"the time must be a timestamp, date, text or epoch, was {kind}")
        self.timed = pa.types.is_timestamp(kind)
        """Whether the rows have a time of day; False for plain dates."""
        self.zones: tuple[str, ...] = ()
        """The zone of the column, if it has one."""
        self._kind = kind
        self._clock: Clock | None = None
        name = kind.tz if pa.types.is_timestamp(kind) else None
        if name is not None:
            # Of a name that is not known, the instants are.
            self._clock = Clock.find(name) or Clock.fixed(0)
            self.zones = (name,)

    def gather(self, block: pa.Array) -> None:
        """Do nothing: there is no question of day and month."""

    def settle(self, order: Order) -> None:
        """Do nothing: there is no question of day and month."""

    def words(self, place: Place = row_place) -> str:
        """Return the type in words."""
        return f"Arrow {self._kind}"

    def read(self, block: pa.Array) -> Times:
        """Read a block of rows, an Arrow array of the type of the column."""
        fault = no_faults(len(block))
        if block.null_count:
            fault[block.is_null().to_numpy(zero_copy_only=False)] = EMPTY
        if pa.types.is_date(self._kind):
            block = block.cast(pa.timestamp("ms"))
        ns = _in_ns(block, fault)
        if self._clock is None:
            return Times(ns, None, fault)
        wall = self._clock.to_wall(ns)
        if fault.any():
            wall = np.where(fault == FINE, wall, 0)
        return Times(wall, ns, fault)

    def explain(self, value: str | None) -> str:
        """Say in words why the value of a row that was not read is no time."""
        if value is None:
            return "time is empty"
        return f"the time {value!r} is not between 1678 and 2261"


def _in_ns(block: pa.Array, fault: np.ndarray) -> Int64Array:
    """Return timestamps in ns, 0 where there is none; IMPOSSIBLE is set where 64 bits end."""
    unit = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[block.type.unit]
    values = block.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    if unit == 1:
        return values
    limit = (2**63 - 1) // unit
    if len(values) and (values.max() > limit or values.min() < -limit):
        far = np.abs(values) > limit
        fault[far] = IMPOSSIBLE
        values = np.where(far, 0, values)
    return values * unit


def add_time_of_day(dates: Times, column: pa.Array) -> Times:
    """Return the times of dates and a column of times of day beside them, time32 or time64.

    A row without a time of day is `EMPTY`. Dates with an instant are not taken.
    """
    assert dates.utc is None
    since = column.cast(pa.time64("ns")).cast(pa.int64())
    fault = dates.fault.copy()
    fault[(fault == FINE) & column.is_null().to_numpy(zero_copy_only=False)] = EMPTY
    wall = dates.wall + since.fill_null(0).to_numpy(zero_copy_only=False)
    return Times(np.where(fault == FINE, wall, 0), None, fault)

"""Times of all rows of a file at once, or a refusal that names the first row without one.

A stamp is kept as it is written (`wall`, ns since 1970 on the clock of the file). If the file says
which instant that is, by an epoch or a UTC offset, it is also kept as `utc`. Daily bars need the
first, and all other bars the second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.errors import DataError
from pipeline.market.importers.times.clock import Clock
from pipeline.market.importers.times.epochs import EpochTimes
from pipeline.market.importers.times.form import Order
from pipeline.market.importers.times.readers import open_times

Int64Array = npt.NDArray[np.int64]
Where = Callable[[int], str]
"""Returns the place of a row by its index, for messages: "file, line 12"."""


@dataclass(frozen=True, slots=True)
class Stamps:
    """The times of some rows."""

    wall: Int64Array
    """int64[n], the clock times as written, ns since 1970 on that clock."""
    utc: Int64Array | None
    """int64[n], the instants, ns UTC; None if they depend on a zone that the file does not name."""

    def take(self, rows: npt.NDArray[np.intp]) -> Stamps:
        """Return the times of some rows, by index."""
        return Stamps(self.wall[rows], None if self.utc is None else self.utc[rows])


def from_epochs(values: Int64Array, where: Where, zone: ZoneInfo | None) -> Stamps:
    """Read epochs in s, ms, us or ns. Their size shows the unit, for times from 1973 to 2262.

    Raises DataError, naming the row, for an epoch that is in no unit with those before it.
    """
    return _read(pa.array(values), where, None, zone)


def from_utc(utc: Int64Array, zone: ZoneInfo | None) -> Stamps:
    """Make stamps of instants in ns UTC, with dates on the clock of `zone` (without one, UTC)."""
    return Stamps(utc if zone is None else Clock.of(zone).to_wall(utc), utc)


def from_text(
    text: pa.Array, where: Where, date_order: str | None, zone: ZoneInfo | None
) -> Stamps:
    """Read times that are written as text, in the form of most of the first rows.

    `date_order` ("mdy" or "dmy") settles 3/4/2017. Raises DataError, naming the first row that
    cannot be read.
    """
    return _read(text, where, cast("Order | None", date_order), zone)


def _read(rows: pa.Array, where: Where, date_order: Order | None, zone: ZoneInfo | None) -> Stamps:
    try:
        reader = open_times(rows, date_order=date_order)
        times = reader.read(rows)
    except DataError as error:
        raise DataError(f"{where(0)}: {error}") from None
    if times.fault.any():
        row = int(np.argmax(times.unread))
        value = rows[row].as_py()
        raise DataError(f"{where(row)}: {reader.explain(None if value is None else str(value))}")
    if not isinstance(reader, EpochTimes):
        return Stamps(times.wall, times.utc)
    assert times.utc is not None
    return from_utc(times.utc, zone)


def to_utc(stamps: Stamps, zone: ZoneInfo, where: Where) -> Int64Array:
    """Return the instants of stamps, ns UTC. Those that the file does not name are read in `zone`.

    Raises DataError for a time that the zone's clock shows twice or never.
    """
    if stamps.utc is not None:
        return stamps.utc
    clock = Clock.of(zone)
    utc, twice, never = clock.to_utc(stamps.wall)
    wrong = twice | never
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"{where(row)}: {clock.explain(int(stamps.wall[row]))}")
    return utc

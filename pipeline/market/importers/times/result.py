"""What a reader has made of a block of times, and the reasons why a row is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

FINE: Final = 0
EMPTY: Final = 1
UNREADABLE: Final = 2
IMPOSSIBLE: Final = 3
NEGATIVE: Final = 4
OTHER_UNIT: Final = 5
TWICE: Final = 6
NEVER: Final = 7
NO_ZONE: Final = 8

FAULTS: Final = {
    EMPTY: "rows without a time",
    UNREADABLE: "rows whose time is of another form",
    IMPOSSIBLE: "rows whose time does not exist",
    NEGATIVE: "rows whose epoch is negative",
    OTHER_UNIT: "rows whose epoch is in another unit",
    TWICE: "rows whose local time occurs twice",
    NEVER: "rows whose local time never occurs",
    NO_ZONE: "rows whose time zone is not known",
}
"""The reasons in words, as an account counts them."""


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a block of rows. The arrays may be read-only views."""

    wall: Int64Array
    """int64[n], the times as written, ns since 1970 on the clock of the file; 0 for a fault."""
    utc: Int64Array | None
    """int64[n], the instants, ns UTC, 0 for a fault; None if they depend on a zone that the file
    does not name."""
    fault: npt.NDArray[np.uint8]
    """uint8[n], `FINE`, or the reason why a row has no time: a key of `FAULTS`."""

    @property
    def unread(self) -> BoolArray:
        """bool[n], whether a row has no time."""
        return self.fault != FINE

    def counts(self) -> dict[int, int]:
        """Return the number of rows of each fault that there is."""
        faults, counts = np.unique(self.fault[self.unread], return_counts=True)
        return {int(fault): int(count) for fault, count in zip(faults, counts, strict=True)}


def no_faults(rows: int) -> npt.NDArray[np.uint8]:
    """Return uint8[rows] of `FINE`."""
    return np.zeros(rows, dtype=np.uint8)

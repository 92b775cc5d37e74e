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


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a block of rows. The arrays may be read-only views."""

    wall: Int64Array
    """int64[n], the times as written, ns since 1970 on the clock of the file; 0 for a fault."""
    utc: Int64Array | None
    """int64[n], the instants, ns UTC, 0 for a fault; None if they depend on a zone that the file
    does not name."""
    fault: npt.NDArray[np.uint8]
    """uint8[n], `FINE`, or the reason why a row has no time: `EMPTY`, `TWICE` and so on."""

    @property
    def unread(self) -> BoolArray:
        """bool[n], whether a row has no time."""
        return self.fault != FINE


def no_faults(rows: int) -> npt.NDArray[np.uint8]:
    """Return uint8[rows] of `FINE`."""
    return np.zeros(rows, dtype=np.uint8)

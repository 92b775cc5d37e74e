"""The sessions of one calendar, as arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Schedule:
    """Sessions of one calendar over whole days ``first_day`` to ``last_day``, both inclusive.

    Days are counted from 1970-01-01; instants are int64 ns UTC. All arrays have one element per
    session, ascending. ``break_start_ns`` and ``break_end_ns`` are 0 in a session without break.
    ``weekmask`` has a "1" per weekday, Monday first, on which the exchange usually trades.
    """

    code: str
    timezone: str
    weekmask: str
    first_day: int
    last_day: int
    day: npt.NDArray[np.int64]
    open_ns: npt.NDArray[np.int64]
    close_ns: npt.NDArray[np.int64]
    early_close: npt.NDArray[np.bool_]
    break_start_ns: npt.NDArray[np.int64]
    break_end_ns: npt.NDArray[np.int64]

"""The sessions of one calendar, as arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Schedule:
    """Sessions of one calendar over a range of whole days.

    Days are counted from 1970-01-01, and instants are ns UTC. All arrays have one element per
    session, ascending.
    """

    code: str
    """Code of the calendar."""
    timezone: str
    """IANA name of its time zone."""
    weekmask: str
    """Seven characters, Monday first: "1" for a weekday on which the exchange usually trades."""
    first_day: int
    """First day of the range, inclusive."""
    last_day: int
    """Last day of the range, inclusive."""
    day: npt.NDArray[np.int64]
    """Day by which each session is labelled."""
    open_ns: npt.NDArray[np.int64]
    """Open of each session."""
    close_ns: npt.NDArray[np.int64]
    """Close of each session."""
    early_close: npt.NDArray[np.bool_]
    """Whether the exchange closes before its usual time."""
    break_start_ns: npt.NDArray[np.int64]
    """Start of the session's break, 0 without a break."""
    break_end_ns: npt.NDArray[np.int64]
    """End of the session's break, 0 without a break."""

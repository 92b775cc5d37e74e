"""Which part of the week the bars of a series cover, by their times alone.

The manifest keeps it, so that a run of a few days knows what the whole series is: five daily bars
from Monday to Friday do not show that there are bars on Saturdays too.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from pipeline.codes import DAY_NS, interval_ns
from pipeline.market.catalog.day_tally import DayTally

ALL_WEEK: Final = "24/7"
"""Bars on all seven days."""
FX_WEEK: Final = "FX week"
"""Bars around the clock from Sunday evening to Friday, or days from Sunday to Friday."""
WEEKDAYS: Final = "weekdays"
"""Days from Monday to Friday: of an exchange, or of FX."""
EXCHANGE_HOURS: Final = "exchange hours"
"""Bars in some hours of the day, from Monday to Friday."""

_LEAST_DAYS: Final = 7
_MONDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 4, 5, 6


def trading_week(tally: DayTally, interval: str) -> str | None:
    """Return the part of the week that bars cover; None if there are less than 7 days of them.

    ``tally`` has counted the bars.
    """
    weekday = tally.days.weekday
    if len(weekday) < _LEAST_DAYS:
        return None
    share = np.bincount(weekday, minlength=7) / len(weekday)
    if share[_SATURDAY] >= 0.05 and share[_SUNDAY] >= 0.05:
        return ALL_WEEK
    if interval_ns(interval) >= DAY_NS:
        return FX_WEEK if share[_SUNDAY] >= 0.05 else WEEKDAYS
    # Hours with a bar, of the days from Tuesday to Thursday, which no week cuts.
    inner = (tally.hours // 24 + 3) % 7
    inner_hours = np.count_nonzero((inner > _MONDAY) & (inner < _FRIDAY))
    inner_days = np.count_nonzero((weekday > _MONDAY) & (weekday < _FRIDAY))
    return FX_WEEK if inner_hours >= 0.85 * 24 * inner_days > 0 else EXCHANGE_HOURS

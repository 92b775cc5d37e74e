"""The year of a run: by its calendar, and by what its cash earns."""

from datetime import date
from statistics import median_high
from typing import Any

import numpy as np

from pipeline.config.session import SessionConfig
from pipeline.errors import DataError
from pipeline.market.time.calendars import calendar_code
from pipeline.market.time.time_manager import TimeManager
from pipeline.results.year import Year

#: The years of which the usual one is taken: the same for every run, whatever its dates and length.
YEARS = 2005, 2024


def year_of(settings: SessionConfig, manager: TimeManager) -> Year:
    """Return the year of a run, by its time manager and its interest on cash."""
    dates = settings.backtest_config
    try:
        sessions = usual_year(manager, *YEARS)
    except DataError:
        # Some calendars cannot be built for all of these years, but for the run's.
        sessions = usual_year(manager, dates.start_date.year, dates.end_date.year)
    return Year(sessions, settings.trading_config.interest_on_cash)


def year_entries(settings: SessionConfig, year: Year) -> dict[str, Any]:
    """Return the entries of a summary, of a run or a sweep, that say what the year is."""
    return {
        "sessions_per_year": year.sessions,
        "calendar": calendar_code(settings.exchange_group),
        "riskless_rate": year.riskless_rate,
    }


def usual_year(manager: TimeManager, first: int, last: int) -> int:
    """Return the median of the sessions of some calendar years, the higher of two.

    Years that the calendar does not serve are left out. DataError if it cannot be built.
    """
    low, high = manager.bounds
    begin, end = max(low, date(first, 1, 1)), min(high, date(last, 12, 31))
    dates = manager.session_table(begin, end).date_ns
    years = dates.view("M8[ns]").astype("M8[Y]")
    return int(median_high(np.unique(years, return_counts=True)[1]))

"""The year of a run is the calendar's own, whatever the length of the run."""

import pytest

from pipeline import SessionConfig
from pipeline.errors import DataError
from pipeline.market.time.time_manager import TimeManager
from pipeline.runner.terms import time_manager
from pipeline.runner.year import usual_year, year_entries, year_of


def settings(calendar: str, end: str, **trading: float) -> SessionConfig:
    return SessionConfig(
        session_name="year",
        exchange_group=calendar,
        backtest_config={"start_date": "2024-01-02", "end_date": end},
        session_data_config={"symbols": ["A"]},
        catalog="catalog",
        strategy={"name": "pipeline.strategy.examples:SmaCross"},
        trading_config=trading,
    )


@pytest.mark.parametrize("end", ["2024-01-02", "2024-01-21", "2025-12-31"])
@pytest.mark.parametrize(
    ("group", "calendar", "sessions"),
    [("US_EQUITY", "XNYS", 252), ("CRYPTO", "24/7", 365), ("FX", "FX", 260), ("XTKS", "XTKS", 245)],
)
def test_a_year_is_that_of_the_calendar_for_any_length(group, calendar, sessions, end):
    config = settings(group, end, interest_on_cash=0.02)
    year = year_of(config, time_manager(config))
    assert year_entries(config, year) == {
        "sessions_per_year": sessions,
        "calendar": calendar,
        "riskless_rate": 0.02,
    }


def test_a_calendar_that_begins_late_counts_the_years_that_it_has():
    manager = TimeManager("XSAU")
    assert manager.bounds[0].year == 2021
    assert usual_year(manager, 2005, 2024) == 250


def test_a_calendar_that_cannot_be_built_for_the_usual_years_counts_the_runs(monkeypatch):
    asked = []

    def failing(manager, first, last):
        asked.append((first, last))
        if last - first > 5:
            raise DataError("cannot be built")
        return 248

    monkeypatch.setattr("pipeline.runner.year.usual_year", failing)
    config = settings("XTAE", "2025-12-31")
    assert year_of(config, time_manager(config)).sessions == 248
    assert asked == [(2005, 2024), (2024, 2025)]

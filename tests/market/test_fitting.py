"""Which calendar is proposed for bars."""

import numpy as np
import pytest

from pipeline.codes import DAY_NS, HOUR_NS, MINUTE_NS
from pipeline.market.fitting import Misfit, best_fits, better_fit, open_on_holidays
from pipeline.market.time.time_manager import TimeManager

FIRST, LAST = "2024-01-08", "2024-03-28"


def hours_of(group: str, before: int = 0, after: int = 0) -> np.ndarray:
    """Give the hours at which an hour of a session begins, and some before and after each."""
    table = TimeManager(group).session_table(FIRST, LAST)
    spans = zip(table.open_ns.tolist(), table.close_ns.tolist(), strict=True)
    hours = [
        np.arange(begin // HOUR_NS * HOUR_NS - before * HOUR_NS, end + after * HOUR_NS, HOUR_NS)
        for begin, end in spans
    ]
    return np.unique(np.concatenate(hours))


@pytest.mark.parametrize("group", ["US_EQUITY", "FX", "CRYPTO", "CME", "XTKS"])
def test_bars_of_a_calendars_sessions_are_given_that_calendar(group: str):
    fit = best_fits(hours_of(group), HOUR_NS)[0]
    assert fit.group == group
    assert fit.share > 0.99


def test_bars_of_extended_hours_fit_their_exchange():
    fit = best_fits(hours_of("US_EQUITY", before=5, after=4), HOUR_NS)[0]
    assert (fit.group, fit.share) == ("US_EQUITY", 1.0)
    assert fit.inside < 0.5


def days(*weekdays: int) -> np.ndarray:
    every = np.arange(np.datetime64(FIRST), np.datetime64(LAST)).astype("M8[ns]").astype(np.int64)
    return every[np.isin((every // DAY_NS + 3) % 7, weekdays)]


def test_days_from_sunday_to_friday_are_those_of_fx_and_days_of_all_the_week_those_of_crypto():
    broker, all_week = (best_fits(days(*of), DAY_NS) for of in ((6, 0, 1, 2, 3, 4), range(7)))
    assert (broker[0].group, all_week[0].group) == ("FX", "CRYPTO")


def dates_of(group: str, first: str, last: str) -> np.ndarray:
    return TimeManager(group).session_table(first, last).date_ns


@pytest.mark.parametrize(
    ("of", "first", "last", "fits"),
    [
        ("CME", "2024-01-01", "2024-12-31", ["CME"]),
        ("FX", "2024-01-01", "2024-12-31", ["FX"]),
        ("CME", "2024-04-01", "2024-12-31", ["FX", "CME"]),  # Good Friday alone tells them apart
    ],
)
def test_days_are_of_the_calendar_without_further_sessions(
    of: str, first: str, last: str, fits: list[str]
):
    """The days of an index that also has a value on some holidays are not those of FX."""
    found = best_fits(dates_of(of, first, last), DAY_NS)
    assert [fit.group for fit in found] == fits
    own = Misfit(0.03, 0.0, 252)
    assert open_on_holidays("XNYS", own, found) == ("CME" if "CME" in fits else None)
    assert open_on_holidays("XLON", own, found) is None
    assert open_on_holidays("XNYS", Misfit(0.03, 0.01, 252), found) is None


def test_a_brokers_sundays_are_no_holidays():
    own = Misfit(0.16, 0.0, 56)
    assert open_on_holidays("XNYS", own, best_fits(days(6, 0, 1, 2, 3, 4), DAY_NS)) is None


def hours_at(day: str, *hours: int) -> list[int]:
    return [int(np.datetime64(f"{day}T{hour:02}", "ns").astype(np.int64)) for hour in hours]


def test_sessions_beside_most_bars_fit_no_better():
    """A future that is traded now and then at night, over many sessions without a bar."""
    ts = np.array(
        hours_at("2024-02-05", 3, 15)
        + [at for day in (12, 20, 28) for at in hours_at(f"2024-02-{day}", 11)]
    )
    found = better_fit(ts, HOUR_NS, Misfit(0.0, 14 / 18, 18))
    assert found is None
    assert better_fit(hours_of("FX"), HOUR_NS, Misfit(0.0, 0.15, 80)).group == "FX"


def test_holes_that_both_calendars_have_hide_no_better_one():
    """FX with the sessions of CME, without two weeks: most of what does not fit is the hole."""
    ts = hours_of("FX")
    ts = ts[(ts < hours_at("2024-02-05", 0)[0]) | (ts >= hours_at("2024-02-16", 0)[0])]
    assert better_fit(ts, HOUR_NS, Misfit(0.06, 0.17, 58)).group == "FX"
    assert better_fit(ts, HOUR_NS, Misfit(0.0, 0.17, 58)) is None


def test_nothing_is_proposed_for_bars_that_no_calendar_has():
    # Mars: a day of 24 h 39 min, eight hours of each.
    sols = np.datetime64(FIRST).astype("M8[ns]").astype(np.int64) + np.arange(70) * 1479 * MINUTE_NS
    hours = np.concatenate([sols + hour * HOUR_NS for hour in range(8)])
    assert best_fits(np.sort(hours), HOUR_NS)[0].group == "CRYPTO"
    old = np.array([np.datetime64("1850-01-02", "ns").astype(np.int64)])
    assert best_fits(old, DAY_NS) == []

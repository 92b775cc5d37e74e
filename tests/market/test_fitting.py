"""Which calendar is proposed for bars, and by how much bars are shifted against one."""

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pipeline.codes import DAY_NS, HOUR_NS, MINUTE_NS
from pipeline.market.fitting import (
    Misfit,
    Shift,
    best_fits,
    better_fit,
    open_on_holidays,
    shifts_of,
)
from pipeline.market.survey import survey
from pipeline.market.time.time_manager import TimeManager
from tests.market.real_bars import load
from tests.reference.market import random_walk

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


# --- shifts --------------------------------------------------------------------------------------


def shifts(group: str, interval: int, ts: np.ndarray) -> list[Shift]:
    manager = TimeManager(group)
    first, last = (str(np.datetime64(int(at), "ns").astype("M8[D]")) for at in (ts[0], ts[-1]))
    table = manager.session_table(first, last)
    blocks = random_walk(ts, 0).blocks(1000)
    found = survey(blocks, interval, table, (-(2**62), 2**62), ZoneInfo(manager.timezone))

    def ahead() -> np.ndarray:
        changes = np.array(manager.utc_offsets(table))
        return changes[np.searchsorted(changes[:, 0], table.open_ns, side="right") - 1, 1]

    return shifts_of(found, interval, table, ahead)


def minutes_of(group: str, step: int = 5, late: int = 0, over: int = 0) -> np.ndarray:
    """Give the opens of bars of ``step`` minutes, without those of ``late`` minutes after the open.

    ``over``: so many minutes after the close have bars as well.
    """
    table = TimeManager(group).session_table(FIRST, LAST)
    spans = zip(table.open_ns.tolist(), table.close_ns.tolist(), strict=True)
    return np.concatenate(
        [
            np.arange(begin + late * MINUTE_NS, end + over * MINUTE_NS, step * MINUTE_NS)
            for begin, end in spans
        ]
    )


@pytest.mark.parametrize("by", [-120, -60, -30, -5, 5, 30, 60, 120])
@pytest.mark.parametrize("group", ["US_EQUITY", "XETR", "XTKS"])
def test_bars_that_are_moved_are_shifted_in_all_sessions(group: str, by: int):
    ts = minutes_of(group) + by * MINUTE_NS
    found = shifts(group, 5 * MINUTE_NS, ts)
    assert [one.by for one in found] == [by * MINUTE_NS]
    assert found[0].sessions == len(TimeManager(group).session_table(FIRST, LAST))


@pytest.mark.parametrize(
    ("late", "over"),
    [
        (0, 0),
        (0, 5),  # auctions
        (0, 240),  # trade goes on after the close
        (-330, 240),  # extended hours
        (-330, 0),
        (60, 0),  # without the first hour
        (10, 5),  # a seldom traded symbol with auctions
        (90, 240),
    ],
)
def test_bars_that_begin_late_or_end_late_for_other_reasons_are_not_shifted(late: int, over: int):
    assert shifts("US_EQUITY", 5 * MINUTE_NS, minutes_of("US_EQUITY", 5, late, over)) == []


def test_a_shift_has_room_for_bars_that_were_not_traded_and_for_auctions():
    """An hour late, the first ten minutes without trade, and an auction five minutes long."""
    ts = minutes_of("US_EQUITY", 5, 10, 5) + HOUR_NS
    assert [one.by for one in shifts("US_EQUITY", 5 * MINUTE_NS, ts)] == [HOUR_NS]


def test_a_clock_without_summer_time_shifts_the_sessions_of_summer():
    """From 11 March on the clock of New York is ahead of the fixed one."""
    ts = minutes_of("US_EQUITY")
    summer = ts >= hours_at("2024-03-10", 0)[0]
    found = shifts("US_EQUITY", 5 * MINUTE_NS, ts + summer * HOUR_NS)
    assert found == [Shift(HOUR_NS, 14)]
    both = shifts("US_EQUITY", 5 * MINUTE_NS, ts + HOUR_NS + summer * HOUR_NS)
    assert [one.by for one in both] == [HOUR_NS, 2 * HOUR_NS]


def test_a_single_session_is_shifted_only_if_half_of_its_bars_are_there():
    ts = minutes_of("US_EQUITY") + HOUR_NS
    day = ts[ts < hours_at("2024-01-09", 0)[0]]
    assert shifts("US_EQUITY", 5 * MINUTE_NS, day) == [Shift(HOUR_NS, 1)]
    assert shifts("US_EQUITY", 5 * MINUTE_NS, day[[0, 10, 20, -1]]) == []


@pytest.mark.parametrize("group", ["FX", "CME", "CRYPTO"])
def test_sessions_around_the_clock_have_no_shift(group: str):
    assert shifts(group, HOUR_NS, hours_of(group) + HOUR_NS) == []


@pytest.mark.parametrize(
    ("name", "symbol", "interval"),
    [
        ("lean_us_equity_1h", "SPY", HOUR_NS),
        ("lean_us_equity_1m_trades", "AIG", MINUTE_NS),
        ("lean_us_equity_1m_trades", "BAC", MINUTE_NS),
        ("pyalgotrade_spy_1m_2011", "SPY", MINUTE_NS),
        ("mplfinance_spx_1m_2019", "SPX", MINUTE_NS),
        ("lean_index_1m", "SPX", MINUTE_NS),
    ],
)
def test_real_bars_are_shifted_only_if_they_are_moved(
    shared_data: Path, name: str, symbol: str, interval: int
):
    """Bars of extended hours, which reach over both ends anyway, show no shift even then."""
    ts = np.unique(load(shared_data, name, symbol)[0])
    assert shifts("US_EQUITY", interval, ts) == []
    extended = name in ("lean_us_equity_1m_trades", "pyalgotrade_spy_1m_2011")
    moved = [one.by for one in shifts("US_EQUITY", interval, ts + HOUR_NS)]
    assert moved == ([] if extended else [HOUR_NS])

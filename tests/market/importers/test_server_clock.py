"""The clock of a broker's server is found by the weeks of currencies and metals."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipeline.codes import DAY_NS
from pipeline.market.importers.layouts.server_clock import CLOCKS, server_clock
from pipeline.market.importers.stamps import from_utc
from pipeline.market.time.time_manager import zone

MINUTE, HOUR = 60 * 10**9, 3600 * 10**9


def open_times(first, last, step, hour=17):
    """The opens of bars from a date to another, in UTC, where the week begins at `hour`."""
    edges = (np.datetime64(edge, "ns").astype(np.int64) for edge in (first, last))
    utc = np.arange(*edges, step)
    wall = from_utc(utc, zone("America/New_York")).wall
    weekday, time = (wall // DAY_NS + 3) % 7, wall % DAY_NS
    shut = (weekday == 5) | ((weekday == 4) & (time >= 17 * HOUR))
    return utc[~(shut | ((weekday == 6) & (time < hour * HOUR)))]


def on(clock, utc):
    return from_utc(utc, clock.zone).wall + clock.ahead


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: clock.name)
@pytest.mark.parametrize(
    ("symbol", "hour"), [("EURUSD", 17), ("XAUUSD", 17), ("XAUUSD", 18), ("US500", 18)]
)
def test_two_years_show_the_clock(clock, symbol, hour):
    utc = open_times("2022-01-01", "2024-01-01", HOUR, hour)
    assert server_clock(symbol, on(clock, utc)).name == clock.name


def test_weeks_that_begin_at_the_midnight_of_a_server_do_not_mislead():
    athens = CLOCKS[0]
    wall = on(athens, open_times("2022-01-01", "2024-01-01", HOUR))
    sundays = (wall // DAY_NS + 3) % 7 == 6
    assert sundays.any()
    assert server_clock("EURUSD", wall[~sundays]) is athens


@pytest.mark.parametrize("symbol", ["AUDUSD", "GBPUSD", "USDCAD", "USDCHF", "USDJPY"])
def test_ten_real_years_of_a_broker_show_athens(shared_data, symbol):
    table = pq.read_table(shared_data / "open/ejtrader_fx_1h.parquet")
    table = table.filter(pc.equal(table["symbol"], symbol))
    utc = table["timestamp"].cast(pa.int64()).to_numpy()
    assert server_clock(symbol, on(CLOCKS[0], utc)) is CLOCKS[0]


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: clock.name)
def test_one_weekend_between_the_clock_changes_shows_the_clock_of_a_pair(clock):
    utc = open_times("2024-03-14", "2024-03-20", MINUTE)
    found = server_clock("EURUSD.raw", on(clock, utc))
    assert (on(found, utc) == on(clock, utc)).all()


def test_where_clocks_agree_the_first_is_taken():
    athens, close = CLOCKS[:2]
    utc = open_times("2024-01-08", "2024-02-20", HOUR)
    assert server_clock("EURUSD", on(close, utc)) is athens


@pytest.mark.parametrize(
    ("symbol", "utc"),
    [
        ("EURUSD", open_times("2024-03-05", "2024-03-07", MINUTE)),  # no weekend
        ("BTCUSD", np.arange(0, 30 * DAY_NS, HOUR) + 19_700 * DAY_NS),  # no weekends at all
        ("EURUSD", open_times("2022-01-01", "2024-01-01", 4 * HOUR)),  # too long bars
        ("EURUSD", open_times("2024-03-07", "2024-03-13", MINUTE)),  # or Athens, from its midnight
    ],
)
def test_too_little_shows_no_clock(symbol, utc):
    assert server_clock(symbol, on(CLOCKS[1], utc)) is None

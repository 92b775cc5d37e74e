"""The clock of a broker's server is found by the weeks of currencies and metals."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipeline.codes import DAY_NS
from pipeline.market.importers.steps import Steps
from pipeline.market.importers.times.clock import Clock
from pipeline.market.importers.times.server_clock import CLOCKS, server_clock

MINUTE, HOUR = 60 * 10**9, 3600 * 10**9


def open_times(first, last, step, hour=17):
    """The opens of bars from a date to another, in UTC, where the week begins at `hour`."""
    edges = (np.datetime64(edge, "ns").astype(np.int64) for edge in (first, last))
    utc = np.arange(*edges, step)
    wall = Clock.parse("America/New_York").to_wall(utc)
    weekday, time = (wall // DAY_NS + 3) % 7, wall % DAY_NS
    shut = (weekday == 5) | ((weekday == 4) & (time >= 17 * HOUR))
    return utc[~(shut | ((weekday == 6) & (time < hour * HOUR)))]


def on(clock, utc):
    return Clock.parse(clock).to_wall(utc)


def found(symbol, wall):
    """The name of the clock that is found by the times of bars; None if none is."""
    steps = Steps()
    steps.add(np.sort(wall))
    around = np.array(steps.around_gaps, np.int64).reshape(-1, 2)
    step = int(np.median(np.diff(np.sort(wall))))
    clock = server_clock(symbol, around[:, 0], around[:, 1], step)
    return clock and clock.clock.name


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize(
    ("symbol", "hour"), [("EURUSD", 17), ("XAUUSD", 17), ("XAUUSD", 18), ("US500", 18)]
)
def test_two_years_show_the_clock(clock, symbol, hour):
    utc = open_times("2022-01-01", "2024-01-01", HOUR, hour)
    assert found(symbol, on(clock, utc)) == clock


def test_weeks_that_begin_at_the_midnight_of_a_server_do_not_mislead():
    athens = CLOCKS[0]
    wall = on(athens, open_times("2022-01-01", "2024-01-01", HOUR))
    sundays = (wall // DAY_NS + 3) % 7 == 6
    assert sundays.any()
    assert found("EURUSD", wall[~sundays]) == athens


@pytest.mark.parametrize("symbol", ["AUDUSD", "GBPUSD", "USDCAD", "USDCHF", "USDJPY"])
def test_ten_real_years_of_a_broker_show_athens(shared_data, symbol):
    table = pq.read_table(shared_data / "open/ejtrader_fx_1h.parquet")
    table = table.filter(pc.equal(table["symbol"], symbol))
    utc = table["timestamp"].cast(pa.int64()).to_numpy()
    assert found(symbol, on(CLOCKS[0], utc)) == CLOCKS[0]


@pytest.mark.parametrize("clock", CLOCKS)
def test_one_weekend_between_the_clock_changes_shows_the_clock_of_a_pair(clock):
    utc = open_times("2024-03-14", "2024-03-20", MINUTE)
    name = found("EURUSD.raw", on(clock, utc))
    assert (on(name, utc) == on(clock, utc)).all()


def test_where_clocks_agree_the_first_is_taken():
    athens, close = CLOCKS[:2]
    utc = open_times("2024-01-08", "2024-02-20", HOUR)
    assert found("EURUSD", on(close, utc)) == athens


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
    assert found(symbol, on(CLOCKS[1], utc)) is None

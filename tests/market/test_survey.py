"""What a survey counts: the same bars in the same sessions as the tape has, and the others."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import DAY_NS, HOUR_NS, MINUTE_NS, interval_ns
from pipeline.market.bars import assign_sessions
from pipeline.market.survey import Survey, edges, survey
from pipeline.market.time.time_manager import SessionTable, TimeManager
from tests.reference.market import Market, random_walk, session_table
from tests.strategies import MINUTE, START, daily_markets, markets

UTC = ZoneInfo("UTC")
ALWAYS = (-(2**62), 2**62)


@given(st.one_of(markets(most_symbols=1), daily_markets()), st.integers(1, 9))
def test_it_finds_each_bar_where_the_tape_puts_it(market: Market, group_rows: int):
    bars, interval, table = market.bars["A"], interval_ns(market.streams[0]), market.sessions
    session, close = np.empty(len(bars.ts), np.int64), np.empty(len(bars.ts), np.int64)
    assign_sessions(bars.ts, interval, table.open_ns, table.close_ns, table.date_ns, session, close)
    found = survey(bars.blocks(group_rows), interval, table, ALWAYS, UTC)
    assert found.inside.tolist() == [int((session == at).sum()) for at in range(len(table))]
    assert found.outside == int((session < 0).sum())
    # Only bars of the range count as outside.
    half = len(bars.ts) // 2
    span = (ALWAYS[0], int(bars.ts[half]) if half else 0)
    part = survey(bars.blocks(group_rows), interval, table, span, UTC)
    assert part.outside == int((session[:half] < 0).sum())


def july(group: str) -> SessionTable:
    return TimeManager(group).session_table("2024-06-28", "2024-07-12")


def surveyed(group: str, interval: int, *times: str) -> Survey:
    manager, table = TimeManager(group), july(group)
    ts = np.array([np.datetime64(time, "ns") for time in times]).astype(np.int64)
    blocks = random_walk(ts, 0).blocks(2)
    return survey(blocks, interval, table, ALWAYS, ZoneInfo(manager.timezone))


@pytest.mark.parametrize(
    ("time", "beside"),
    [
        ("2024-07-02T08:00", True),  # 4:00 in New York, the first minute of extended hours
        ("2024-07-02T23:59", True),  # 19:59, the last
        ("2024-07-03T23:59", True),  # 19:59, although the exchange closed at 13:00
        ("2024-07-02T03:00", False),  # 23:00 at night
        ("2024-07-02T07:00", False),  # 3:00 at night
        ("2024-07-04T15:00", False),  # a holiday
        ("2024-07-06T15:00", False),  # a Saturday
    ],
)
def test_extended_hours_are_beside_a_session_and_nights_and_holidays_apart(time: str, beside: bool):
    found = surveyed("US_EQUITY", MINUTE_NS, time)
    assert (found.beside, found.apart) == ((1, 0) if beside else (0, 1))


@pytest.mark.parametrize(
    ("group", "date", "beside", "apart"),
    [
        ("FX", "2024-07-05", 0, 0),
        ("FX", "2024-07-06", 0, 1),  # Saturday
        ("FX", "2024-07-07", 1, 0),  # Sunday, in whose evening Monday's session opens
        ("CME", "2024-07-07", 1, 0),
        ("US_EQUITY", "2024-07-07", 0, 1),
        ("US_EQUITY", "2024-07-04", 0, 1),
    ],
)
def test_a_daily_bar_of_an_evening_on_which_a_session_opens_is_beside_it(
    group: str, date: str, beside: int, apart: int
):
    found = surveyed(group, DAY_NS, date)
    assert (found.beside, found.apart) == (beside, apart)
    assert found.inside.sum() == 1 - beside - apart


def test_bars_that_open_at_a_close_are_counted():
    found = surveyed("US_EQUITY", MINUTE_NS, "2024-07-02T19:59", "2024-07-02T20:00")
    assert (found.inside.sum(), found.beside) == (1, 1)
    assert np.flatnonzero(found.at_close).tolist() == [2]  # 28 June and 1 July are before it
    assert not surveyed("US_EQUITY", HOUR_NS, "2024-07-02T19:00").at_close.any()


@pytest.mark.parametrize(
    ("interval", "times", "expected"),
    [
        (MINUTE_NS, ("13:30", "19:59"), (0, 0)),
        (MINUTE_NS, ("13:30", "20:00"), (0, 1)),  # an auction
        (MINUTE_NS, ("14:30", "20:59"), (60, 60)),
        (MINUTE_NS, ("08:00", "23:59"), (-330, 240)),
        (MINUTE_NS, ("13:35", "13:36"), (5, -383)),
        (MINUTE_NS, ("08:00",), (-330, -719)),  # the only bar of the day is before the open
        (HOUR_NS, ("13:00", "19:00"), (0, 0)),  # hours of the clock
        (HOUR_NS, ("14:00", "20:00"), (1, 1)),
        (HOUR_NS, ("13:30", "19:30"), (0, 0)),  # hours from the open
        (HOUR_NS, ("14:30", "20:30"), (1, 1)),
    ],
)
def test_edges_say_by_how_many_bars_those_of_a_session_begin_and_end_late(
    interval: int, times: tuple[str, ...], expected: tuple[int, int]
):
    found = surveyed("US_EQUITY", interval, *(f"2024-07-02T{time}" for time in times))
    where = edges(found, interval, july("US_EQUITY"))
    assert np.flatnonzero(where.known).tolist() == [2]
    assert (where.late[2], where.over[2]) == expected
    assert where.late.sum() == where.late[2]


def test_a_bar_between_two_sessions_is_of_the_nearer_one():
    hours = [(START, START + 60 * MINUTE), (START + 160 * MINUTE, START + 200 * MINUTE)]
    ts = START + np.array([109, 110]) * MINUTE
    found = survey(random_walk(ts, 0).blocks(1), MINUTE, session_table(hours), ALWAYS, UTC)
    where = edges(found, MINUTE, session_table(hours))
    assert (where.over[0], where.late[1]) == (50, -50)


def test_the_survey_of_some_sessions_has_what_is_theirs():
    found = surveyed("US_EQUITY", MINUTE_NS, "2024-07-01T14:00", "2024-07-02T20:00")
    only = np.arange(len(found.inside)) == 2
    part = found.of(only)
    assert (part.inside.tolist(), part.at_close.tolist()) == ([0], [True])
    assert part.first.tolist() == part.last.tolist() == [found.first[2]]

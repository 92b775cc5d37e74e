"""Instants of an exchange's clocks: the days and times of its zone in UTC."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pipeline.market.time import calendars
from pipeline.market.time.time_manager import TimeManager


def test_times_of_the_exchanges_clocks_follow_its_daylight_saving():
    manager = TimeManager("US_EQUITY")
    table = manager.session_table("2024-03-08", "2024-03-11")
    found = manager.local_times(table, dt.time(9, 45)).astype("datetime64[ns]").astype(str).tolist()
    assert found == ["2024-03-08T14:45:00.000000000", "2024-03-11T13:45:00.000000000"]


@pytest.mark.parametrize("name", ["America/New_York", "America/Sao_Paulo", "Asia/Tokyo", "UTC"])
def test_the_midnight_of_one_day_is_that_of_many(name: str):
    days = np.arange(17_000, 18_000)  # Brazil's clocks leave out a midnight every October
    one_by_one = [calendars.local_midnight(int(day), ZoneInfo(name)) for day in days]
    assert calendars.local_instants(days, 0, name).tolist() == one_by_one


def test_dates_begin_and_end_at_midnights_of_the_exchange():
    span = TimeManager("US_EQUITY").instants("2024-03-08", "2024-03-10")
    expected = np.array(["2024-03-08T05:00", "2024-03-11T04:00"], "M8[ns]").astype(np.int64)
    assert span == tuple(expected.tolist())

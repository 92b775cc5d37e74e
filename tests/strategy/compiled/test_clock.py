"""The exchange's clock, against Python's own."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import MINUTE, Strategy
from pipeline.codes import DAY_NS
from pipeline.lane.spec import Terms
from pipeline.market.time.offsets import offsets_between
from pipeline.strategy.compiled.clock import ahead_of_utc, local_time
from tests.reference.in_process import Setup, run_in_process
from tests.reference.market import Market, random_walk, session_table

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@given(st.integers(-9_200_000_000, 9_200_000_000))
def test_a_moment_is_shown_as_python_shows_it(seconds: int):
    when = EPOCH + dt.timedelta(seconds=seconds)
    found = local_time(1_000_000_000 * seconds)
    assert found.date == int(f"{when:%Y%m%d}")
    assert found[1:4] == (when.year, when.month, when.day)
    assert found[4:] == (when.weekday(), when.hour, when.minute, when.second)


@given(
    st.sampled_from(["America/New_York", "Europe/London", "Australia/Lord_Howe", "UTC"]),
    st.integers(1_559_347_200, 1_780_272_000),
)
def test_offsets_are_those_of_the_zone(name: str, seconds: int):
    pairs = np.array(_offsets(name), np.int64)
    when = (EPOCH + dt.timedelta(seconds=seconds)).astimezone(ZoneInfo(name))
    offset = when.utcoffset()
    assert offset is not None
    found = ahead_of_utc(pairs.ctypes.data, len(pairs), 1_000_000_000 * seconds)
    assert found == 1_000_000_000 * offset.total_seconds()


def _offsets(name: str) -> tuple[tuple[int, int], ...]:
    days = ((dt.date(year, 6, 1) - EPOCH.date()).days for year in (2019, 2026))
    return offsets_between(ZoneInfo(name), *days)


def test_changes_are_found_to_the_second():
    new_york = [when for when, _ in _offsets("America/New_York")]
    shown = [str(np.datetime64(when, "ns").astype("M8[s]")) for when in new_york]
    assert shown[:3] == ["2019-06-01T00:00:00", "2019-11-03T06:00:00", "2020-03-08T07:00:00"]
    assert _offsets("UTC") == (((dt.date(2019, 6, 1) - EPOCH.date()).days * DAY_NS, 0),)


class Teller(Strategy):
    """Orders what the exchange's clock shows: hour and minute, and the date with the weekday."""

    def on_bar(self, bar, ctx):
        time = ctx.time
        ctx.market(0, 1.0 + 100.0 * time.hour + time.minute)
        ctx.market(0, 10.0 * time.date + time.weekday)


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_strategies_tell_the_time_on_both_sides_of_a_change(mode: str):
    """At 06:00 UTC of 3 November 2024 New York's clock goes from 02:00 back to 01:00."""
    start = int(np.datetime64("2024-11-03T05:58", "ns").astype(np.int64))
    ts = start + MINUTE * np.arange(4, dtype=np.int64)
    market = Market({"A": random_walk(ts, 1)}, session_table([(start, start + DAY_NS)]), ("1m",))
    hour = 3_600_000_000_000
    terms = Terms(1e6, zone=((0, -4 * hour), (start + 2 * MINUTE, -5 * hour)))
    (found,), _ = run_in_process(market, [Teller()], Setup(mode=mode), terms)
    quantities = [order[3] for order in found.orders]
    # A bar's hook is called at its close.
    assert quantities[0::2] == [160.0, 101.0, 102.0, 103.0]
    assert set(quantities[1::2]) == {202411036.0}

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import HOUR_NS
from pipeline.errors import ConfigError
from pipeline.market.importers.times.clock import Clock
from tests.market.importers.times.written import moments, ns

ZONES = (
    "America/New_York",
    "Europe/Athens",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
)
SECONDS = moments(1975, 2035).map(lambda when: when.replace(microsecond=0))


def walls(*whens: dt.datetime) -> np.ndarray:
    return np.array([ns(when) for when in whens], dtype=np.int64)


@given(
    zone=st.sampled_from(ZONES),
    hours=st.integers(-9, 9),
    whens=st.lists(SECONDS, min_size=1, max_size=20),
)
def test_a_clock_shows_what_zoneinfo_says(zone: str, hours: int, whens: list[dt.datetime]) -> None:
    """Oracle: a local time is unique and exists if both folds give one offset."""
    clock = Clock.parse(f"{zone}{hours:+}h" if hours else zone)
    instants = clock.to_utc(walls(*whens))
    for row, when in enumerate(whens):
        local = when - dt.timedelta(hours=hours)
        early, late = (local.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
        back = early.astimezone(dt.UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        differ = early.utcoffset() != late.utcoffset()
        assert instants.never[row] == (differ and back != local)
        assert instants.twice[row] == (differ and back == local)
        if not differ:
            assert instants.utc[row] == ns(early.astimezone(dt.UTC).replace(tzinfo=None))
    fine = ~(instants.twice | instants.never)
    assert clock.to_wall(instants.utc[fine]).tolist() == walls(*whens)[fine].tolist()


@pytest.mark.parametrize(
    ("text", "name", "hours"),
    [
        ("UTC", "UTC", 0),
        ("Z", "UTC", 0),
        ("Etc/UTC", "UTC", 0),
        ("EST", "EST", -5),
        ("MST", "MST", -7),
        ("HST", "HST", -10),
        ("Etc/GMT+5", "Etc/GMT+5", -5),
        ("GMT+2", "UTC+02:00", 2),
        ("UTC+8", "UTC+08:00", 8),
        ("GMT+0100", "UTC+01:00", 1),
        ("-05:30", "UTC-05:30", -5.5),
        ("+00:00", "UTC", 0),
    ],
)
def test_fixed_clocks_are_fixed_all_year(text: str, name: str, hours: float) -> None:
    clock = Clock.parse(text)
    assert clock.name == str(clock) == name
    both = walls(dt.datetime(1967, 7, 1), dt.datetime(2024, 1, 1))  # noqa: DTZ001
    assert ((clock.to_wall(both) - both) == hours * HOUR_NS).all()
    assert Clock.parse(clock.name) == clock


def test_the_new_york_close_clock_differs_from_athens_between_the_clock_changes() -> None:
    new_york, athens = Clock.parse("America/New_York+7h"), Clock.parse("Europe/Athens")
    days = walls(*(dt.datetime(2024, 3, day, 12) for day in (1, 15, 31)))  # noqa: DTZ001
    ahead = (new_york.to_wall(days) - athens.to_wall(days)) // HOUR_NS
    assert ahead.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("America/NewYork", "did you mean America/New_York\\?$"),
        ("New York", "did you mean America/New_York\\?$"),
        ("NY", "did you mean America/New_York\\?$"),
        ("Europe/Athen", "did you mean Europe/Athens"),
        ("europe/athens", "did you mean Europe/Athens"),
        ("Local", "was 'Local'$"),
        ("localtime", "was 'localtime'$"),
        ("posixrules", "was 'posixrules'"),
        ("Factory", "was 'Factory'"),
        ("posix/Asia/Tokyo", "was 'posix/Asia/Tokyo'; did you mean Asia/Tokyo"),
        ("localtime+3h", "was"),
        ("CST", "CST is the name of several time zones; .* America/Chicago or Asia/Shanghai"),
        ("UTC+25", "was 'UTC\\+25'"),
        ("UTC+05:75", "was"),
        ("America/New_York+99h", "was"),
        ("", "was ''"),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest_names(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Clock.parse(text)
    assert Clock.find(text) is None


@pytest.mark.parametrize(
    ("when", "how"),
    [(dt.datetime(2024, 11, 3, 1, 30), "twice"), (dt.datetime(2024, 3, 10, 2), "never")],  # noqa: DTZ001
)
def test_a_time_that_is_no_single_instant_is_explained(when: dt.datetime, how: str) -> None:
    assert Clock.parse("America/New_York").explain(ns(when)) == (
        f"local time {when.isoformat()} occurs {how} in America/New_York (clock change); "
        "the times need a UTC offset or another time zone"
    )


def test_no_times_are_no_instants() -> None:
    none = np.empty(0, dtype=np.int64)
    for name in ("UTC", "America/New_York"):
        assert len(Clock.parse(name).to_utc(none).utc) == 0
        assert len(Clock.parse(name).to_wall(none)) == 0


def test_the_first_and_last_years_that_64_bits_hold() -> None:
    clock = Clock.parse("America/New_York")
    edges = walls(dt.datetime(1678, 1, 1), dt.datetime(2261, 12, 31))  # noqa: DTZ001
    assert clock.to_wall(clock.to_utc(edges).utc).tolist() == edges.tolist()


def test_the_clock_of_a_zone() -> None:
    assert Clock.of(ZoneInfo("Europe/Athens")) == Clock.parse("Europe/Athens")
    assert Clock.of(ZoneInfo("UTC")) == Clock.parse("UTC")

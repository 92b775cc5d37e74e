import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market.importers.stamps import Stamps, from_utc, to_utc

SECOND = 1_000_000_000
ZONES = [
    "America/New_York",
    "Europe/Athens",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
]


def place(row):
    return f"row {row}"


def nanoseconds(moment):
    return int(moment.replace(tzinfo=dt.UTC).timestamp()) * SECOND


def clock(text):
    """A reading of a clock: a datetime without a zone."""
    return dt.datetime.fromisoformat(text)


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    moments=st.lists(
        st.datetimes(clock("1975-01-01"), clock("2035-01-01")).map(
            lambda moment: moment.replace(microsecond=0)
        ),
        min_size=1,
        max_size=20,
    ),
)
def test_local_times_become_what_zoneinfo_says_or_are_refused(zone, moments):
    """Oracle: a local time is unique and exists if both folds give one offset that leads back."""
    clean = []
    for moment in moments:
        early, late = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        stamps = Stamps(np.array([nanoseconds(moment)]), None)
        if early.utcoffset() != late.utcoffset():
            with pytest.raises(DataError, match=r"row 0: local time .* occurs (twice|never)"):
                to_utc(stamps, zone, place)
        else:
            clean.append((moment, early.astimezone(dt.UTC).replace(tzinfo=None)))
    wall = np.array([nanoseconds(moment) for moment, _ in clean], dtype=np.int64)
    expected = [nanoseconds(utc) for _, utc in clean]
    assert to_utc(Stamps(wall, None), zone, place).tolist() == expected
    back = from_utc(np.array(expected, dtype=np.int64), zone)
    assert back.wall.tolist() == wall.tolist()


@pytest.mark.parametrize(
    ("zone", "moment", "how"),
    [
        ("America/New_York", clock("2024-11-03T01:00:00"), "twice"),
        ("America/New_York", clock("2024-11-03T01:59:59"), "twice"),
        ("America/New_York", clock("2024-03-10T02:00:00"), "never"),
        ("Europe/Athens", clock("2024-10-27T03:30:00"), "twice"),
        ("Australia/Lord_Howe", clock("2024-10-06T02:15:00"), "never"),
    ],
)
def test_the_edges_of_clock_changes_are_told(zone, moment, how):
    stamps = Stamps(np.array([nanoseconds(moment)]), None)
    with pytest.raises(DataError, match=f"occurs {how} in {zone}"):
        to_utc(stamps, ZoneInfo(zone), place)


@pytest.mark.parametrize("moment", [clock("2024-11-03T00:59:59"), clock("2024-11-03T02:00:00")])
def test_the_seconds_beside_a_clock_change_are_read(moment):
    stamps = Stamps(np.array([nanoseconds(moment)]), None)
    utc = to_utc(stamps, ZoneInfo("America/New_York"), place)
    expected = moment.replace(tzinfo=ZoneInfo("America/New_York")).astimezone(dt.UTC)
    assert utc[0] == nanoseconds(expected.replace(tzinfo=None))

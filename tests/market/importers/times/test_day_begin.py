from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import DAY_NS
from pipeline.market.importers.times.clock import Clock
from pipeline.market.importers.times.day_begin import RULES, DayRule, find_day_begins


def instants(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="M8[ns]").astype(np.int64)


def dates(ns: np.ndarray) -> list[str]:
    return ns.astype("M8[ns]").astype("M8[D]").astype(str).tolist()


@given(rule=st.sampled_from(RULES), first=st.integers(10_000, 20_000), length=st.integers(300, 700))
def test_the_sessions_of_a_year_are_found_for_each_way_to_stamp(
    rule: DayRule, first: int, length: int
) -> None:
    days = np.arange(first, first + length, dtype=np.int64)
    days = days[(days + 3) % 7 < 5]
    wall = days * DAY_NS + rule.time - (DAY_NS if rule.evening else 0)
    found = find_day_begins(Clock.parse(rule.zone).to_utc(wall).utc)
    assert found is not None
    assert found.fits == found.rows == len(days)
    assert (found.dates // DAY_NS).tolist() == days.tolist()
    assert found.weekend == 0
    assert found.alone


@pytest.mark.parametrize("hour", [21, 22])
def test_a_day_of_fx_is_of_the_date_after_its_begin(hour: int) -> None:
    month = "2022-05" if hour == 21 else "2022-12"
    days = ("11", "12", "15") if hour == 21 else ("07", "08", "11")
    found = find_day_begins(instants(*(f"{month}-{day}T{hour}:00" for day in days)))
    assert found is not None
    after = ("12", "13", "16") if hour == 21 else ("08", "09", "12")
    assert dates(found.dates) == [f"{month}-{day}" for day in after]
    assert found.words() == "days begin at 17:00 in New York, the evening before"


def test_a_day_of_cme_begins_at_17_in_chicago() -> None:
    found = find_day_begins(instants("2022-05-11T22:00", "2022-05-15T22:00", "2022-12-11T23:00"))
    assert found is not None
    assert dates(found.dates) == ["2022-05-12", "2022-05-16", "2022-12-12"]
    assert found.words() == "days begin at 17:00 in Chicago, the evening before"


def test_the_close_of_new_york_in_winter_is_not_midnight_of_moscow() -> None:
    found = find_day_begins(instants(*(f"2022-12-{day:02}T21:00" for day in (5, 6, 7, 8, 9))))
    assert found is not None
    assert dates(found.dates) == [f"2022-12-{day:02}" for day in (5, 6, 7, 8, 9)]
    assert found.words() == "days are stamped at the close in New York, 16:00"


def test_days_of_fx_that_are_stamped_at_their_end_are_of_the_same_date() -> None:
    found = find_day_begins(instants(*(f"2022-05-{day}T21:00" for day in ("09", 10, 11, 12, 13))))
    assert found is not None
    assert dates(found.dates)[-1] == "2022-05-13"
    assert found.words() == "days are stamped at their end in New York, 17:00"
    assert found.alone


def test_few_days_may_not_show_their_date() -> None:
    found = find_day_begins(instants("2022-05-10T21:00", "2022-05-11T21:00"))
    assert found is not None
    assert not found.alone
    (told,) = found.doubts(instants=True)
    assert told == (
        "The dates may be others: the rows fit as well if days are stamped at their end in New "
        "York, 17:00, which --tz America/New_York says."
    )


@pytest.mark.parametrize("rule", RULES)
def test_the_clock_of_a_way_shows_its_dates(rule: DayRule) -> None:
    days = np.arange(19_000, 19_400, dtype=np.int64)
    wall = days * DAY_NS + rule.time - (DAY_NS if rule.evening else 0)
    utc = Clock.parse(rule.zone).to_utc(wall).utc
    assert (Clock.parse(rule.clock).to_wall(utc) // DAY_NS).tolist() == days.tolist()


def test_a_few_rows_at_another_time_are_counted() -> None:
    stamps = [f"2022-11-{day:02}T21:00" for day in range(7, 30)]
    stamps[18] = "2022-11-25T18:00"
    found = find_day_begins(instants(*stamps))
    assert found is not None
    assert (found.fits, found.rows) == (22, 23)
    assert found.words().endswith("(22 of 23 rows)")


@pytest.mark.parametrize("stamps", [(), ("2022-11-07T03:17", "2022-11-08T03:17")])
def test_other_times_of_day_are_of_no_known_way(stamps: tuple[str, ...]) -> None:
    assert find_day_begins(instants(*stamps)) is None


def test_oanda_s_days_of_lean(shared_data: Path) -> None:
    """LEAN cuts Oanda's days at midnight UTC, and so it has Sundays."""
    from pipeline.market.importers.times.readers import open_times

    with zipfile.ZipFile(shared_data / "raw/lean/Data/forex/oanda/daily/eurusd.zip") as archive:
        text = archive.read(archive.namelist()[0]).decode()
    rows = pa.array([line.split(",")[0] for line in text.splitlines()])
    found = find_day_begins(open_times(rows).read(rows).wall)
    assert found is not None
    assert found.words() == "days begin at midnight UTC"
    assert found.weekend > 0

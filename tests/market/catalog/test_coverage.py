"""Which days a series covers, and where it has none."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.coverage import Coverage, Gap, coverage
from pipeline.market.catalog.day_tally import DayTally
from pipeline.market.time.time_manager import TimeManager
from tests.market.catalogs import MINUTE, bars

DAY = 1440 * MINUTE


@pytest.mark.parametrize(
    ("days", "week", "gaps", "longest"),
    [
        ([0, 1, 2, 3, 4], "weekdays", 0, None),
        ([0, 3, 9], "weekdays", 0, None),
        ([0, 3, 10], "weekdays", 1, (3, 10)),
        ([0, 7, 12, 40, 68], None, 3, (12, 40)),
        ([0, 1, 3, 4], "24/7", 1, (1, 3)),
        ([7], None, 0, None),
    ],
    ids=["no gap", "a long week-end", "a day more", "the first longest", "all week", "one day"],
)
def test_days_and_gaps_between_them(days, week, gaps, longest):
    ts = np.concatenate([day * DAY + MINUTE * np.array([0, 570, 1439]) for day in days])
    gap = None if longest is None else Gap(longest[0] * DAY, longest[1] * DAY)
    assert coverage(DayTally.of(ts), week) == Coverage(len(days), gaps, gap)


def test_a_gap_is_as_long_as_it_has_days_without_a_bar():
    assert Gap(3 * DAY, 9 * DAY).days == 5


@pytest.mark.parametrize("group", ["US_EQUITY", "XLON", "XETR", "CME", "FX"])
def test_week_ends_and_holidays_of_ten_years_are_no_gaps(group: str):
    dates = TimeManager(group).session_table("2012-11-05", "2022-12-30").date_ns
    assert coverage(DayTally.of(dates), "weekdays").gaps == 0


def test_a_manifest_keeps_it_and_one_without_it_is_read(tmp_path: Path):
    catalog = Catalog(tmp_path)
    catalog.write("AAA", "1m", bars([0, 20 * 1440, 21 * 1440]), "test")
    found = Catalog(tmp_path).entry("AAA", "1m").coverage
    assert found is not None
    assert (found.days, found.gaps) == (3, 1)
    assert found.longest_gap is not None
    assert found.longest_gap.days == 19
    path = tmp_path / "manifest.json"
    document = json.loads(path.read_text())
    del document["series"][0]["coverage"]
    path.write_text(json.dumps(document))
    assert Catalog(tmp_path).entry("AAA", "1m").coverage is None

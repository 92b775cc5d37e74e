"""Which days a series covers, and where it has none."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.coverage import Coverage, Gap, coverage
from pipeline.market.catalog.day_tally import DayTally
from pipeline.market.catalog.trading_week import trading_week
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
    assert coverage(DayTally.of(ts), week)[:3] == Coverage(len(days), gaps, gap)[:3]


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


MONDAY = 19_000 + 2


def quality_of(counts):
    """The quality of a series with so many bars on each day from a Monday on."""
    days = [np.arange(count) * MINUTE + (MONDAY + day) * DAY for day, count in enumerate(counts)]
    tally = DayTally.of(np.concatenate(days).astype(np.int64))
    return coverage(tally, trading_week(tally, "1m")).quality


WEEK = [390] * 5 + [0, 0]
FX = [1440] * 4 + [1320, 0, 120]
YEAR = WEEK * 52


@pytest.mark.parametrize(
    ("counts", "quality"),
    [
        (WEEK, 100.0),
        (YEAR, 100.0),
        (FX * 52, 100.0),
        ([1440] * 365, 100.0),
        ([1], 100.0),
        ([0] * 3 + [1] + [0] * 30 + [1], 100.0 * 2 / 10),
        ([*YEAR[:100], 210, *YEAR[101:]], round(100 - 100 * 180 / (390 * 260), 2)),
        ([0 if day % 14 == 3 else bars for day, bars in enumerate(YEAR)], None),
        (YEAR * 2 + [0] * 910 + YEAR * 2, round(100 * 1040 / (1040 + 650), 2)),
        ([0, 390, 390, 390, 390, 0, 0] * 52, round(100 * 208 / (208 + 51 - 20), 2)),
        ([1440] * 50 + [0] * 10 + [1440] * 40, 90.0),
        ([1440] * 50 + [720] * 10 + [1440] * 40, 95.0),
    ],
    ids=[
        *("a week", "a year", "fx", "all week", "a bar", "days far apart", "a half day"),
        *("a few days", "years are missing", "no Mondays", "ten days", "ten half days"),
    ],
)
def test_quality_is_the_share_of_the_bars_that_usual_days_lead_to_expect(counts, quality):
    if quality is None:  # 26 Thursdays are absent, of which 20 are taken for holidays
        quality = round(100 * 234 / (234 + 26 - 20), 2)
    assert quality_of(counts) == pytest.approx(quality, abs=0.45)


@pytest.mark.parametrize("group", ["US_EQUITY", "XLON", "XETR", "XHKG", "XTKS"])
def test_a_whole_series_of_an_exchange_looks_whole(group: str):
    dates = TimeManager(group).session_table("2012-11-05", "2022-12-30").date_ns
    assert coverage(DayTally.of(dates), "weekdays").quality > 99.0

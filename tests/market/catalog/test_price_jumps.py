"""Which prices of a series are kept as jumps, and which of them a split explains."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.market.actions import NONE, Actions
from pipeline.market.catalog.bar_columns import BarColumns
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.price_jumps import KEPT, JumpScan, PriceJump, unexplained
from tests.market.catalogs import in_blocks

HOUR = 3_600_000_000_000
DAY = 24 * HOUR
START = 19_000 * DAY  # 2022-01-08


def columns(times, prices):
    price = np.array(prices, float)
    return BarColumns(START + np.array(times, np.int64), (price,) * 4 + (np.ones(len(price)),))


def jumps(times, prices, step=99):
    scan, whole = JumpScan(), columns(times, prices)
    for first in range(0, len(times), step):
        scan.look_at(whole.rows(first, first + step))
    return scan.found


@pytest.mark.parametrize(
    ("times", "prices", "count"),
    [
        ([0, DAY], [100, 50], 1),
        ([0, DAY], [100, 64], 0),
        ([0, DAY], [50, 400], 1),
        ([0, HOUR], [100, 50], 0),  # within a day
        ([0, HOUR], [609.6, 5.854], 1),  # pence to pounds
        ([0, HOUR], [5.854, 609.6], 1),
        ([0, 6 * DAY], [100, 50], 1),
        ([0, 7 * DAY], [100, 50], 0),  # too far apart
        ([0, 70 * DAY], [609.6, 5.854], 1),
        ([0], [100], 0),
    ],
)
def test_a_price_jumps_over_night_or_changes_its_unit(times, prices, count):
    found = jumps(times, prices)
    assert found.total == count
    if count:
        first, last = (START + time for time in times)
        assert found.first == (PriceJump(first, last, *map(float, prices)),)


@given(
    st.lists(st.tuples(st.integers(1, 40), st.sampled_from([1.0, 90.0, 100.0])), min_size=1),
    st.integers(1, 9),
)
def test_the_blocks_do_not_matter(rows, step):
    times = np.cumsum([ahead for ahead, _ in rows]) * HOUR
    prices = [price for _, price in rows]
    assert jumps(times, prices, step) == jumps(times, prices)


def test_of_many_jumps_the_first_ones_are_kept_and_all_are_counted():
    found = jumps(np.arange(60) * DAY, [100.0, 50.0] * 30)
    assert (found.total, len(found.first)) == (59, KEPT)
    assert unexplained(found, NONE) == found


@pytest.mark.parametrize(
    ("ex_date", "ratio", "left"),
    [
        ("2022-01-09", 2.0, 0),
        ("2022-01-10", 2.0, 0),  # the session begins on the evening before, in UTC
        ("2022-01-08", 2.0, 1),
        ("2022-01-11", 2.0, 1),
        ("2022-01-09", 0.5, 1),
        ("2022-01-09", 3.0, 0),
        ("2022-01-09", 4.0, 1),
    ],
)
def test_a_split_explains_the_jump_of_its_date(ex_date, ratio, left):
    found = jumps([0, DAY, 2 * DAY], [100, 50, 50])
    assert unexplained(found, Actions.of([(ex_date, ratio, 0.0)])).total == left


def test_the_manifest_keeps_them_and_actions_that_come_later_explain_them(tmp_path: Path):
    catalog = Catalog(tmp_path)
    catalog.write("A", "1d", columns([0, DAY, 2 * DAY], [100, 50, 500]), "s")
    entry = Catalog(tmp_path).entry("A", "1d")
    assert entry.jumps is not None
    assert entry.jumps.total == 2
    catalog.write_actions({"A": Actions.of([("2022-01-09", 2.0, 0.0)])}, "s")
    left = catalog.jumps(entry)
    assert [jump.words() for jump in left.first] == ["2022-01-10 from 50 to 500"]


def test_of_a_share_with_all_its_splits_the_real_fall_alone_is_left(tmp_path: Path):
    """AAPL: five splits, of which every price around is known, and the fall of 2000-09-29."""
    splits = [
        *[("1987-06-16", 2.0, 78.5, 41.5), ("2000-06-21", 2.0, 101.25, 50.5)],
        *[("2005-02-28", 2.0, 88.99, 44.68), ("2014-06-09", 7.0, 645.57, 92.7)],
        ("2020-08-31", 4.0, 499.23, 127.58),
    ]
    nights = [(day, before, after) for day, _, before, after in splits]
    nights.insert(2, ("2000-09-29", 53.5, 28.19))
    days = [int(np.datetime64(day, "ns").astype(np.int64)) for day, *_ in nights]
    ts = np.array([ts for day in days for ts in (day - DAY, day)], np.int64)
    prices = np.array([price for _, *pair in nights for price in pair])
    catalog = Catalog(tmp_path)
    catalog.write("AAPL", "1d", in_blocks(BarColumns(ts, (prices,) * 5), []), "s")
    entry = catalog.entry("AAPL", "1d")
    assert catalog.jumps(entry).total == 6
    rows = [(day, ratio, 0.0) for day, ratio, *_ in splits]
    catalog.write_actions({"AAPL": Actions.of(rows)}, "splits.csv")
    assert [jump.words() for jump in catalog.jumps(entry).first] == [
        "2000-09-29 from 53.5 to 28.19"
    ]

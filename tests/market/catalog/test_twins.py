"""Bars that are in a series already at other times, and imports with another clock."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import HOUR_NS, MINUTE_NS
from pipeline.errors import DataError
from pipeline.market.catalog.bar_columns import BarColumns
from pipeline.market.catalog.twins import find_twins
from pipeline.market.importers import import_bars
from tests.market.importers.written import HEADER

BEGIN = 1_731_500_000 * 10**9


def walk(rows: int, seed: int, first: int = BEGIN) -> BarColumns:
    ts = first + MINUTE_NS * np.arange(rows, dtype=np.int64)
    close = 100 + np.cumsum(np.random.default_rng(seed).normal(size=rows))
    return BarColumns(ts, (close, close + 1, close - 1, close, np.full(rows, 7.0)))


def moved(bars: BarColumns, shift: int) -> BarColumns:
    return BarColumns(bars.ts + shift, bars.values)


@given(shift=st.integers(-26 * 60, 26 * 60), skip=st.integers(0, 30), seed=st.integers(0, 99))
def test_bars_that_were_moved_are_found_with_how_far(shift: int, skip: int, seed: int):
    old = walk(2000, seed)
    new = moved(old, shift * MINUTE_NS).rows(skip)
    found = find_twins(old, new.rows(0, 1500))
    assert (found.shift if found else 0) == shift * MINUTE_NS


def test_other_bars_and_bars_of_one_value_are_no_twins():
    assert find_twins(walk(500, 1), walk(200, 2)) is None
    flat = BarColumns(walk(500, 1).ts, (np.full(500, 3.0),) * 5)
    assert find_twins(flat, moved(flat, HOUR_NS).rows(0, 200)) is None
    assert find_twins(walk(500, 1), moved(walk(3, 1), HOUR_NS)) is None


def written(path: Path, times: np.ndarray, seed: int) -> Path:
    """Write a walk with one bar at each of the times, datetime64[m]."""
    values = np.stack(walk(len(times), seed).values, axis=1).tolist()
    lines = [
        f"{time},{','.join(map(repr, some))}" for time, some in zip(times, values, strict=True)
    ]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


def prices(path: Path, first: str, rows: int = 300, seed: int = 5) -> Path:
    """A walk of bars of a minute."""
    return written(path, np.datetime64(first, "m") + np.arange(rows), seed)


@pytest.mark.parametrize("replace", [None, "bars"])
def test_a_clock_that_is_corrected_under_another_name_is_noticed(tmp_path: Path, replace):
    file = prices(tmp_path / "in" / "SPY.csv", "2024-11-13T09:30")
    import_bars(file, tmp_path / "catalog", tz="UTC")
    words = r"300 of the first 300 new bars, with .* are there 5 h earlier, among bars of in/SPY"
    with pytest.raises(DataError, match=words):
        import_bars(tmp_path / "in", tmp_path / "catalog", tz="America/New_York", replace=replace)
    (result,) = import_bars(
        tmp_path / "in", tmp_path / "catalog", tz="America/New_York", replace="series"
    )
    assert (result.added, result.removed, result.rows) == (300, 300, 300)


def test_an_end_that_is_corrected_under_another_name_is_noticed(tmp_path: Path):
    file = prices(tmp_path / "in" / "SPY.csv", "2024-11-13T09:31")
    import_bars(file, tmp_path / "catalog", tz="UTC")
    with pytest.raises(DataError, match=r"are there 1 min later, among bars of in/SPY\.csv"):
        import_bars(tmp_path / "in", tmp_path / "catalog", tz="UTC", stamped="close")


def test_another_clock_does_not_remove_bars_of_other_days(tmp_path: Path):
    first = prices(tmp_path / "v1" / "SPY.csv", "2024-11-13T09:30")
    import_bars(first, tmp_path / "catalog", tz="UTC")
    (tmp_path / "v1").rename(tmp_path / "v0")
    second = prices(tmp_path / "v1" / "SPY.csv", "2024-11-14T09:30", seed=6)
    with pytest.raises(DataError, match=r"and gave bars of other days then .2024-11-13T09:30:00Z"):
        import_bars(second, tmp_path / "catalog", tz="America/New_York", replace="bars")
    (result,) = import_bars(second, tmp_path / "catalog", tz="America/New_York", replace="source")
    assert (result.removed, result.rows) == (300, 300)


def hourly(path: Path, first: str, days: int, seed: int = 3) -> Path:
    """Seven bars of an hour a day, on weekdays."""
    times = [
        np.datetime64(first, "h") + np.timedelta64(24 * day + hour, "h")
        for day in range(days)
        for hour in range(10, 17)
        if (np.datetime64(first, "D") + day).astype(object).weekday() < 5
    ]
    return written(path, np.array(times, "M8[m]"), seed)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("UTC", "Australia/Sydney"),  # summer time ends within the first bars
        ("Europe/London", "America/New_York"),
        ("Europe/Athens", "America/New_York+7h"),  # which differ in three weeks only
    ],
)
def test_clocks_with_different_summer_times_are_noticed(tmp_path: Path, wrong: str, right: str):
    first = hourly(tmp_path / "a" / "BHP.csv", "2024-02-26", 60)
    again = hourly(tmp_path / "b" / "BHP.csv", "2024-02-26", 60)
    import_bars(first, tmp_path / "catalog", tz=wrong, interval="1h")
    with pytest.raises(DataError, match="with all their values, are there"):
        import_bars(again, tmp_path / "catalog", tz=right, interval="1h", replace="bars")


def test_a_part_that_was_imported_with_a_wrong_clock_is_noticed(tmp_path: Path):
    whole = prices(tmp_path / "whole" / "SPY.csv", "2024-11-13T09:30", rows=3000)
    lines = whole.read_text().splitlines()
    part = tmp_path / "SPY.csv"
    part.write_text("\n".join([HEADER, *lines[-234:]]) + "\n")
    import_bars(part, tmp_path / "catalog", tz="UTC")
    with pytest.raises(DataError, match="with all their values, are there 5 h earlier"):
        import_bars(whole, tmp_path / "catalog", tz="America/New_York", replace="bars")


def test_further_and_revised_bars_are_no_twins(tmp_path: Path):
    first = prices(tmp_path / "a" / "SPY.csv", "2024-11-13T09:30", rows=600)
    import_bars(first, tmp_path / "catalog", tz="UTC")
    lines = prices(tmp_path / "b" / "SPY.csv", "2024-11-13T09:30", rows=1200).read_text()
    (tmp_path / "b" / "SPY.csv").write_text(lines.replace(",7.0", ",8.0"))
    (result,) = import_bars(tmp_path / "b", tmp_path / "catalog", tz="UTC", replace="bars")
    assert (result.added, result.replaced) == (600, 600)

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from pipeline.errors import DataError
from pipeline.market.importers.times.columns import add_time_of_day
from pipeline.market.importers.times.readers import open_times
from pipeline.market.importers.times.result import EMPTY, FINE, IMPOSSIBLE

HOUR = 3_600 * 10**9


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_timestamp_without_a_zone_is_on_the_clock_of_the_file(unit: str) -> None:
    rows = pa.array([dt.datetime(2024, 1, 2, 9, 30), None], pa.timestamp(unit))  # noqa: DTZ001
    reader = open_times(rows)
    times = reader.read(rows)
    assert times.utc is None
    assert times.fault.tolist() == [FINE, EMPTY]
    assert times.wall.tolist() == [1704187800 * 10**9, 0]
    assert (reader.timed, reader.zones, reader.words()) == (True, (), f"Arrow timestamp[{unit}]")
    assert reader.explain(None) == "time is empty"


@pytest.mark.parametrize(
    ("zone", "hours"), [("UTC", 0), ("America/New_York", -5), ("+09:00", 9), ("Mars/Base", 0)]
)
def test_a_timestamp_with_a_zone_is_an_instant(zone: str, hours: int) -> None:
    rows = pa.array([1704187800, None]).cast(pa.timestamp("s")).view(pa.timestamp("s", zone))
    reader = open_times(rows)
    times = reader.read(rows)
    assert times.utc is not None
    assert times.utc.tolist() == [1704187800 * 10**9, 0]
    assert times.wall.tolist() == [1704187800 * 10**9 + hours * HOUR, 0]
    assert reader.zones == (zone,)


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_dates_have_no_time_of_day(kind: pa.DataType) -> None:
    rows = pa.array([dt.date(2024, 1, 2), None], kind)
    reader = open_times(rows)
    assert not reader.timed
    assert reader.read(rows).wall.tolist() == [1704153600 * 10**9, 0]


def test_a_timestamp_that_64_bits_of_ns_do_not_hold_does_not_exist() -> None:
    rows = pa.array([2**40, 0], pa.timestamp("s"))
    reader = open_times(rows)
    assert reader.read(rows).fault.tolist() == [IMPOSSIBLE, FINE]
    assert reader.explain("x") == "the time 'x' is not between 1678 and 2261"


@pytest.mark.parametrize("kind", [pa.time32("s"), pa.time64("ns")])
def test_a_time_of_day_is_added_to_a_date(kind: pa.DataType) -> None:
    rows = pa.array([dt.date(2024, 1, 2)] * 2)
    dates = open_times(rows).read(rows)
    times = add_time_of_day(dates, pa.array([dt.time(9, 30), None], kind))
    assert times.fault.tolist() == [FINE, EMPTY]
    assert times.wall.tolist() == [1704187800 * 10**9, 0]


@pytest.mark.parametrize("kind", [pa.bool_(), pa.time32("s"), pa.binary()])
def test_a_column_of_another_type_is_refused(kind: pa.DataType) -> None:
    with pytest.raises(
        DataError, match=f"must be a timestamp, date, text or epoch, was {kind}"[:40]
    ):
        open_times(pa.array([None], kind))

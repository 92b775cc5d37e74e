from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market.importers.times.readers import open_times
from pipeline.market.importers.times.result import EMPTY, FINE, NEGATIVE, OTHER_UNIT, UNREADABLE

UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
FIRST, LAST = 10**8, (2**63 - 1) // 10**9 - 1
"""Seconds of the first and last epoch that is read in every unit."""


def text(*rows: object) -> pa.Array:
    return pa.array([None if row is None else str(row) for row in rows], pa.string())


@given(
    seconds=st.lists(st.integers(FIRST, LAST), min_size=1, max_size=20),
    unit=st.sampled_from([*UNITS]),
    kind=st.sampled_from(["text", "int", "blank"]),
)
def test_whole_epochs_are_read_in_the_unit_of_their_size(
    seconds: list[int], unit: str, kind: str
) -> None:
    values = [second * 10**9 // UNITS[unit] for second in seconds]
    rows = pa.array(values) if kind == "int" else text(*values)
    if kind == "blank":
        rows = pa.array([f" {value}\t" for value in rows.to_pylist()])
    if all(19 * 10**8 <= value < 21 * 10**8 for value in values) and kind != "int":
        return  # ten digits that may be a date with an hour
    if all(len(str(value)) == 12 for value in values) and kind != "int":
        return
    reader = open_times(rows)
    times = reader.read(rows)
    assert times.utc is not None
    assert times.utc.tolist() == [second * 10**9 for second in seconds]
    assert reader.words() == f"epoch in {unit}"
    assert reader.timed


@given(
    whole=st.integers(FIRST, 1_899_999_999),
    part=st.text("0123456789", max_size=12),
    unit=st.sampled_from(["s", "ms", "us"]),
)
def test_the_fraction_of_an_epoch_is_kept_to_the_ns(whole: int, part: str, unit: str) -> None:
    """Oracle: decimal arithmetic; what is below a nanosecond is cut off."""
    value = f"{whole * 10**9 // UNITS[unit]}.{part}"
    times = open_times(text(value)).read(text(value))
    assert times.utc is not None
    assert times.utc.tolist() == [int(Decimal(value) * UNITS[unit])]


@given(value=st.floats(1e8, 9e9, allow_nan=False))
def test_a_double_is_the_shortest_number_that_stands_for_it(value: float) -> None:
    rows = pa.array([value])
    times = open_times(rows).read(rows)
    assert times.utc is not None
    assert times.utc.tolist() == [int(Decimal(repr(value)) * 10**9)]


@pytest.mark.parametrize("value", ["1325317920.0", "1.325317920e9", "1325317920", "1.32531792E+09"])
def test_ways_to_write_seconds(value: str) -> None:
    rows = text(value, "1325317980")
    times = open_times(rows).read(rows)
    assert times.utc is not None
    assert times.utc.tolist() == [1_325_317_920 * 10**9, 1_325_317_980 * 10**9]


BINANCE = [1735689480000, 1735689540000, 1735689600000000, 1735689660000000]


@pytest.mark.parametrize("rows", [text(*BINANCE), pa.array(BINANCE)])
@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_a_unit_may_change_where_the_times_go_on(
    rows: pa.Array, newest_first: bool, size: int
) -> None:
    rows = rows.take(pa.array(range(4)[::-1])) if newest_first else rows
    reader = open_times(rows)
    blocks = [reader.read(rows.slice(begin, size)) for begin in range(0, 4, size)]
    got = [ns for block in blocks for ns in np.asarray(block.utc).tolist()]
    expected = [1735689480000 * 10**6 + minute * 60 * 10**9 for minute in range(4)]
    assert got == (expected[::-1] if newest_first else expected)
    units = ("us", "ms") if newest_first else ("ms", "us")
    words = reader.words(lambda row: f"line {row + 1}")  # type: ignore[call-arg]
    assert words == f"epoch in {units[0]}, in {units[1]} from line 3 on"


def test_an_odd_number_is_no_change_of_unit() -> None:
    """One digit more would be a time of 1970 in us or of 2524 in ms."""
    good = [1735689480000 + 60_000 * row for row in range(6)]
    for odd in (good[2] * 10, 0, 99, good[2] * 10**5):
        rows = text(*good[:2], odd, *good[3:])
        times = open_times(rows).read(rows)
        assert times.fault.tolist() == [FINE, FINE, OTHER_UNIT, FINE, FINE, FINE], odd
    rows = text(good[0] * 10, *good[1:])
    assert open_times(rows).read(rows).fault.tolist() == [OTHER_UNIT, *[FINE] * 5]


def test_a_unit_that_the_file_had_before_may_come_back() -> None:
    """Several symbols below each other, each with its years of ms and of us."""
    one = [1600000000000, *BINANCE[1:]]
    rows = text(*BINANCE, *one)
    times = open_times(rows).read(rows)
    assert times.fault.tolist() == [FINE] * 8


def test_days_of_1970_in_ms_are_not_read_as_seconds() -> None:
    rows = text(*(86_400_000 * day for day in range(2_000)))
    with pytest.raises(DataError, match="an epoch from 1973 on"):
        open_times(rows)


def test_faults_of_epochs() -> None:
    rows = text("1735689600", "", "nan", None, "-5", "soon", "99")
    reader = open_times(rows)
    times = reader.read(rows)
    assert times.fault.tolist() == [FINE, EMPTY, EMPTY, EMPTY, NEGATIVE, UNREADABLE, OTHER_UNIT]
    assert reader.explain("-5") == "epoch -5 is before 1970; epochs are read from 1973 on"
    assert reader.explain("soon") == "time must be like '1735689600', was 'soon'"
    assert reader.explain("") == "time is empty"
    assert reader.explain("99") == ("epoch 99 is not in the unit of the others, such as 1735689600")


def test_numbers_of_arrow_with_nulls() -> None:
    for rows in (pa.array([1735689600, None, -1]), pa.array([1735689600.0, None, -1.0])):
        times = open_times(rows).read(rows)
        assert times.fault.tolist() == [FINE, EMPTY, NEGATIVE]


def test_unsigned_numbers_beyond_64_bits_with_a_sign_are_not_read() -> None:
    rows = pa.array([1735689600, 2**64 - 1], pa.uint64())
    times = open_times(rows).read(rows)
    assert times.fault.tolist()[0] == FINE
    assert times.fault.tolist()[1] != FINE


def test_a_column_of_negative_numbers_is_refused() -> None:
    with pytest.raises(DataError, match="time must be a date, or an epoch from 1973 on, was '-5'"):
        open_times(text(-5, -6))


def test_hexadecimal_numbers_are_no_epochs() -> None:
    rows = text("1735689600", "0x5F5E1000")
    assert open_times(rows).read(rows).fault.tolist() == [FINE, UNREADABLE]


def test_the_clock_of_an_epoch_is_utc() -> None:
    rows = text(1735689600)
    reader = open_times(rows)
    times = reader.read(rows)
    assert reader.zones == ("UTC",)
    assert times.wall[0] == dt.datetime(2025, 1, 1, tzinfo=dt.UTC).timestamp() * 10**9


@given(data=st.data())
def test_blocks_of_epochs_give_what_the_whole_gives(data: st.DataObject) -> None:
    step = data.draw(st.integers(1, 10**6))
    begin = data.draw(st.integers(10**9, 1_800_000_000))
    units = data.draw(st.lists(st.sampled_from([*UNITS]), min_size=1, max_size=4))
    size = data.draw(st.integers(1, 8))
    seconds = [begin + step * row for row in range(len(units) * size)]
    values = [second * 10**9 // UNITS[units[row // size]] for row, second in enumerate(seconds)]
    for place in data.draw(st.lists(st.integers(0, len(values) - 1), max_size=2, unique=True)):
        values[place] = data.draw(st.sampled_from([0, -5, 99, min(values[place] * 10, 2**63 - 1)]))
    rows = pa.array(values)
    try:
        whole = open_times(rows)
    except DataError:
        return
    expected = whole.read(rows)
    reader = open_times(rows)
    length = data.draw(st.integers(1, len(values)))
    parts = [reader.read(rows.slice(first, length)) for first in range(0, len(values), length)]
    got = [ns for part in parts for ns in np.asarray(part.utc).tolist()]
    assert got == np.asarray(expected.utc).tolist(), values
    assert reader.words() == whole.words()
    read = np.asarray(expected.utc)[expected.fault == FINE].tolist()
    assert set(read) <= {second * 10**9 for second in seconds}

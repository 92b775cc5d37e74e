from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market.importers.times.of_day import TimesOfDay

DAY = 86_400


def padded(*blocks: list[str | None]) -> list[str | None]:
    """The times of a column, whose first block is its sample."""
    tables = [pa.table({"time": pa.array(block, pa.string())}) for block in blocks]
    times = TimesOfDay("A.csv", lambda: iter(tables))
    return [text for table in tables for text in times.padded(table, "time").to_pylist()]


def written(seconds: int, digits: int) -> str:
    """A time of day with all zeros, as HHMM, HHMMSS or HHMMSSmmm."""
    hour, minute, second = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hour:02}{minute:02}{second:02}000"[:digits]


@given(data=st.data(), digits=st.sampled_from([4, 6, 9]))
def test_the_zeros_that_a_column_has_lost_come_back(data: st.DataObject, digits: int) -> None:
    """A column of HHMM needs a row from 01:00 on, one of more digits most of its rows."""
    usual = st.integers(3600, DAY - 1)
    late = data.draw(st.lists(usual, min_size=1))
    early = st.integers(0, 3599)
    most = len(late) - 1 if digits > 4 else 99
    rows = data.draw(st.permutations(late + data.draw(st.lists(early, max_size=most))))
    whole = [written(one, digits) for one in rows]
    lost = [str(int(text)) for text in whole]
    cut = data.draw(st.integers(1, len(lost)))
    assert padded(lost[:cut], lost[cut:]) == whole


@given(
    digits=st.sampled_from([4, 6, 9]),
    step=st.sampled_from([60, 300, 900, 3600]),
    first=st.integers(0, DAY // 60 - 1),
    sample=st.integers(1, 90),
)
def test_a_whole_day_comes_back(digits: int, step: int, first: int, sample: int) -> None:
    whole = [written((60 * first + at) % DAY, digits) for at in range(0, DAY, step)]
    lost = [str(int(text)) for text in whole]
    assert padded(lost[:sample], lost[sample:]) == whole


@pytest.mark.parametrize(
    "rows",
    [
        ["09", "10", "23"],
        ["0930", "1000"],
        ["093000", "100000", "00"],
        ["9:30", "10:00"],
        ["09300000", "10000000"],
        ["4 PM"],
        [],
    ],
)
def test_times_that_have_their_zeros_stay(rows: list[str]) -> None:
    assert padded(rows) == [text.zfill(6) if text == "00" else text for text in rows]


def test_midnight_alone_is_a_time_and_rows_without_one_stay() -> None:
    assert padded(["0", None, "", "0"]) == ["0000", None, "", "0000"]
    assert padded(["25", "30"]) == ["0025", "0030"]


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.int64()], ids=str)
def test_times_of_day_may_be_of_any_type_of_text_or_numbers(kind: pa.DataType) -> None:
    table = pa.table({"time": pa.array(["930", "1000", None, "1030"]).cast(kind)})
    times = TimesOfDay("A.csv", lambda: iter([table]))
    assert times.padded(table, "time").to_pylist() == ["0930", "1000", None, "1030"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["9", "10", "16"], "A.csv: times of day like '10' can be hours or minutes; .* 1000 or"),
        (["930", "1000", "1030", "12345"], "like '930' and '12345' are of different forms; .*0930"),
    ],
)
def test_what_cannot_be_decided_is_asked_for(rows: list[str], words: str) -> None:
    with pytest.raises(DataError, match=words):
        padded(rows)

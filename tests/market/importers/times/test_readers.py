from __future__ import annotations

import pyarrow as pa
import pytest

from pipeline.errors import DataError
from pipeline.market.importers.times.columns import ArrowTimes
from pipeline.market.importers.times.epochs import EpochTimes
from pipeline.market.importers.times.readers import SAMPLE_ROWS, open_times
from pipeline.market.importers.times.result import EMPTY, FINE, UNREADABLE
from pipeline.market.importers.times.text import TextTimes


@pytest.mark.parametrize(
    ("rows", "reader"),
    [
        (pa.array(["2024-11-04"]), TextTimes),
        (pa.array(["20241104"]), TextTimes),
        (pa.array(["1730678400"]), EpochTimes),
        (pa.array(["1730678400.0"]), EpochTimes),
        (pa.array([1730678400]), EpochTimes),
        (pa.array([1730678400.5]), EpochTimes),
        (pa.array([20241104]), TextTimes),
        (pa.array([20241104, None], pa.int32()), TextTimes),
        (pa.array([0], pa.timestamp("s")), ArrowTimes),
    ],
)
def test_the_reader_is_chosen_by_the_sample(rows: pa.Array, reader: type) -> None:
    opened = open_times(rows)
    assert isinstance(opened, reader)
    assert opened.read(rows).fault[0] == FINE


TEXTS = {
    "dates of either order": ["01/02/2024", "02/03/2024", None, "01/02/2024"],
    "dates of one order": ["01/02/2024", "02/13/2024", None, "01/02/2024"],
    "iso": ["2024-11-04 09:30", "2024-11-04 09:31", "", "2024-11-05 09:30"],
    "iso without an empty one": ["2024-11-04 09:30", "2024-11-04 09:31"],
    "names of months": ["4 Nov 2024", "5 Nov 2024"],
    "epochs": ["1730678400", "1730678460"],
    "epochs in parts": ["1730678400.5", None, "1730678460.25"],
}


@pytest.mark.parametrize("rows", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("wide", [pa.large_string(), pa.string_view()], ids=str)
@pytest.mark.parametrize("encoded", [False, True])
def test_text_of_any_type_is_read_as_usual_text_is(
    rows: list[str | None], wide: pa.DataType, encoded: bool
) -> None:
    usual = pa.array(rows, pa.string())
    column = usual.cast(wide)
    if encoded:
        found = usual.dictionary_encode()
        column = pa.DictionaryArray.from_arrays(found.indices, found.dictionary.cast(wide))
    expected = open_times(usual, date_order="mdy").read(usual)
    reader = open_times(column)
    reader.gather(column)
    assert (reader.verdict == "unknown") == (rows is TEXTS["dates of either order"])
    reader.settle("mdy")
    times = reader.read(column[1:])
    assert times.wall.tolist() == expected.wall.tolist()[1:]
    assert times.fault.tolist() == expected.fault.tolist()[1:]


def test_dates_as_numbers_are_read_as_dates() -> None:
    rows = pa.array([20241104, None, 20241399])
    times = open_times(rows).read(rows)
    assert times.wall[0] == 1730678400 * 10**9
    assert times.fault.tolist()[:2] == [FINE, EMPTY]
    assert times.fault[2] != FINE


def test_the_form_of_most_rows_is_taken_and_of_equally_many_the_first() -> None:
    rows = pa.array(["Ticker", "2024", "20241104", "20241105", "2024-11-04"])
    times = open_times(rows).read(rows)
    assert times.fault.tolist() == [UNREADABLE, UNREADABLE, FINE, FINE, UNREADABLE]
    rows = pa.array(["2024/11/04", "2024-11-04"])
    assert open_times(rows).read(rows).fault.tolist() == [FINE, UNREADABLE]


def test_empty_rows_are_no_part_of_the_sample() -> None:
    rows = pa.array([*[""] * SAMPLE_ROWS, None, "nan", "2024-11-04"])
    assert open_times(rows).read(rows).fault.tolist()[-1] == FINE


@pytest.mark.parametrize("rows", [("", None), ("soon", "later"), ("2024", "99"), ("-5", "-6")])
def test_a_column_without_times_is_refused(rows: tuple[str | None, ...]) -> None:
    with pytest.raises(DataError, match=r"every time is empty|time must be a date"):
        open_times(pa.array(rows, pa.string()))


def test_a_sample_without_rows_is_refused() -> None:
    for kind in (pa.string(), pa.int64()):
        with pytest.raises(DataError, match=r"every time is empty"):
            open_times(pa.array([], kind))


@pytest.mark.parametrize("first", ["2024-11-04", "1730678400", "20241104 09:30 EST"])
def test_a_block_without_rows_has_no_times(first: str) -> None:
    rows = pa.array([first])
    reader = open_times(rows)
    times = reader.read(rows.slice(0, 0))
    assert len(times.wall) == len(times.fault) == 0
    assert (times.utc is None) == (first == "2024-11-04")
    assert reader.read(rows).fault.tolist() == [FINE]

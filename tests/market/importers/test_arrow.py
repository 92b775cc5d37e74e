"""Parquet and Arrow files that are not as they should be."""

import datetime as dt
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market.importers import arrow, import_bars
from pipeline.market.importers.options import Options
from pipeline.market.importers.rows import Rows, Spool
from pipeline.market.importers.source import Source
from tests.reference.own_process import python

ONE_ROW = pa.table(
    {
        "ts": pa.array([1_709_562_600_000_000_000], pa.timestamp("ns", "UTC")),
        **{name: [100.0] for name in ("open", "high", "low", "close")},
        "volume": [10.0],
    }
)
OPTIONS = Options(symbol="SPY", interval="1m")


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def ipc(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table)
    return sink.getvalue()


def of_polars(table: pa.Table, **options: Any) -> bytes:
    """A file whose schema is in its footer only, and whose text is in views if not `oldest`."""
    sink = io.BytesIO()
    pl.DataFrame(table).write_ipc(sink, **options)
    return sink.getvalue()


POLARS = {
    "polars": of_polars,
    "polars, zstd": partial(of_polars, compression="zstd"),
    "polars, oldest": partial(of_polars, compat_level=pl.CompatLevel.oldest()),
}


def stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as file:
        file.write_table(table)
    return sink.getvalue()


def read(data: bytes) -> list[Rows]:
    """The rows of a file of one symbol, block by block."""
    path = Path("spy.bin")
    with Spool() as spool:
        source = Source(str(path), path.name, path, str(path), lambda: io.BytesIO(data))
        return [rows for one in arrow.read(source, OPTIONS, spool) for rows in one.blocks()]


@pytest.mark.parametrize("encode", [parquet, ipc, stream, *POLARS.values()])
def test_a_file_of_one_row_is_read(encode: Callable[[pa.Table], bytes]):
    (rows,) = read(encode(ONE_ROW))
    assert [column.tolist() for column in rows.values] == [[100.0]] * 4 + [[10.0]]


@pytest.mark.parametrize("encode", [parquet, ipc, *POLARS.values()], ids=[*"pi", *POLARS])
@pytest.mark.parametrize("category", [False, True])
def test_text_in_a_file_on_the_disk_is_read(
    tmp_path: Path, encode: Callable[[pa.Table], bytes], category: bool
):
    """Times, numbers and symbols; Polars writes a batch for each of its chunks."""
    times = pa.chunked_array([[f"2024-03-04 14:{minute}" for minute in range(10, 60)]] * 2)
    symbols = pa.chunked_array([["A"] * 50, ["B"] * 50])
    columns = {"symbol": symbols.dictionary_encode() if category else symbols, "ts": times}
    prices = {name: pa.chunked_array([["100.5"] * 50] * 2) for name in ONE_ROW.column_names[1:]}
    path = tmp_path / "prices.arrow"
    path.write_bytes(encode(pa.table({**columns, **prices})))
    found = import_bars(path, tmp_path / "catalog")
    assert [(one.symbol, one.rows) for one in found] == [("A", 50), ("B", 50)]


@pytest.mark.parametrize("encode", [ipc, *POLARS.values()], ids=["ipc", *POLARS])
def test_a_file_without_its_end_is_damage(encode: Callable[[pa.Table], bytes]):
    content = encode(ONE_ROW)
    for end in (len(content) - 1, len(content) - 8, len(content) // 2, 16, 8):
        with pytest.raises(DataError, match=r"spy\.bin is damaged: .*; get the file again"):
            read(content[:end])


@pytest.mark.parametrize("name", ["open", "close", "volume"])
@pytest.mark.parametrize("category", [False, True])
def test_booleans_are_no_numbers(name: str, category: bool):
    column = pa.array([True])
    column = column.dictionary_encode() if category else column
    table = ONE_ROW.set_column(ONE_ROW.column_names.index(name), name, column)
    with pytest.raises(DataError, match=f"row 0: {name} must be a number, was .*bool") as caught:
        read(ipc(table))
    assert category or str(caught.value).endswith("was bool")


DAY = pa.array(["2024-03-04", "2024-03-04", "2024-03-05"])
OF_DAY = pa.array(["14:30:00", "14:31:00", "14:30:00"])
AS_TIMES = pa.array([dt.time.fromisoformat(text) for text in OF_DAY.to_pylist()])


def beside(date: pa.Array, time: pa.Array) -> pa.Table:
    """Three bars with their dates and their times of day in two columns."""
    prices = {name: [100.0] * 3 for name in ("open", "high", "low", "close")}
    return pa.table({"Date": date, "Time": time, **prices})


@pytest.mark.parametrize("encode", [parquet, ipc])
@pytest.mark.parametrize(
    "date", [DAY, DAY.cast(pa.date32()), DAY.cast(pa.timestamp("us")), DAY.cast(pa.timestamp("ns"))]
)
@pytest.mark.parametrize(
    "time", [OF_DAY, AS_TIMES.cast(pa.time32("s")), AS_TIMES, AS_TIMES.cast(pa.time64("ns"))]
)
def test_times_of_day_beside_dates_are_theirs(
    encode: Callable[[pa.Table], bytes], date: pa.Array, time: pa.Array
):
    wall = np.concatenate([rows.wall for rows in read(encode(beside(date, time)))])
    found = wall.astype("M8[ns]").astype("M8[s]").astype(str).tolist()
    assert found == ["2024-03-04T14:30:00", "2024-03-04T14:31:00", "2024-03-05T14:30:00"]


@pytest.mark.parametrize("time", [OF_DAY, AS_TIMES])
def test_dates_that_have_times_of_day_need_none_beside_them(time: pa.Array):
    dates = pa.array([1_709_562_600] * 3, pa.timestamp("s"))
    told = "^spy.bin: the columns 'Date' and 'Time' both have times of day; say which is"
    with pytest.raises(DataError, match=told):
        read(parquet(beside(dates, time)))


@pytest.mark.parametrize(
    ("date", "time", "told"),
    [
        (DAY, pa.array(["9", "10", "16"]), "times of day like '10' can be hours or minutes"),
        (pa.array(["a", "b", "c"]), AS_TIMES, "time must be a date or an epoch, was 'a'"),
        (pa.array(["01/02/2024"] * 3), AS_TIMES, "dates like '01/02/2024' can be month first"),
    ],
)
def test_the_source_of_times_that_are_refused_is_named_once(
    date: pa.Array, time: pa.Array, told: str
):
    with pytest.raises(DataError, match=f"^spy.bin: {told}"):
        read(parquet(beside(date, time)))


def test_a_date_without_its_time_of_day_is_refused(tmp_path: Path):
    time = pa.array([52_200, None, 52_200], pa.time32("s"))
    path = tmp_path / "SPY.parquet"
    path.write_bytes(parquet(beside(DAY.cast(pa.date32()), time)))
    with pytest.raises(DataError, match="row 1: time is empty"):
        import_bars(path, tmp_path / "catalog", interval="1m")


@pytest.mark.parametrize("encode", [parquet, ipc, stream, POLARS["polars"]])
@given(data=st.data())
def test_a_damaged_file_is_refused_by_name_or_read(
    encode: Callable[[pa.Table], bytes], data: st.DataObject
):
    content = bytearray(encode(ONE_ROW))
    places = st.integers(8, len(content) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=3)):
        content[place] = data.draw(st.integers(0, 255))
    refused = None
    try:
        read(bytes(content[: data.draw(st.sampled_from([len(content), len(content) // 2]))]))
    except DataError as error:
        refused = str(error)
    assert refused is None or ("spy.bin" in refused and "\n" not in refused)


FOOTERS = {
    "of no bytes": bytes(4),
    "longer than the file": b"\xff\xff\xff\x7f",
    "cut in half": b"\x80\x00\x00\x00",
}


@pytest.mark.parametrize("length", FOOTERS.values(), ids=FOOTERS)
def test_a_footer_of_a_wrong_length_is_damage(length: bytes):
    content = parquet(ONE_ROW)
    with pytest.raises(DataError, match=r"spy\.bin is damaged: .*; get the file again"):
        read(content[:-8] + length + content[-4:])


@pytest.mark.parametrize("opened", [pa.ipc.new_file, pa.ipc.new_stream])
def test_a_file_or_stream_that_ends_behind_whole_batches_is_damage(opened):
    sink = io.BytesIO()
    with opened(sink, ONE_ROW.schema) as file:
        for _ in range(3):
            file.write_table(ONE_ROW)
            behind = sink.tell()
    content = sink.getvalue()
    assert len(read(content)) == 3
    for end in (behind, len(content) - 1, len(content) // 2):
        with pytest.raises(DataError, match=r"spy\.bin is damaged: .*; get the file again"):
            read(content[:end])


def test_a_stream_is_read_by_its_content(tmp_path: Path):
    (tmp_path / "SPY.arrows").write_bytes(stream(ONE_ROW))
    (result,) = import_bars(tmp_path, tmp_path / "catalog", interval="1m")
    assert (result.symbol, result.rows) == ("SPY", 1)


def test_options_of_text_are_told_as_not_used(tmp_path: Path):
    (tmp_path / "SPY.parquet").write_bytes(parquet(ONE_ROW))
    (result,) = import_bars(
        tmp_path / "SPY.parquet",
        tmp_path / "catalog",
        interval="1m",
        skip_rows=2,
        encoding="latin-1",
        decimal="comma",
        date_order="dmy",
    )
    assert [note for note in result.account.notes if "not used" in note] == [
        "--encoding is not used: the file is no text.",
        "--decimal is not used: the file is no text.",
        "--skip-rows is not used: the file is no text.",
        "--date-order is not used: the times do not leave it open.",
    ]


def test_a_date_that_no_calendar_has_is_refused(tmp_path: Path):
    path = tmp_path / "SPY.parquet"
    dates = pa.array([2**30], pa.date32())
    path.write_bytes(parquet(ONE_ROW.set_column(0, "ts", dates)))
    with pytest.raises(DataError, match=r"row 0: .* is not between 1678 and 2261"):
        import_bars(path, tmp_path / "catalog", interval="1d")


def test_a_name_of_a_column_that_is_no_text_is_damage():
    content = parquet(ONE_ROW.select(["ts"])).replace(b"ts", b"\xff\xff")
    with pytest.raises(DataError, match=r"spy\.bin is damaged: .*; get the file again"):
        read(content)


def test_two_columns_of_one_name_are_refused_if_they_are_needed():
    twice = ONE_ROW.append_column("close", pa.array([1.0]))
    with pytest.raises(DataError, match="has 2 columns 'close', expected one"):
        read(parquet(twice))
    other = ONE_ROW.append_column("x", pa.array([1.0])).append_column("x", pa.array([1.0]))
    assert len(read(parquet(other))) == 1


THREADS = """
import os, sys
from pathlib import Path
from pipeline.errors import DataError
from pipeline.market.importers import import_bars
from pipeline.market.catalog.catalog import Catalog

before = len(os.listdir("/proc/self/task"))
try:
    import_bars([sys.argv[1]], Catalog(sys.argv[2]))
except DataError as error:
    print(len(os.listdir("/proc/self/task")) - before, error)
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads by /proc")
@pytest.mark.parametrize("encode", [parquet, ipc, POLARS["polars, zstd"]])
def test_a_refused_import_leaves_no_thread_behind(
    tmp_path: Path, encode: Callable[[pa.Table], bytes]
):
    """A thread of Arrow's that still works when its process ends may abort it."""
    (tmp_path / "SPY.parquet").write_bytes(encode(ONE_ROW))
    done = python("-c", THREADS, tmp_path / "SPY.parquet", tmp_path / "catalog")
    assert done.stdout.startswith("0 ")
    assert "a single row shows no interval" in done.stdout

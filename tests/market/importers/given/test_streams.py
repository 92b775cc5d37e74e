"""Streams that can be read only once: they wait in a file, and are read in blocks."""

import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import psutil
import pyarrow as pa
import pytest

from pipeline.errors import DataError, RunError
from pipeline.market.importers import import_bars
from pipeline.market.importers.given.streams import (
    BLOCK_ROWS,
    Streams,
    blocks_of,
    foreign_type,
    table_of_polars,
)
from tests.small_disk import small_file_system


def counted(batches: int, rows: int) -> pa.RecordBatchReader:
    """Return a reader of whole numbers that makes its batches when they are asked for."""
    schema = pa.schema([("n", pa.int64())])

    def make() -> Iterator[pa.RecordBatch]:
        for at in range(batches):
            yield pa.record_batch([pa.array(range(at * rows, (at + 1) * rows))], schema)

    return pa.RecordBatchReader.from_batches(schema, make())


def test_a_stream_is_read_again_from_any_place_at_once():
    with Streams() as streams:
        read = streams.keep(counted(3, 4), "a reader")
        first, second = read(), read()
        assert next(first)["n"].to_pylist() == [0, 1, 2, 3]
        assert next(second)["n"].to_pylist() == [0, 1, 2, 3]
        assert [block["n"].to_pylist()[0] for block in first] == [4, 8]
        assert [block["n"].to_pylist()[0] for block in second] == [4, 8]


def test_blocks_have_so_many_rows_at_most_and_no_metadata():
    table = pa.table({"n": range(BLOCK_ROWS + 3)}).replace_schema_metadata({"a": "b"})
    blocks = list(blocks_of(table))
    assert [len(block) for block in blocks] == [BLOCK_ROWS, 3]
    assert blocks[0].schema.metadata is None
    assert pa.concat_tables(blocks)["n"].equals(table["n"])


def test_a_stream_without_rows_has_its_columns():
    with Streams() as streams:
        (block,) = streams.keep(counted(0, 0), "a reader")()
        assert (block.column_names, len(block)) == (["n"], 0)


def test_a_stream_that_fails_is_told_and_leaves_no_file():
    def broken() -> Iterator[pa.RecordBatch]:
        yield from counted(1, 4)
        raise ValueError("the line\nis cut")

    reader = pa.RecordBatchReader.from_batches(counted(0, 0).schema, broken())
    before = psutil.Process().num_fds()
    with (
        pytest.raises(DataError, match=r"^a reader cannot be read: .*the line is cut"),
        Streams() as streams,
    ):
        streams.keep(reader, "a reader")
    assert psutil.Process().num_fds() == before


@pytest.mark.parametrize("kind", [pa.string_view(), pa.dictionary(pa.int32(), pa.string_view())])
def test_text_in_views_becomes_usual_text(kind: pa.DataType):
    text = pa.array(["a", "b", None, "a"])
    views = text.cast(pa.string_view())
    column = views if kind == pa.string_view() else views.dictionary_encode()
    (block,) = blocks_of(pa.table({"t": column}))
    assert block["t"].to_pylist() == ["a", "b", None, "a"]
    assert "view" not in str(block.schema.field("t").type)


@pytest.fixture
def small_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files with room for 64 KiB; none is left or open at the end."""
    with small_file_system(tmp_path / "small", "64k") as folder:
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        yield folder
        assert not list(folder.iterdir())


KEEP: dict[str, Callable[[Streams, Any], object]] = {
    "reader": lambda streams, data: streams.keep(data, "the reader"),
    "lazy": Streams.of_lazy,
}


@pytest.mark.parametrize("rows", [10_000, 100_000])
@pytest.mark.parametrize("given", KEEP)
def test_no_room_for_a_stream_is_told_with_the_folder_and_tmpdir(
    small_folder: Path, given: str, rows: int
):
    told = rf"cannot be kept in the temporary directory {small_folder}: .*; set TMPDIR to another"
    data = pl.LazyFrame({"n": range(rows)}) if given == "lazy" else counted(3, rows)
    with pytest.raises(RunError, match=rf"^the [^\n]* {told}[^\n]*$"), Streams() as streams:
        KEEP[given](streams, data)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    told = re.escape(f"{tmp_path / 'none'}: No such file or directory; set TMPDIR to another")
    for keep in (
        lambda streams: streams.keep(counted(1, 1), "a reader"),
        lambda streams: streams.of_lazy(pl.LazyFrame({"n": [1]})),
    ):
        with pytest.raises(RunError, match=told), Streams() as streams:
            keep(streams)


def test_a_query_that_finds_no_file_is_not_taken_for_a_full_disk(tmp_path: Path):
    query = pl.scan_csv(tmp_path / "none.csv")
    with pytest.raises(DataError, match="LazyFrame cannot be computed: No such"), Streams() as one:
        one.of_lazy(query)


FOREIGN = [pl.Int128, pl.UInt128, pl.List(pl.Int128), pl.Struct({"a": pl.Int128})]


@pytest.mark.parametrize("kind", FOREIGN, ids=str)
def test_a_column_of_a_type_that_arrow_has_not_keeps_its_place_without_values(kind: pl.DataType):
    frame = pl.DataFrame({"a": [1, 2], "b": pl.Series([None, None], dtype=kind), "c": ["x", "y"]})
    with Streams() as streams:
        (of_lazy,) = streams.of_lazy(frame.lazy())()
    for table in (table_of_polars(frame), of_lazy):
        (block,) = blocks_of(table)
        assert block.column_names == ["a", "b", "c"]
        assert block["b"].null_count == 2
        found = {field.name: foreign_type(field) for field in block.schema}
        assert found == {"a": None, "b": str(frame.schema["b"]), "c": None}


def lazy_bars(**columns: pl.Expr) -> pl.LazyFrame:
    """Return a query of bars in which some columns are others."""
    minutes = pl.datetime_range(pl.datetime(2024, 3, 4), pl.datetime(2024, 3, 4, 1), "1m")
    prices = {name: pl.lit(100.0) for name in ("open", "high", "low", "close")}
    return pl.LazyFrame().select(ts=minutes).with_columns(**{**prices, **columns})


@pytest.mark.parametrize("name", ["ts", "close", "volume", "symbol"])
@pytest.mark.parametrize("lazy", [True, False])
def test_a_column_that_is_used_and_that_arrow_has_not_is_refused_by_name(
    tmp_path: Path, name: str, lazy: bool
):
    query = lazy_bars(**{name: pl.lit(1, dtype=pl.Int128)})
    told = rf"the column '{name}' is of the type Int128, .*\.cast\(pl\.Int64\)\)$"
    with pytest.raises(DataError, match=told):
        import_bars(query if lazy else query.collect(), tmp_path / "catalog")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("lazy", [True, False])
def test_a_column_that_is_not_used_may_be_of_any_type(tmp_path: Path, lazy: bool):
    query = lazy_bars(trades=pl.lit(2**70, dtype=pl.Int128))
    (result,) = import_bars(query if lazy else query.collect(), tmp_path / "catalog", symbol="X")
    assert result.rows == 61

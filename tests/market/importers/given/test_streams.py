"""Streams that can be read only once: they wait in a file, and are read in blocks."""

from collections.abc import Iterator

import psutil
import pyarrow as pa
import pytest

from pipeline.errors import DataError
from pipeline.market.importers.given.streams import BLOCK_ROWS, Streams, blocks_of


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

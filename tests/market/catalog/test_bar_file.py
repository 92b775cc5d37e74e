"""Facts of reading bars block by block."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.codes import PRICE_COLUMNS
from pipeline.market.catalog import bar_file
from pipeline.market.catalog.catalog import Catalog
from tests.market.catalogs import MINUTE, bars, python, read_all


@settings(max_examples=40)
@given(
    rows=st.lists(st.integers(0, 300), min_size=1, max_size=80, unique=True).map(sorted),
    start=st.integers(-5, 310),
    length=st.integers(0, 310),
)
def test_reader_gives_exactly_the_rows_in_range(tmp_path_factory, rows, start, length):
    folder = tmp_path_factory.mktemp("c")
    table = bars(np.array(rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bar_file, "ROW_GROUP_ROWS", 16)
        Catalog(folder).write("A", "1m", table, "s")
    low, high = start * MINUTE + 1, (start + length) * MINUTE + 1
    reader = Catalog(folder).reader("A", "1m", low, high)
    bound = reader.rows
    blocks = read_all(reader)
    ts = table["ts"].cast(pa.int64()).to_numpy()
    inside = (ts >= low) & (ts < high)
    assert bound >= inside.sum()
    assert all(len(block[0]) for block in blocks)
    found = np.concatenate([block[0] for block in blocks]) if blocks else np.empty(0)
    assert found.tolist() == ts[inside].tolist()
    for place, name in enumerate(PRICE_COLUMNS):
        column = [value for block in blocks for value in block[1][place].tolist()]
        assert column == table[name].to_numpy()[inside].tolist()


def test_row_groups_outside_the_range_are_not_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(bar_file, "ROW_GROUP_ROWS", 10)
    catalog = Catalog(tmp_path)
    catalog.write("A", "1m", bars(100), "s")
    reader = catalog.reader("A", "1m", 35 * MINUTE, 52 * MINUTE)
    assert reader.rows == 30
    assert [len(ts) for ts, _ in read_all(reader)] == [5, 10, 2]


def test_blocks_are_views_of_arrow_memory_and_outlive_the_reader(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write("A", "1m", bars(1000), "s")
    before = pa.total_allocated_bytes()
    ((ts, values),) = read_all(catalog.reader("A", "1m"))
    assert pa.total_allocated_bytes() - before >= 6 * 8 * 1000
    for array in (ts, *values):
        assert not array.flags.owndata
        assert not array.flags.writeable
        assert array.flags.aligned
        assert array.flags.c_contiguous
    assert (ts.dtype, values[0].dtype) == (np.int64, np.float64)
    assert ts[-1] == 999 * MINUTE


def test_memory_is_bounded_by_a_row_group(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write("A", "1m", bars(300_000), "s")
    before = pa.total_allocated_bytes()
    with catalog.reader("A", "1m") as reader:
        while reader.next_block() is not None:
            assert pa.total_allocated_bytes() - before < 3 * 48 * bar_file.ROW_GROUP_ROWS


def test_columns_come_in_the_order_asked(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write("A", "1m", bars(5), "s")
    ((_, values),) = read_all(catalog.reader("A", "1m", columns=("volume", "close")))
    assert values[0].tolist() == bars(5)["volume"].to_pylist()
    assert values[1].tolist() == bars(5)["close"].to_pylist()
    with pytest.raises(ValueError, match="'price'"):
        catalog.reader("A", "1m", columns=("price",))


def test_a_reader_goes_on_reading_what_it_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(bar_file, "ROW_GROUP_ROWS", 10)
    catalog = Catalog(tmp_path)
    catalog.write("A", "1m", bars(30), "s")
    with catalog.reader("A", "1m") as reader:
        reader.next_block()
        Catalog(tmp_path).write("A", "1m", bars(90), "s")
        assert len(reader.next_block()[0]) == 10
    assert catalog.reader("A", "1m").rows == 90


def test_a_file_that_a_former_version_wrote_is_read(tmp_path):
    """Its metadata are part of the schema, and its hash was known before it was written."""
    catalog = Catalog(tmp_path)
    catalog.write("A", "1m", bars(50), "s")
    entry = catalog.entry("A", "1m")
    about = {"version": 1, "symbol": "A", "interval": "1m", "sha256": entry.sha256}
    pq.write_table(
        bars(50).replace_schema_metadata({b"ringtape": json.dumps(about).encode()}),
        tmp_path / entry.file,
        row_group_size=20,
    )
    assert sum(len(ts) for ts, _ in read_all(catalog.reader("A", "1m"))) == 50
    assert catalog.load("A", "1m").equals(bars(50))
    assert catalog.write("A", "1m", bars(60), "s").added == 10


READ = """
    with Catalog(sys.argv[1]).reader("A", "1m") as reader:
        assert reader.next_block() is not None
    assert "pandas" not in sys.modules
"""


def test_reading_does_not_import_pandas(tmp_path):
    Catalog(tmp_path).write("A", "1m", bars(5), "s")
    assert python(READ, tmp_path).wait() == 0

"""Bars that come into a catalog block by block."""

import os
import weakref

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market.catalog import bar_file
from pipeline.market.catalog.bar_columns import BarColumns
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series
from tests.market.catalogs import Blocks, bars, in_blocks, tree


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 90), max_size=6), rows=st.integers(1, 90))
def test_bars_in_blocks_give_the_bytes_of_the_table(tmp_path_factory, cuts, rows):
    whole, parts = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("parts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bar_file, "ROW_GROUP_ROWS", 16)
        Catalog(whole).write("SPY", "1m", bars(90), "s")
        columns = BarColumns.from_table(bars(90))
        Catalog(parts).write("SPY", "1m", in_blocks(columns.rows(0, rows), cuts), "s")
        Catalog(parts).write("SPY", "1m", in_blocks(columns, cuts), "s")
    assert tree(whole) == tree(parts)
    assert Catalog(whole).entry("SPY", "1m").sha256 == columns.content_hash()


@pytest.mark.parametrize("existing", [False, True])
def test_a_fault_between_two_blocks_is_found_by_its_row_and_nothing_is_written(tmp_path, existing):
    catalog = Catalog(tmp_path / "c")
    if existing:
        catalog.write("A", "1m", bars(5), "s")
    before = tree(tmp_path)
    columns = BarColumns.from_table(bars(40))
    twice = Blocks([columns.rows(0, 30), columns.rows(29)])
    with pytest.raises(DataError, match=r"f\.csv: A 1m: row 30 at 1970-01-01T00:29:00Z: ts dupl"):
        catalog.write("A", "1m", twice, "f.csv")
    assert tree(tmp_path) == before
    assert (tmp_path / "c").exists() == existing


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (DataError("the rest is lost"), "the rest is lost"),
        (OSError(5, "Input/output error"), "the bars cannot be read: Input/output error"),
    ],
)
def test_a_source_that_fails_half_way_changes_nothing(tmp_path, fault, words):
    catalog = Catalog(tmp_path)
    catalog.write("A", "1m", bars(5), "s")
    before = tree(tmp_path)

    class Failing:
        def blocks(self):
            yield BarColumns.from_table(bars(20))
            raise fault

    for symbol in ("A", "B"):
        with pytest.raises(DataError, match=f"{symbol} 1m from f: {words}"):
            catalog.write_all(
                [Series("C", "1m", bars(9), "f"), Series(symbol, "1m", Failing(), "f")]
            )
        assert tree(tmp_path) == before


def test_a_write_holds_few_blocks_at_once(tmp_path):
    made = []
    before = pa.total_allocated_bytes()

    class Many:
        def blocks(self):
            for number in range(30):
                minutes = number * 65_536 + np.arange(65_536)
                block = BarColumns.from_table(bars(minutes))
                made.append(weakref.ref(block.values[0]))
                yield block
                del block
                assert sum(one() is not None for one in made) <= 4
                assert pa.total_allocated_bytes() - before < 20 * 48 * 65_536

    catalog = Catalog(tmp_path)
    for _ in range(2):
        assert catalog.write("A", "1m", Many(), "s").rows == 30 * 65_536
    assert catalog.write("A", "1m", bars([30 * 65_536]), "s").rows == 30 * 65_536 + 1


def test_a_damaged_page_is_replaced_though_the_file_was_verified_before(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write("A", "1m", bars(500), "s")
    file = tmp_path / catalog.entry("A", "1m").file
    state = file.stat()
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert catalog.write("A", "1m", bars(500), "s", replace=True).rows == 500
    assert catalog.load("A", "1m").equals(bars(500))

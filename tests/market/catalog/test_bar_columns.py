"""Bars in memory, and as blocks."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market.catalog import bar_columns
from pipeline.market.catalog.bar_columns import BarColumns, TableBars, joined, regrouped
from tests.market.catalogs import MINUTE, bars, in_blocks


def columns(rows):
    return BarColumns.from_table(bars(rows))


def same(some, other):
    return some.content_hash() == other.content_hash()


@given(cuts=st.lists(st.integers(0, 60), max_size=8), rows=st.integers(1, 20))
def test_blocks_are_cut_anew_without_losing_a_row(cuts, rows):
    groups = list(regrouped(in_blocks(columns(60), cuts).blocks(), rows))
    assert [len(group.ts) for group in groups[:-1]] == [rows] * (60 // rows - (60 % rows == 0))
    assert 0 < len(groups[-1].ts) <= rows
    assert same(joined(groups), columns(60))


def test_a_table_and_columns_are_blocks_of_bounded_size(monkeypatch):
    monkeypatch.setattr(bar_columns, "BLOCK_ROWS", 7)
    for source in (columns(20), TableBars(bars(20))):
        for _ in range(2):
            blocks = list(source.blocks())
            assert [len(block.ts) for block in blocks] == [7, 7, 6]
            assert same(joined(blocks), columns(20))


def test_an_empty_cell_has_its_number_in_the_whole_table(monkeypatch):
    monkeypatch.setattr(bar_columns, "BLOCK_ROWS", 7)
    table = bars(20).to_pydict()
    table["low"][9] = table["low"][15] = None
    with pytest.raises(DataError, match="column low has 2 empty values, first in row 9"):
        list(TableBars(pa.table(table)).blocks())


def test_rows_are_views():
    whole = columns(10)
    part = whole.rows(2, 5)
    assert part.ts.tolist() == [2 * MINUTE, 3 * MINUTE, 4 * MINUTE]
    assert np.shares_memory(part.values[3], whole.values[3])

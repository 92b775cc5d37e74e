from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.market.importers.plain_cast import plain_cast


@given(cells=st.lists(st.sampled_from(["1", "2.5", "x"]), max_size=40))
def test_a_block_is_read_whole_or_not_at_all(cells: list[str]) -> None:
    read = plain_cast(pa.array(cells, pa.string()), pa.float64())
    if "x" in cells:
        assert read is None
    else:
        assert read is not None
        assert read.to_pylist() == [float(cell) for cell in cells]


@pytest.mark.parametrize("place", [0, 500, 999, 250])
def test_a_bad_cell_is_found_wherever_it_is(place: int) -> None:
    cells = ["1"] * 1_000
    cells[place] = "x"
    assert plain_cast(pa.array(cells), pa.int64()) is None

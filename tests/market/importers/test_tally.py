"""Bad rows: counted by kind, told at once, with the options that lead on."""

import re

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.market.importers import tally as kinds
from pipeline.market.importers.options import Options
from pipeline.market.importers.tally import Tally


def add(tally: Tally, kind: kinds.Kind, *lines: int, left_out: bool = False) -> None:
    tally.add(kind, np.array(lines, np.int64), lambda index: f"fault {index}", left_out=left_out)


def test_a_file_without_bad_rows_passes():
    tally = Tally("a.csv")
    add(tally, kinds.NUMBER)
    tally.check()
    assert (tally.left_out(), tally.changed()) == ({}, {})


def test_one_bad_row_is_told_with_its_place():
    tally = Tally("a.csv")
    tally.rows = 10
    add(tally, kinds.TIME, 7)
    with pytest.raises(DataError) as raised:
        tally.check()
    assert str(raised.value) == "a.csv, line 7: fault 0; --bad-rows drop leaves such rows out"


def test_many_are_counted_by_kind_with_their_first_lines_and_all_ways_on():
    tally = Tally("a.csv", "row")
    tally.rows = 2000
    add(tally, kinds.DUPLICATE, 40)
    add(tally, kinds.NUMBER, 8, 5)
    add(tally, kinds.NUMBER, *range(100, 1200))
    with pytest.raises(DataError) as raised:
        tally.check()
    assert str(raised.value) == (
        "a.csv: 1,103 of 2,000 rows cannot be taken: 1,102 rows with a cell that is no number (row"
        " 5: fault 1, row 8: fault 0, row 100: fault 0, and 1,099 more); 1 row with the time of a"
        " row before (row 40: fault 0). Options: --bad-rows drop leaves such rows out, --duplicates"
        " same takes one of rows that are equal, --duplicates first or last takes one of them"
    )


def test_rows_that_an_option_leaves_out_are_counted_and_refuse_nothing():
    tally = Tally("a.csv")
    add(tally, kinds.RANGE, 3, 4, left_out=True)
    add(tally, kinds.NO_TIME, 9, left_out=True)
    tally.note("rows moved", 2)
    tally.note("rows moved", 3)
    tally.note("rows widened", 0)
    tally.check()
    assert tally.left_out() == {
        "rows without a time": 1,
        "rows with a price outside of high and low": 2,
    }
    assert tally.changed() == {"rows moved": 5}


def test_every_kind_has_a_way_on():
    every = [kind for kind in vars(kinds).values() if isinstance(kind, kinds.Kind)]
    assert len(every) == 16
    for kind in every:
        tally = Tally("a.csv", options=Options(off_grid="refuse"))
        add(tally, kind, 1, 2)
        with pytest.raises(DataError, match=re.escape(f"2 {kind.words} (line 1")) as raised:
            tally.check()
        assert all(way.words in str(raised.value) for way in kind.ways)
        assert kind.ways


@pytest.mark.parametrize(
    ("options", "kind", "ways"),
    [
        ({}, kinds.RANGE, "; --bad-rows drop leaves such rows out, --bad-rows widen"),
        ({"bad_rows": "widen"}, kinds.RANGE, "; --bad-rows drop leaves such rows out"),
        ({"duplicates": "same"}, kinds.DUPLICATE, "; --duplicates first or last takes one of"),
        (
            {"off_grid": "floor"},
            kinds.OVERLAP,
            "; --bad-rows drop leaves such rows",
        ),
        ({"bad_rows": "drop"}, kinds.TIME, ""),
    ],
)
def test_an_option_that_was_given_is_no_way_on(options, kind: kinds.Kind, ways: str):
    tally = Tally("a.csv", options=Options(**options))
    add(tally, kind, 7)
    with pytest.raises(DataError) as raised:
        tally.check()
    begin = f"a.csv, line 7: fault 0{ways}"
    assert str(raised.value).startswith(begin)
    assert "widen" in ways or "widen" not in str(raised.value)
    assert ways or str(raised.value) == begin

"""The header of a delimited file: where it is, what divides its cells, how columns are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.market.importers.header import find_header, header_at, split_cells

NAMES = ("time", "open", "high", "low", "close", "volume")


@given(
    delimiter=st.sampled_from(",;\t|"),
    title=st.lists(st.sampled_from(["", "Prices of SPY", "https://x.example/y", "#"]), max_size=3),
    headed=st.booleans(),
    rows=st.integers(1, 8),
)
def test_the_first_line_of_the_table_is_found_below_titles(
    delimiter: str, title: list[str], headed: bool, rows: int
):
    row = delimiter.join(["2024-01-02", "1.5", "2", "1", "1.25", "100"])
    table = ([delimiter.join(NAMES)] if headed else []) + [row] * rows
    # A table that is as short as what stands above it is not told from it.
    table += [row] * len(title)
    header = find_header([*title, *table])
    assert (header.delimiter, header.at, header.is_header) == (delimiter, len(title), headed)
    assert header.names == (NAMES if headed else ("1", "2", "3", "4", "5", "6"))
    assert header.first_row == tuple(row.split(delimiter))


def test_a_line_that_is_asked_for_is_the_header_and_beyond_the_last_line_the_last_one():
    lines = ["a,b,c,d,e", "1,2,3,4,5", "x,y,z,v,w"]
    assert header_at(lines, 2).cells == ("x", "y", "z", "v", "w")
    assert header_at(lines, 7).at == 2
    assert not header_at(lines, 1).is_header


def test_columns_without_a_name_or_of_one_name_are_told_apart():
    header = header_at([",Open,Close,Open,"], 0)
    assert header.names == ("column 1", "Open", "Close", "Open.2", "column 5")
    assert header.normal_names == ("", "open", "close", "open", "")


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('"Date", "Open"', ["Date", "Open"]),
        ('"1,234.5",2', ["1,234.5", "2"]),
        (" a , b ", ["a", "b"]),
        ("", []),
    ],
)
def test_blanks_and_quotes_around_cells_are_no_part_of_them(line: str, cells: list[str]):
    assert split_cells(line, ",") == cells

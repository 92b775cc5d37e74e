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


ROW = "2024-01-02,10,11,9,10.5,500"
NAMED = "Date,Open,High,Low,Close,Volume"


def test_a_line_with_three_values_above_wider_lines_is_a_row_and_not_left_out():
    short, long = "20240108 000000;1.1;1.2;1.0;1.1", "20240108 000300;1.1;1.2;1.0;1.1;5"
    header = find_header([short, short, long, long, long])
    assert (header.at, header.left_out, header.is_header) == (0, 0, False)


@pytest.mark.parametrize(
    "title",
    [
        ["ACME Corp - daily prices,,,,,", ",,,,,"],
        ["ACME Corp", "", "prices of shares"],
        ["Symbol,ACME,,,,", "From,2024-01-02,,,,"],
        ["one, two, three", "https://x.example"],
    ],
)
def test_lines_above_a_header_are_left_out_and_counted(title: list[str]):
    header = find_header([*title, NAMED, ROW, ROW])
    assert (header.cells, header.at) == (tuple(NAMED.split(",")), len(title))
    assert header.notes == ["Lines above the table, left out: 2."]


@pytest.mark.parametrize(
    "row",
    [
        "Nov 4 2024,$10.4,$11.5,$9.5,$10.6",
        "04.11.2024;10,50;11,60;9,40;10,55",
        "Nov 4, 2024;10.4;11.5;9.5;10.6",
        "04NOV2024|1'010.4|1'011.5|1'009.5|1'010.6|68.18K",
        '"Nov 4, 2024","1,010.4","1,011.5","1,009.5","1,010.6"',
    ],
)
@pytest.mark.parametrize("count", [1, 6])
def test_a_row_of_words_currencies_or_commas_is_no_header(row: str, count: int):
    header = find_header([row] * count)
    assert not header.is_header
    assert len(header.cells) == 5 + ("68.18K" in row)


def test_names_with_numbers_in_them_are_a_header():
    names = "Date,Open,High,Low,Close,SMA 20,50"
    assert find_header([names, ROW + ",1", ROW + ",1"]).cells == tuple(names.split(","))


def test_commas_within_numbers_do_not_divide_cells():
    rows = ["04.11.2024;10,50;11,60;9,40;10,55", "05.11.2024;10,50;11,60;9,40;10,55"]
    assert find_header(["Date;Open;High;Low;Close", *rows]).delimiter == ";"
    assert find_header(["04.11.2024 09:30;10,5;1,5"]).delimiter == ";"


def test_a_header_of_another_number_of_names_is_told_with_the_usual_number_of_cells():
    header = find_header([NAMED, *[ROW.replace("500", "1,500")] * 3])
    assert (header.is_header, header.at, header.row_cells) == (True, 0, 7)
    assert find_header([NAMED, ROW, ROW.replace("500", "1,500")]).row_cells == 0


@pytest.mark.parametrize(("behind_header", "behind_row"), [("", ","), ("", ",,"), (",", "")])
def test_empty_cells_at_the_ends_of_lines_are_no_other_number_of_cells(
    behind_header: str, behind_row: str
):
    header = find_header([NAMED + behind_header, *[ROW + behind_row] * 3])
    assert header.row_cells == 0
    assert header.names[:6] == tuple(NAMED.split(","))
    assert len(header.names) == 6 + len(behind_row)

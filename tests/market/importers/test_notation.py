from __future__ import annotations

import pyarrow as pa
import pytest

from pipeline.errors import DataError
from pipeline.market.importers.notation import find_notation


def found(*columns: list[str], delimiter: str = ",") -> tuple[str, str]:
    notation = find_notation([pa.array(column) for column in columns], delimiter)
    return notation.decimal, notation.ground


@pytest.mark.parametrize(
    ("columns", "decimal"),
    [
        ([["1,234.56"]], "point"),
        ([["1.234,56"]], "comma"),
        ([["112,30"]], "comma"),
        ([["112.3"]], "point"),
        ([["0,123"]], "comma"),
        ([["1234,567"]], "comma"),
        ([["1,234,567"]], "point"),
        ([["1.234.567"]], "comma"),
        ([["12,34,567.80"]], "point"),
        ([["1'123.50"]], "point"),
        ([["1\u202f123,50 €"]], "comma"),
        ([["$1,608.00"]], "point"),
        ([["68.18K"]], "point"),
        ([["-0,61%"]], "comma"),
        ([["1,234"], ["950.5"]], "point"),
        ([["112,30"], ["1.123"]], "comma"),
    ],
)
def test_one_cell_that_can_be_read_in_one_way_settles_it(
    columns: list[list[str]], decimal: str
) -> None:
    assert found(*columns) == (decimal, "rows")


def test_a_point_before_three_decimals_in_each_cell_is_a_decimal_point() -> None:
    assert found(["105.123", "105.124"]) == ("point", "file")
    assert found(["105.123", "105.124"], delimiter=";") == ("point", "guess")


def test_whole_numbers_show_nothing_and_are_read_by_the_usual_notation() -> None:
    assert found(["1", "-", "2"], ["null"]) == ("point", "file")


def test_the_word_of_the_user_goes_first() -> None:
    notation = find_notation([pa.array(["1.5"])], ";", "comma")
    assert (notation.decimal, notation.ground) == ("comma", "option")


def test_thousands_or_decimals_are_asked_for() -> None:
    with pytest.raises(DataError, match=r"'1,234' can have .*--decimal comma or --decimal point"):
        found(["1,234", "1,235"], delimiter=";")


def test_two_ways_in_one_file_are_refused_with_both() -> None:
    with pytest.raises(DataError, match=r"'112\.30' and '112,30'; .*--decimal point or"):
        found(["112,30"], ["112.30"])


def test_the_notation_is_told() -> None:
    notation = find_notation([pa.array(["1.234,56"])])
    assert notation.words() == "decimal comma, as in 1.234,56"

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market.importers.notation import find_notation
from pipeline.market.importers.numbers import read_numbers


def found(*columns: list[str], delimiter: str = ",") -> tuple[str, str]:
    notation = find_notation([pa.array(column) for column in columns], delimiter=delimiter)
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


@pytest.mark.parametrize(
    ("prices", "volumes"),
    [(["1.123", "950"], []), (["112"], ["1.123", "2.456"])],
)
def test_a_point_that_may_be_between_thousands_is_asked_for(
    prices: list[str], volumes: list[str]
) -> None:
    samples = [pa.array(prices)], [pa.array(volumes, pa.string())]
    with pytest.raises(DataError, match=r"'1\.123' can have a decimal point or thousands"):
        find_notation(*samples, delimiter=";")
    assert find_notation(*samples).decimal == "point"


def test_a_number_of_four_digits_shows_that_nothing_is_between_thousands() -> None:
    assert found(["1.123", "1500"], delimiter=";") == ("point", "rows")


NOTATIONS = {
    "American": (",", "."),
    "German": (".", ","),
    "Swiss": ("'", "."),
    "French": ("\u202f", ","),
    "program": ("", "."),
    "program of Germany": ("", ","),
}


@given(data=st.data(), name=st.sampled_from([*NOTATIONS]), delimiter=st.sampled_from([",", ";"]))
def test_a_table_in_any_notation_is_read_right_or_refused_or_told_as_a_guess(
    data: st.DataObject, name: str, delimiter: str
) -> None:
    between, sign = NOTATIONS[name]
    decimals = data.draw(st.integers(0, 4))
    integers = st.lists(st.integers(1, 5_000_000), min_size=1, max_size=6)
    columns = [data.draw(integers) for _ in range(3)]
    written = [
        [f"{value / 10**decimals:,.{decimals}f}" for value in columns[0]],
        [f"{value / 10**decimals:,.{decimals}f}" for value in columns[1]],
        [f"{value:,}" for value in columns[2]],
    ]
    swap = {",": between, ".": sign}
    arrays = [
        pa.array(["".join(swap.get(char, char) for char in cell) for cell in column])
        for column in written
    ]
    try:
        notation = find_notation(arrays[:2], arrays[2:], delimiter=delimiter)
    except DataError:
        return
    if notation.ground == "guess" or (delimiter == "," and sign == ","):
        return
    for array, column in zip(arrays, written, strict=True):
        got = read_numbers(array, notation)
        right = [float(cell.replace(",", "")) for cell in column]
        assert got.unreadable.any() or got.values.tolist() == right, array


def test_whole_numbers_show_nothing_and_are_read_by_the_usual_notation() -> None:
    assert found(["1", "-", "2"], ["null"]) == ("point", "file")


def test_the_word_of_the_user_goes_first() -> None:
    notation = find_notation([pa.array(["1.5"])], delimiter=";", decimal="comma")
    assert (notation.decimal, notation.ground) == ("comma", "option")


def test_thousands_or_decimals_are_asked_for() -> None:
    with pytest.raises(DataError, match=r"'1,234' can have .*--decimal comma or --decimal point"):
        found(["1,234", "1,235"], delimiter=";")


def test_two_ways_in_one_file_are_refused_with_both() -> None:
    with pytest.raises(DataError, match=r"'112\.30' and '112,30'; .*--decimal point or"):
        found(["112,30"], ["112.30"])


def test_the_notation_is_told() -> None:
    notation = find_notation([pa.array(["1.234,56"])])
    assert (
        notation.fact().words()
        == "decimal comma, as in 1.234,56 (by the rows; --decimal says otherwise)"
    )
    guess = find_notation([pa.array(["105.123"])], delimiter=";").fact()
    assert guess.words() == "decimal point, as in 105.123 (a guess: --decimal says otherwise)"


@pytest.mark.parametrize("between", ["'", "\u2019", " "])
def test_prices_that_may_be_32nds_are_asked_about(between: str) -> None:
    prices = [pa.array([f"110{between}165", f"111{between}000", "109"])]
    volumes = [pa.array(["1500.5"])]
    with pytest.raises(DataError, match=r"can have thousands, or .* 32nds .*--decimal point says"):
        find_notation(prices, volumes)
    assert find_notation(prices, volumes, decimal="point").thousands


@pytest.mark.parametrize("other", ["1'500", "1'150.5"])
def test_one_price_that_cannot_have_32nds_shows_thousands(other: str) -> None:
    notation = find_notation([pa.array(["1'165", other])], [pa.array(["1500.5"])])
    assert notation.decimal == "point"


def test_prices_in_several_currencies_are_told() -> None:
    told = ["Prices are in several currencies, as $10.4 and €12; their numbers are taken."]
    assert find_notation([pa.array(["$10.4", "$11"]), pa.array(["€12"])]).notes() == told
    assert find_notation([pa.array(["$10", "€12"])], decimal="point").notes()
    assert find_notation([pa.array(["$10.4", "$12"])]).notes() == []


def test_the_remark_on_a_decimal_comma_is_alike_for_all_files() -> None:
    first, second = (find_notation([pa.array([one])]) for one in ("180,00", "95,5"))
    told = "Numbers are read with a decimal comma (by the rows; --decimal says otherwise)."
    assert first.notes() == second.notes() == [told]

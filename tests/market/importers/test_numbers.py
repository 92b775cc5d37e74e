from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.market.importers.empty_cells import EMPTY_CELLS
from pipeline.market.importers.notation import PLAIN, find_notation
from pipeline.market.importers.numbers import Numbers, explain_number, read_numbers

POINT = find_notation([], decimal="point")
COMMA = find_notation([], decimal="comma")
DIGITS = st.text("0123456789", max_size=20)


def read(*cells: str | None, notation: object = POINT) -> Numbers:
    return read_numbers(pa.array(cells, pa.string()), notation)  # type: ignore[arg-type]


def grouped(whole: str, between: str, *, indian: bool) -> str:
    """Return digits with a sign between thousands, or as in India between lakhs."""
    head, last = whole[:-3], whole[-3:]
    parts = [last]
    while head:
        size = 2 if indian else 3
        head, part = head[:-size], head[-size:]
        parts.insert(0, part)
    return between.join(parts)


@given(data=st.data())
def test_a_number_written_in_any_notation_is_the_same_double(data: st.DataObject) -> None:
    """Oracle: Python's float of the plain text."""
    cells, expected = [], []
    comma = data.draw(st.booleans())
    for _ in range(data.draw(st.integers(1, 8))):
        whole = str(data.draw(st.integers(0, 10**12)))
        part = data.draw(DIGITS)
        sign = data.draw(st.sampled_from(["", "-", "+"]))
        suffix = data.draw(st.sampled_from(["", "K", "M", "B", "T", "%", "e5", "E-3"]))
        between = data.draw(
            st.sampled_from(["", ".,"[not comma], "'", "\u2019", " ", "\u00a0", "\u202f"])
        )
        front, behind = data.draw(
            st.sampled_from(
                [("", ""), ("$", ""), ("EUR ", ""), ("", " €"), ("", "¥"), ("", " USD")]
            )
        )
        written = grouped(whole, between, indian=data.draw(st.booleans())) if between else whole
        if part:
            written += ".,"[comma] + part
        if suffix.startswith(("e", "E")) and (front or behind):
            suffix = ""
        blank = data.draw(st.sampled_from(["", " ", "\t"]))
        cells.append(f"{blank}{sign}{front}{written}{suffix}{behind}{blank}")
        power = {"K": "e3", "M": "e6", "B": "e9", "T": "e12", "%": "e-2"}.get(suffix, suffix)
        expected.append(float(f"{sign}{whole}.{part}{power}"))
    got = read(*cells, notation=COMMA if comma else POINT)
    assert not got.unreadable.any(), cells
    assert got.values.tolist() == expected, cells


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_the_text_of_a_double_is_that_double(values: list[float]) -> None:
    got = read(*map(repr, values), notation=PLAIN)
    assert got.values.tobytes() == np.array(values).tobytes()


@given(
    cells=st.lists(st.text("0123456789.,eE+-KM %$'\u202fnaif ", max_size=7), min_size=1, max_size=6)
)
@pytest.mark.parametrize("notation", [PLAIN, POINT, COMMA])
def test_a_cell_is_read_alike_beside_any_others(cells: list[str], notation: object) -> None:
    """An empty cell and a number with a sign between thousands each send all cells another way."""
    odd = "1 234"
    alone = [read(cell, notation=notation) for cell in cells]
    for more in ([], ["null"], [odd], ["null", odd, None]):
        got = read(*cells, *more, notation=notation)
        for row, one in enumerate(alone):
            assert got.empty[row] == one.empty[0]
            assert got.unreadable[row] == one.unreadable[0], cells[row]
            assert repr(got.values[row]) == repr(one.values[0])


@given(cells=st.lists(st.text(max_size=8), min_size=1, max_size=6))
def test_any_text_is_a_number_or_empty_or_unreadable(cells: list[str]) -> None:
    for notation in (PLAIN, POINT, COMMA):
        got = read(*cells, notation=notation)
        assert (np.isfinite(got.values) ^ got.empty ^ got.unreadable).all()
        assert not (got.empty & got.unreadable).any()


@pytest.mark.parametrize("cell", [*sorted(EMPTY_CELLS), None, "  ", " null "])
def test_words_for_nothing_are_empty(cell: str | None) -> None:
    for notation in (PLAIN, COMMA):
        got = read("1", cell, notation=notation)
        assert got.empty.tolist() == [False, True]
        assert not got.unreadable.any()
        assert math.isnan(got.values[1])


@pytest.mark.parametrize(
    ("cell", "value"), [("68.18K", 68_180.0), ("1.2M", 1_200_000.0), ("1,608.00", 1_608.0)]
)
def test_numbers_of_investing_com(cell: str, value: float) -> None:
    assert read(cell, "950", "-").values.tolist()[:2] == [value, 950.0]


def test_german_numbers() -> None:
    got = read("112,30", "1.123", "1.234.567,5", notation=COMMA)
    assert got.values.tolist() == [112.3, 1_123.0, 1_234_567.5]


@pytest.mark.parametrize("notation", [PLAIN, POINT])
@pytest.mark.parametrize("cell", ["112,30", "1,23,4", "1.2.3", "1,2345", "12,3456.0", ",123"])
def test_a_comma_that_is_not_between_thousands_is_unreadable(cell: str, notation: object) -> None:
    assert read(cell, "1", notation=notation).unreadable.tolist() == [True, False]


@pytest.mark.parametrize("cell", ["1.12", "112.30", "1.1234", "1,234,567", "1.23.4"])
def test_a_point_that_is_not_between_thousands_is_unreadable(cell: str) -> None:
    assert read(cell, "1", notation=COMMA).unreadable.tolist() == [True, False]


@pytest.mark.parametrize(
    "cell",
    [
        "inf",
        "-inf",
        "Infinity",
        "1e999",
        "--5",
        "+-5",
        "0x10",
        "1_000",
        "1d5",
        "5-",
        "K",
        "$",
        "nan(1)",
        "1'23",
        "1 2",
        "1,234'567",
        "1e5K",
        "1.5MUSD",
        "٣",
    ],
)
def test_other_texts_are_unreadable(cell: str) -> None:
    assert read("1", cell).unreadable.tolist() == [False, True]


def test_thousands_are_not_read_where_the_rows_did_not_show_the_decimal_sign() -> None:
    """A file of whole numbers whose later 1,234 may be either."""
    notation = find_notation([pa.array(["1", "2"])])
    assert read("1,234", notation=notation).unreadable.tolist() == [True]


@pytest.mark.parametrize(
    ("cell", "notation", "words"),
    [
        ("x11", POINT, "Open must be a number, was 'x11'"),
        ("", POINT, "Open is empty"),
        ("null", POINT, "Open is empty: 'null'"),
        (
            "1,234",
            PLAIN,
            (
                "Open must be a number, was '1,234', which can have decimals or thousands; say "
                "which with --decimal point or --decimal comma"
            ),
        ),
        (
            "112,30",
            POINT,
            (
                "Open must be a number with a decimal point, was '112,30'; if all are written so, "
                "give --decimal comma"
            ),
        ),
    ],
)
def test_what_is_no_number_is_explained(cell: str, notation: object, words: str) -> None:
    assert explain_number("Open", cell, notation) == words  # type: ignore[arg-type]


def test_a_suffix_rounds_once() -> None:
    """Twice rounded, 1.005K times 1000 is 1004.9999999999999."""
    assert read("1.005K").values.tolist() == [float(Decimal("1.005") * 1000)]


def test_a_long_cell_is_shown_by_its_beginning() -> None:
    assert len(explain_number("Open" * 99, "x" * 10_000)) < 150

import json
from datetime import date
from pathlib import Path, PureWindowsPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli.output import format_table, iso_text, json_value, paragraph, print_text, utc_texts

json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_like)
def test_any_document_is_strict_json(document: object):
    json.loads(json.dumps(json_value(document), allow_nan=False), parse_constant=pytest.fail)


def test_numbers_that_json_does_not_know_are_null():
    assert json_value({"a": float("nan"), "b": [np.float64("inf")]}) == {"a": None, "b": [None]}


def test_numpy_scalars_paths_dates_and_tuples_have_plain_values():
    paths = Path("a/b"), PureWindowsPath(r"C:\a\b")
    value = (np.int64(3), np.bool_(True), *paths, date(2024, 3, 4))
    assert json_value(value) == [3, True, "a/b", "C:/a/b", "2024-03-04"]
    assert [type(item) for item in json_value(value)] == [int, bool, str, str, str]


def test_what_has_no_place_in_json_is_refused_by_type():
    with pytest.raises(TypeError, match="set"):
        json_value({1})


def test_table_columns_line_up_and_numbers_end_together():
    table = format_table(("name", "bars"), [("A", "1"), ("LONG", "1,000")], right=("bars",))
    assert table.splitlines() == ["name   bars", "A         1", "LONG  1,000"]


def test_an_empty_table_is_its_header():
    assert format_table(("name", "bars"), [], right=()) == "name  bars"


@pytest.mark.parametrize(
    ("ns", "short", "iso"),
    [
        (1_709_562_600_000_000_000, "2024-03-04 14:30:00Z", "2024-03-04T14:30:00Z"),
        (1_709_510_400_000_000_000, "2024-03-04", "2024-03-04T00:00:00Z"),
        (-1_000_000_000, "1969-12-31 23:59:59Z", "1969-12-31T23:59:59Z"),
    ],
)
def test_times_are_utc(ns: int, short: str, iso: str):
    assert (utc_texts([ns]), iso_text(ns)) == ([short], iso)


def test_a_column_of_times_has_one_form():
    midnight, other = 1_709_510_400_000_000_000, 1_709_562_600_000_000_000
    assert utc_texts([midnight, midnight]) == ["2024-03-04", "2024-03-04"]
    assert utc_texts([midnight, other]) == ["2024-03-04 00:00:00Z", "2024-03-04 14:30:00Z"]
    assert utc_texts([]) == []


def test_a_text_shows_what_a_terminal_would_obey_and_keeps_its_lines(capsys):
    print_text("a\x1b]0;t\x07\n\u202eb\x9b2J")
    assert capsys.readouterr().out == "a\\x1b]0;t\\x07\n\\u202eb\\x9b2J\n"


def test_a_table_shows_what_a_terminal_would_obey():
    table = format_table(("symbol",), [("\x1b[31mRED\n",), ("市",)], right=[])
    assert table.splitlines() == ["symbol", r"\x1b[31mRED\n", "市"]


def test_a_paragraph_is_wrapped_at_the_width_of_a_terminal_only(monkeypatch: pytest.MonkeyPatch):
    text = "SPY 1m: one/long/path/that/is/wide two-three four"
    assert paragraph(text) == text
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "24")
    assert paragraph(text).splitlines() == [
        *("SPY 1m:", "  one/long/path/that/is/wide", "  two-three four")
    ]
    monkeypatch.setenv("COLUMNS", "1")
    assert paragraph("to be or not to be, that is") == "to be or not to be,\n  that is"

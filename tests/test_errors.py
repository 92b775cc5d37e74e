"""The words that messages share."""

import pytest

from pipeline.errors import nearest, text_of, why_ended


@pytest.mark.parametrize(
    ("word", "names", "found"),
    [
        ("alfa", ["BRVO", "ALFA"], ["ALFA"]),
        ("SMACROSS", ["SmaCross", "Momentum"], ["SmaCross"]),
        ("fst", ["slow", "fast"], ["fast"]),
        ("zzz", ["slow", "fast"], []),
        ("Fast", ["FAST", "fast"], ["FAST"]),
        ("XYZ", ["XLY", "SPY"], []),
        ("ibm", ["BMY", "IBMX"], ["IBMX"]),
        ("TSLA", ["TSM", "SLB", "TLAS"], []),
        ("APPL", ["AAPL"], ["AAPL"]),
        ("hihg", ["high"], ["high"]),
        ("GOOGL", ["GOOG"], ["GOOG"]),
        ("BTC", ["BTC/USD"], ["BTC/USD"]),
        ("AMAZON", ["AMZN"], ["AMZN"]),
    ],
)
def test_the_nearest_name_is_found_whatever_its_case(word: str, names: list[str], found: list[str]):
    assert nearest(word, names) == found


def test_without_a_cutoff_a_short_word_has_a_nearest_name_however_far():
    assert nearest("XYZ", ["SPY", "AAPL"], cutoff=0.0) == ["SPY"]


class TextlessError(Exception):
    def __str__(self) -> str:
        raise KeyError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("one\n\n  two"), "one; two"),
        (ValueError(), ""),
        (ValueError("odd \udcff name"), r"odd \udcff name"),
        (TextlessError(), "its text cannot be made: KeyError"),
        (NameError("name 'x' is not defined"), "name 'x' is not defined"),
        (
            UnboundLocalError("x is not associated with a value"),
            "x is not associated with a value; give it one before the branch or loop that sets it",
        ),
    ],
)
def test_a_text_is_one_line_whatever_the_exception(error: Exception, text: str):
    assert text_of(error) == text
    assert why_ended(error) == text


def test_an_interruption_has_no_text_of_its_own():
    assert why_ended(KeyboardInterrupt()) == why_ended(SystemExit(143)) == "interrupted"

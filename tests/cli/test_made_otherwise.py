"""What is said of two runs whose code, data or version of Ringtape differ."""

from typing import Any

import pytest

from pipeline.cli.made_otherwise import made_lines, made_otherwise

MADE = {
    "ringtape": "0.1.0",
    "python": "3.11.7",
    "sources": "a",
    "code": {"s1:Trend": "b", "fees.py:mine": "c"},
    "bars": {"SPY 1m": "d", "IEF 1m": "e"},
    "actions": {"SPY": "f", "IEF": None},
}
ACROSS = "whether code differs is not known across versions"
IN_CATALOG = "in the catalog differ, in the run's dates or outside of them"


@pytest.mark.parametrize(
    ("change", "found", "lines"),
    [
        ({}, {}, ["code, data and Ringtape are equal"]),
        (
            {"code": {"s1:Trend": "x", "fees.py:mine": "c"}},
            {"code": {"s1:Trend": ["b", "x"]}},
            ["the code of s1:Trend differs"],
        ),
        (
            {"code": {"__main__:Trend": "x", "fees.py:mine": "c"}},
            {"code": {"s1:Trend and __main__:Trend": ["b", "x"]}},
            ["the code of s1:Trend and __main__:Trend differs"],
        ),
        ({"code": {"__main__:Trend": "b", "f.py:mine": "c"}}, {}, None),
        ({"code": {"fees.py:mine": "x"}}, {"code": {"fees.py:mine": ["c", "x"]}}, None),
        (
            {"bars": {"SPY 1m": "x", "TLT 1m": "y"}},
            {"bars": {"SPY 1m": ["d", "x"]}},
            [f"the bars of SPY 1m {IN_CATALOG}"],
        ),
        ({"bars": {"SPY 5m": "x"}}, {}, None),
        (
            {"actions": {"SPY": None, "IEF": "x"}},
            {"actions": {"SPY": ["f", None], "IEF": [None, "x"]}},
            [f"the corporate actions of SPY, IEF {IN_CATALOG}"],
        ),
        ({"sources": "x"}, {"sources": ["a", "x"]}, ["the sources of Ringtape 0.1.0 differ"]),
        (
            {"ringtape": "0.2.0", "sources": "x", "code": {"s1:Trend": "y"}},
            {"ringtape": ["0.1.0", "0.2.0"], "sources": ["a", "x"]},
            [f"Ringtape is 0.1.0 in A and 0.2.0 in B; {ACROSS}"],
        ),
        (
            {"python": "3.12.1", "code": {"s1:Trend": "y"}},
            {"python": ["3.11.7", "3.12.1"]},
            [f"Python is 3.11.7 in A and 3.12.1 in B; {ACROSS}"],
        ),
    ],
)
def test_what_differs_is_named(change: dict[str, Any], found: Any, lines: list[str] | None):
    other = {**MADE, **change}
    assert made_otherwise(MADE, other) == found
    if lines is not None:
        assert made_lines(MADE, other) == lines


def test_an_entry_of_another_version_may_have_less():
    assert made_otherwise(MADE, {"ringtape": "0.0.9"}) == {
        "ringtape": ["0.1.0", "0.0.9"],
        "python": ["3.11.7", None],
        "sources": ["a", None],
    }


@pytest.mark.parametrize(("one", "other", "which"), [(MADE, None, "B"), (None, MADE, "A")])
def test_a_run_of_an_older_version_is_named(one: Any, other: Any, which: str):
    (line,) = made_lines(one, other)
    assert f"is not known: the summary of {which} does not say" in line

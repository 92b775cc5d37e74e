"""Figures as text: a dash for what is not a finite number, and a quality that never flatters."""

import math

import pytest

from pipeline.results.report.figures import (
    count,
    duration,
    known,
    money,
    number,
    percent,
    quality,
    signed_percent,
    six_digits,
)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, "12"])
def test_what_is_no_finite_number_is_a_dash(value):
    assert not known(value)
    for write in (count, money, percent, signed_percent):
        assert write(value) == "-"
    assert number(value, ".1f") == "-"


def test_a_list_counts_as_its_length():
    assert count(["A", "B"]) == "2"
    assert count(12345) == "12,345"


def test_fractions_become_per_cent():
    assert percent(0.12345) == "12.35 %"
    assert percent(0.375, 0) == "38 %"
    assert signed_percent(0.5) == "+50.00 %"


@pytest.mark.parametrize("value", [-0.0, -1e-9])
def test_what_is_rounded_to_zero_has_no_minus(value):
    assert [write(value) for write in (count, money, percent, signed_percent)] == [
        *("0", "0.00", "0.00 %", "+0.00 %")
    ]
    assert number(value, "+,.2f") == "+0.00"
    assert six_digits(-0.0) == "0"
    assert [money(-0.006), signed_percent(-0.00006)] == ["-0.01", "-0.01 %"]


def test_a_quality_is_rounded_down():
    assert quality(99.9999) == "99.99 %"
    assert quality(100.0) == "100.00 %"


def test_durations_have_two_units():
    given = (0, 45, 60, 5400, 3605, 86_400, 183_600.4, 1e9, None, math.nan)
    assert [duration(seconds) for seconds in given] == [
        *("0 s", "45 s", "1 min", "1 h 30 min", "1 h", "1 d", "2 d 3 h", "11,574 d 1 h", "-", "-")
    ]

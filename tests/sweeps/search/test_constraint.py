"""Constraints: what they may say, what they mean, and how they are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.sweeps.search.constraint import Constraint

NAMES = ["a", "b", "c"]


def holds(text, **values):
    """Judge one set of values as a sweep judges many."""
    columns = {
        name: np.asarray([value if isinstance(value, bool | str) else float(value)])
        for name, value in values.items()
    }
    (result,) = Constraint.parse(text).holds(columns, 1)
    return bool(result)


def refusal(text, **values):
    with pytest.raises(ConfigError) as caught:
        holds(text, **values)
    message = str(caught.value)
    assert message.splitlines() == [message]
    return message


numbers = st.recursive(
    st.sampled_from(NAMES) | st.integers(0, 50).map(str),
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*"]), inner)
        | st.builds("({} // {})".format, inner, st.integers(1, 9))
        | st.builds("({} % {})".format, inner, st.integers(1, 9))
        | st.builds("({} / {})".format, inner, st.integers(1, 9))
        | st.builds("(-{})".format, inner)
        | st.builds("abs({})".format, inner)
        | st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), inner, inner)
    ),
    max_leaves=5,
)
orders = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
truths = st.recursive(
    st.builds("({} {} {})".format, numbers, orders, numbers)
    | st.builds("({} {} {} {} {})".format, numbers, orders, numbers, orders, numbers),
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner)
        | st.builds("(not {})".format, inner)
    ),
    max_leaves=4,
)
rows = st.lists(st.tuples(*[st.integers(-20, 20)] * 3), min_size=1, max_size=5)


@given(truths, rows)
def test_columns_are_judged_as_python_judges_each_row(text, rows):
    columns = dict(zip(NAMES, np.array(rows, np.float64).T, strict=True))
    found = Constraint.parse(text).holds(columns, len(rows))
    expected = [eval(text, {}, dict(zip(NAMES, row, strict=True))) for row in rows]
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("fast < slow", {"fast": 1, "slow": 2}, True),
        ("1 < fast < slow <= 9", {"fast": 2, "slow": 9}, True),
        ("1 < fast < slow <= 9", {"fast": 1, "slow": 9}, False),
        ("long or fast > 3", {"long": True, "fast": 1}, True),
        ("not long", {"long": True}, False),
        ("long == False", {"long": False}, True),
        ("long + long == 2", {"long": True}, True),
        ('leader != "MSFT"', {"leader": "AAPL"}, True),
        ("leader == other", {"leader": "AAPL", "other": "AAP"}, False),
        ("min(a, b, c) == 1 and max(a, b, c) == 3", {"a": 2, "b": 1, "c": 3}, True),
        (" a<b ", {"a": 1, "b": 2}, True),
    ],
)
def test_what_a_constraint_means(text, values, expected):
    assert holds(text, **values) is expected


@pytest.mark.parametrize("text", ["a / b > 5", "a / b <= 5", "a // b != 5", "a % b == 0"])
def test_a_comparison_with_a_division_by_zero_is_false(text: str):
    assert holds(text, a=1, b=0) is False
    assert holds(text, a=0, b=0) is False
    assert holds(f"{text} or a < 2", a=1, b=0) is True


def test_a_division_by_zero_of_one_set_is_none_of_the_others():
    assert holds("b != 0 and a / b > 5", a=1, b=0) is False


def test_a_constraint_of_fixed_parameters_says_the_same_of_all_sets():
    found = Constraint.parse("a < b").holds({"a": np.array([1.0]), "b": np.array([2.0])}, 3)
    assert found.tolist() == [True, True, True]


def test_the_names_of_a_constraint_are_its_parameters():
    assert Constraint.parse("max(slow, fast) < 3 * fast").names == ("fast", "slow")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fast <", "expected an expression: invalid syntax at its end"),
        ("fast / 0 > 1", "expected a division by something else than zero where fast / 0 is"),
        ("fast % 0.0 > 1", "expected a division by something else than zero where fast % 0.0 is"),
        ("  fast < 3 slow", "expected an expression: invalid syntax at character 12"),
        ("", "expected an expression: invalid syntax"),
        ("fast < slow)", "expected an expression: unmatched ')' at character 12"),
        ("fast = slow", "expected an expression: invalid syntax"),
        ("a\0b", "expected an expression"),
        ("(" * 500 + "a" + ")" * 500, "expected an expression"),
        ("-" * 3000 + "a < 1", "expected"),
        ("not " * 60 + "a", "expected at most 50 expressions within each other"),
        ("fast ** 2 < 9", "fast ** 2 is something else"),
        ("__import__('os')", "__import__('os') is something else"),
        ("fast.real < 2", "fast.real is something else"),
        ("[x for x in fast]", "is something else"),
        ("fast[0] < 1", "fast[0] is something else"),
        ("fast in (1, 2)", "fast in (1, 2) is something else"),
        ("(lambda: 1)() < 2", "is something else"),
        ("fast if slow else 1", "is something else"),
        ("fast is slow", "is something else"),
        ("min(*fast, 1) < 1", "*fast is something else"),
        ("min(fast, slow, key=abs) < 1", "is something else"),
        ("fast < 1j", "1j is something else"),
        ("fast < None", "None is something else"),
        ("abs(fast, slow) < 1", "expected abs of one number"),
        ("min(fast) < 1", "expected min of two numbers or more"),
        ("fast < 1" + "0" * 400, "expected numbers that a float can hold"),
        ('f"{fast}" == "1"', "is something else"),
    ],
)
def test_what_is_no_constraint_is_refused_by_its_part(text, message):
    assert message in refusal(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("leader < 5", "no comparison of text, leader, with a number, 5"),
        ("leader + 1 < 5", "a number where leader is"),
        ("fast", "a comparison, or a parameter that is true or false"),
        ("fast and long", "a comparison where fast is"),
        ("not fast", "a comparison where fast is"),
        ("leader", "a comparison, or a parameter that is true or false"),
    ],
)
def test_types_that_do_not_go_together_are_refused(text, message):
    assert message in refusal(text, leader="AAPL", fast=3, long=True)


def test_a_refusal_names_the_setting_and_shows_the_constraint():
    with pytest.raises(ConfigError, match=r'^sweep\.constraints\.1 is "a <", expected an expr'):
        Constraint.parse("a <", "sweep.constraints.1")


def test_a_million_sets_are_judged_at_once():
    columns = {"a": np.arange(1e6), "b": np.arange(1e6)[::-1]}
    assert Constraint.parse("a < b and a % 2 == 0").holds(columns, 1_000_000).sum() == 250_000

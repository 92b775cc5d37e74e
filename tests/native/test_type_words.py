"""Types of Numba in words."""

import pytest

from pipeline.native.type_words import Group, arguments_in, kind_in_words


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("Literal[str](a, b)", "the text 'a, b'"),
        ("float64", "a number"),
        ("Literal[int](3)", "an integer"),
        ("OptionalType(float64)", "a value or None"),
        ("array(float64, 1d, C)", "an array"),
        ("UniTuple(int64 x 2)", "a tuple"),
        ("ringtape.Bar(a, b)", "bar"),
        ("ringtape.Shown(fill, Record(ts[type=int64;offset=0],8,False))", "fill"),
        ("some.Other(type)", "some.Other(type)"),
    ],
)
def test_a_type_has_words(kind: str, words: str):
    assert kind_in_words(kind) == words


def test_arguments_are_split_at_the_outer_commas():
    text = "array(float64, 1d, C), Tuple(int64, (a, b)), limit=float64"
    assert arguments_in(text) == [
        "array(float64, 1d, C)",
        "Tuple(int64, (a, b))",
        "limit=float64",
    ]
    assert arguments_in("") == []


def test_a_group_of_a_pattern_is_a_text_a_type_or_several():
    assert f"{Group('float64')}, {Group('float64'):kind}" == "float64, a number"
    assert f"{Group('float64, none'):kinds}" == "a number and None"

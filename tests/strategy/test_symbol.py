"""A symbol's index is an int in everything, and is never compared with text."""

import copy
import operator
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.strategy.symbol import SymbolIndex, compared_with_text

numbers = st.integers(-(2**63), 2**63 - 1)
COMPARISONS = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)


@given(numbers, st.one_of(numbers, st.floats(), st.booleans()))
def test_it_compares_with_numbers_as_an_int_does_from_either_side(number: int, other: float):
    index = SymbolIndex(number)
    for compare in COMPARISONS:
        assert compare(index, other) == compare(number, other)
        assert compare(other, index) == compare(other, number)
    assert (hash(index), repr(index), f"{index:>4}") == (hash(number), repr(number), f"{number:>4}")


@pytest.mark.parametrize("compare", [operator.eq, operator.ne])
def test_a_comparison_with_text_is_refused_from_either_side(compare):
    index = SymbolIndex(2)
    for one, two in ((index, "ALFA"), ("ALFA", index), (index, np.str_("ALFA"))):
        with pytest.raises(TypeError) as told:
            compare(one, two)
        assert str(told.value) == (
            "a symbol is a number here and never equals the text 'ALFA': compare with "
            'ctx.symbol("ALFA"), or declare a parameter: leader: Symbol = "ALFA"'
        )


def test_so_is_a_look_for_it_in_a_list_of_texts():
    with pytest.raises(TypeError, match="'BETA'"):
        assert SymbolIndex(2) in ("BETA", "ALFA")


@pytest.mark.parametrize("names", [np.array(["ALFA", "BRVO"]), np.array([b"ALFA"])])
def test_so_is_a_comparison_with_an_array_of_texts(names):
    for compare in (lambda: SymbolIndex(1) == names, lambda: names != SymbolIndex(1)):
        with pytest.raises(TypeError, match="ALFA"):
            compare()
    with pytest.raises(TypeError, match="ALFA"):
        assert SymbolIndex(1) in names


def test_with_arrays_of_numbers_it_does_what_an_int_does():
    index, values = SymbolIndex(2), np.arange(4.0)
    for found, wanted in (
        (values == index, values == 2),
        (values * index, values * 2),
        (index - values, 2 - values),
        (np.add(index, 1.5), np.add(2, 1.5)),
        (np.float64(1.5) + index, np.float64(1.5) + 2),
        (np.array([index, index]), np.array([2, 2])),
        (np.add.reduce([index, index]), 4),
    ):
        assert np.array_equal(found, wanted)
        assert np.asarray(found).dtype == np.asarray(wanted).dtype
    values += index
    assert values.tolist() == [2.0, 3.0, 4.0, 5.0]
    assert index in np.arange(4)


def test_a_sentence_about_a_text_that_is_not_known_has_a_word_for_it():
    assert "never equals a text: " in compared_with_text(None)
    assert 'ctx.symbol("NAME")' in compared_with_text(None)


def test_it_is_an_index_a_key_and_an_operand_like_any_int():
    index = SymbolIndex(2)
    assert [10, 11, 12][index] == np.arange(10, 13)[index] == {2: 12}[index] == 12
    assert type(index + 1) is int
    assert {index: "held"}[2] == "held"
    assert index in (1, 2)
    assert index is not None
    assert index != None  # noqa: E711  # what a strategy may write


def test_it_keeps_its_kind_when_it_is_copied_or_pickled():
    index = SymbolIndex(2)
    for other in (copy.deepcopy(index), pickle.loads(pickle.dumps(index))):
        assert type(other) is SymbolIndex
        assert other == 2

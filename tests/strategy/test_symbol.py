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

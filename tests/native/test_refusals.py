"""Messages of Numba in words, and the place that they are about."""

import pytest
from numba.core.errors import TypingError

from pipeline.native.refusal_rows import Row
from pipeline.native.refusals import why_not_compiled


def function(value):
    return value


FIRST = function.__code__.co_firstlineno


def test_the_innermost_line_of_the_users_counts():
    error = TypingError(
        f'what it is\nFile "{pytest.__file__}", line 1:\nFile "{__file__}", line 7:\n'
        f"During: typing of call at {__file__} (9)"
    )
    row = Row("what it is", "it is {{this}}", "not that")
    told = why_not_compiled("mine", function, error, [row])
    assert told == f"{__file__}:7: mine cannot be compiled: it is {{this}}; not that"


def test_what_runs_it_is_said_where_that_is_true():
    for python, runs in ((True, "; Python runs it"), (False, "")):
        row = Row("x", "it is", python=python)
        told = why_not_compiled("mine", function, TypingError("x"), [row], "Python")
        assert told == f"{__file__}:{FIRST}: mine cannot be compiled: it is{runs}"


def test_a_message_that_no_row_knows_is_given_by_its_first_line_with_a_reason():
    error = TypingError("Failed in nopython mode\n\x1b[1mno such luck\x1b[0m\nDuring: something")
    for way_out, hint in (("", ""), ("Python", "; Python may run it")):
        assert why_not_compiled("mine", function, error, (), way_out) == (
            f"{__file__}:{FIRST}: mine cannot be compiled: no such luck{hint}"
        )


def test_an_error_without_a_word_is_named_by_its_class_and_place():
    try:
        raise AssertionError
    except AssertionError as error:
        told = why_not_compiled("mine", function, error)
    assert told.endswith("mine cannot be compiled: AssertionError in test_refusals.py")


def test_a_row_may_make_its_sentence_of_what_it_finds():
    row = Row(r"(\w+) and (\w+)", lambda one, two: f"{two} before {one}", "turn", python=False)
    told = why_not_compiled("mine", function, TypingError("one and two"), [row])
    assert told.endswith("cannot be compiled: two before one; turn")

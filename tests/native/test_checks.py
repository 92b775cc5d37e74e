"""A number is never compared with a text in a user's compiled function."""

import operator

import numpy as np
import pytest
from numba.core.errors import TypingError

from tests.native.compiled import compiled

TEXTS = ("a", "b")


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda x: x == "a", "number compared with text 'a'"),
        (lambda x: "b" != x, "number compared with text 'b'"),  # noqa: SIM300
        (lambda x: int(x) in TEXTS, "integer compared with text 'a'"),
        (lambda x: x not in ["c", "d"], "number compared with text 'c'"),
        (lambda x: x in {"c", "d"}, "number compared with text"),
        (lambda x: (x > 1.0) == "True", "number compared with text 'True'"),
        (lambda x: x == str(3), "number compared with text ''"),
        (lambda x: ["c", "d"].count(x), "number compared with text 'c'"),
        (lambda x: ["c", "d"].index(int(x)), "integer compared with text 'c'"),
        (lambda x: [str(3)].count(x), "number compared with text ''"),
        (lambda x: "a" in np.arange(3), "integer compared with text 'a'"),
        (lambda x: str(int(x)) == "a", "spelled number compared with text 'a'"),
        (lambda x: "a" != f"{int(x)}", "spelled number compared with text 'a'"),  # noqa: SIM300
        (lambda x: str(int(x)) in TEXTS, "spelled number compared with text 'a'"),
        (lambda x: ["c"].count(str(int(x))), "spelled number compared with text 'c'"),
    ],
)
def test_a_comparison_of_a_number_with_a_text_is_refused(function, what: str):
    with pytest.raises(TypingError, match=what):
        compiled(function)(1.0)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x == 1.0,
        lambda x: TEXTS[0] == "a",
        lambda x: "a" in TEXTS,
        lambda x: int(x) in (1, 2),
        lambda x: [1, 2, 1].count(int(x)),
        lambda x: [2, 1].index(int(x)),
        lambda x: ["a", "b", "a"].count("a"),
        lambda x: str(int(x)) == "1",
        lambda x: str(int(x)) in ("a", "1"),
        lambda x: ["c", "1"].count(str(int(x))),
        lambda x: operator.ne(x, 2.0),
        lambda x: np.arange(3.0)[1] == x,
    ],
)
def test_other_comparisons_are_as_in_python(function):
    assert compiled(function)(1.0) == function(1.0)


@pytest.mark.parametrize(
    "function", [lambda x: str([1, 2]), lambda x: f"{(1, 2)}", lambda x: f"{np.arange(3)}"]
)
def test_a_text_of_what_holds_many_is_refused(function):
    with pytest.raises(TypingError, match="text of a value of type"):
        compiled(function)(1.0)

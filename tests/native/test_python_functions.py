"""Functions of Python and of math that Numba has no version of give what they give in Python."""

import math

import pytest

from tests.native.compiled import compiled

PRICES = (1.5, 2.25, 0.1)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: all([price > x for price in PRICES]) + any([price < x for price in PRICES]),  # noqa: C419
        lambda x: all((x > 0, x < 5)) + 2 * any((x < 0, x > 5)),
        lambda x: all([price for price in PRICES if price > 100]) + 2 * any([0.0, x - x]),  # noqa: C419
        lambda x: math.log(x, 2) + math.log(x, 10.0) + math.log(7 * x + 1, x + 2) + math.log(x),
        lambda x: math.isclose(x, x + 1e-10) + 2 * math.isclose(x, x + 1e-7),
        lambda x: math.isclose(x, x + 0.1, rel_tol=0.2) + 2 * math.isclose(x, x + 0.1, abs_tol=0.2),
        lambda x: math.isclose(x, math.inf) + 2 * math.isclose(math.inf, math.inf),
        lambda x: math.factorial(int(x)) + math.factorial(20),
        lambda x: float(x > 1) + 2.0 * float(all((x > 0, x < 3))),
        lambda x: math.prod([x, 0.1, 7.0]) + math.prod((3, 4)) + math.prod(PRICES),
    ],
)
@pytest.mark.parametrize("x", [0.3, 1.0, 4.7])
def test_a_function_gives_what_it_gives_in_python(function, x):
    assert compiled(function)(x) == function(x)


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda x: math.factorial(-x), ValueError),
        (lambda x: math.isclose(x, x, rel_tol=-1.0), ValueError),
        (lambda x: math.log(x, 1), ZeroDivisionError),
    ],
)
def test_it_raises_where_it_raises_in_python(function, kind):
    with pytest.raises(kind):
        function(3)
    with pytest.raises(kind):
        compiled(function)(3)


def test_a_factorial_of_more_than_64_bits_is_refused():
    assert compiled(lambda n: math.factorial(n))(20) == math.factorial(20)
    with pytest.raises(OverflowError, match="must be of 20 at most"):
        compiled(lambda n: math.factorial(n))(21)

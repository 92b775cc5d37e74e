"""Where numbers end, users' compiled code raises what Python raises, and NaN stays NaN."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from numba import njit

from pipeline.native.kernel import kernel
from tests.native.compiled import compiled

PAGE = Path(__file__).parents[2] / "pipeline/strategy/README.md"
ENDS = (
    *(math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 2.5, -3.0, 0.5, 1e-320),
    *(171.7, 710.0, 1000.0, -1000.0, 9.2e18, -(2.0**63)),
)
OF_ONE = (
    *("acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "degrees", "erf"),
    *("erfc", "exp", "exp2", "expm1", "fabs", "floor", "gamma", "lgamma", "log", "log10", "log1p"),
    *("log2", "radians", "sin", "sinh", "sqrt", "tan", "tanh", "trunc"),
)
OF_TWO = ("atan2", "copysign", "hypot", "log", "pow")


def written(expression, arguments="x"):
    """Return the function that an expression is, with `math`."""
    made = {"math": math}
    exec(f"def function({arguments}): return {expression}", made)
    return made["function"]


def outcome(function, *given):
    """Return what a function gives or what it raises; numbers to 12 digits."""
    try:
        found = function(*given)
    except (ValueError, ArithmeticError, RuntimeError) as error:
        return type(error), str(error)
    return f"{found:.12g}"


@pytest.mark.parametrize(
    "expression", [*(f"math.{one}(x)" for one in OF_ONE), "int(x)", "round(x)"]
)
def test_a_function_of_one_number_ends_as_in_python(expression):
    plain = written(expression)
    ours = compiled(plain)
    for x in ENDS:
        assert outcome(ours, x) == outcome(plain, x), x


@pytest.mark.parametrize("name", ["sqrt", "log", "log2", "acosh", "exp", "gamma", "sinh"])
def test_so_does_one_of_a_whole_number(name):
    plain = written(f"math.{name}(x)")
    ours = compiled(plain)
    for x in (-1000, -1, 0, 1, 710, 1000):
        assert outcome(ours, x) == outcome(plain, x), x


@pytest.mark.parametrize("name", OF_TWO)
def test_a_function_of_two_numbers_ends_as_in_python(name):
    plain = written(f"math.{name}(x, y)", "x, y")
    ours = compiled(plain)
    for x in ENDS:
        for y in ENDS:
            # Of these our power has words of its own.
            is_complex = x < 0.0 and y % 1.0 != 0.0
            if name == "pow" and (is_complex or (x == 0.0 and y == -math.inf)):
                continue
            assert outcome(ours, x, y) == outcome(plain, x, y), (x, y)


@pytest.mark.parametrize("expression", ["x**y", "pow(x, y)"])
def test_a_power_of_real_numbers_that_is_too_great_is_refused(expression):
    plain = written(expression, "x, y")
    ours = compiled(plain)
    for x, y in ((1e200, 2.0), (-1e200, 3.0), (10.0, 400), (0.5, -5000.0), (1e200, 1.5)):
        assert outcome(ours, x, y) == outcome(plain, x, y)
    assert ours(math.inf, 2.0) == math.inf
    assert math.isnan(ours(math.nan, 2.0))


@pytest.mark.parametrize("expression", ["int(x)", "math.floor(x)", "math.ceil(x)", "round(x)"])
@pytest.mark.parametrize("x", [2.0**63, 1e300, -1e19])
def test_a_whole_number_of_more_than_64_bits_is_refused(expression, x):
    with pytest.raises(OverflowError, match="must be below 2\\*\\*63 to be a whole one here"):
        compiled(written(expression))(x)


@pytest.mark.parametrize("by", [-1, 0, 3, 62, 64, 1000])
def test_shifts_end_as_in_python_or_are_refused(by):
    right, left = written("x >> y", "x, y"), written("x << y", "x, y")
    for x in (1, -1):
        assert outcome(compiled(right), x, by) == outcome(right, x, by)
        if by < 64:
            assert outcome(compiled(left), x, by) == outcome(left, x, by)
    if by >= 64:
        with pytest.raises(OverflowError, match="a shift to the left must be below 64 here"):
            compiled(left)(1, by)


def goes_on(x):
    numbers, count = {1: 1.0, 2: 2.0}, 0
    for number in numbers:
        count += 1
        if x < 0.0:
            numbers[number + 10] = x
        elif x == 0.0:
            numbers.pop(number)
        else:
            numbers[number] += x
    return count


def shows_all(x):
    numbers, total = {1: 1.0, 2: 2.0}, 0.0
    for number, value in numbers.items():
        total += number * value
    for value in numbers.values():
        total += value
    if x < 1.0:
        numbers[3] = total
    return total


@pytest.mark.parametrize("x", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("function", [goes_on, shows_all])
def test_a_dict_that_changes_its_size_is_not_gone_through(function, x):
    assert outcome(compiled(function), x) == outcome(function, x)


def test_what_is_raised_can_be_caught():
    def caught(x):
        try:
            found = math.sqrt(x) + int(x)
        except Exception:  # noqa: BLE001 - compiled code knows no other
            found = -1.0
        return found

    for x in (4.0, -4.0, math.inf, math.nan):
        assert compiled(caught)(x) == caught(x)


FEW = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: sorted([1.0, x], key=lambda y: math.sqrt(y))[0],
        lambda x: sorted([1.0, x], key=lambda y: int(y), reverse=True)[0],
        lambda x: sum([int(y) for y in [1.0, x]]),
    ],
)
@pytest.mark.parametrize("x", [4.0, -4.0, math.nan])
def test_functions_inside_end_as_in_python(function, x):
    assert outcome(compiled(function), x) == outcome(function, x)


def test_an_index_out_of_range_in_a_function_inside_raises():
    with pytest.raises(IndexError):
        compiled(lambda x: sorted([1, int(x)], key=lambda place: FEW[place])[0])(5.0)


@kernel()
def root_and_whole(x):
    """Return a root and a whole number, as a kernel has them."""
    return math.sqrt(x), int(x)


def test_kernels_and_functions_of_numbas_own_are_compiled_as_before():
    assert compiled(lambda x: math.sqrt(x) + int(x))(4.0) == 6.0
    root, whole = root_and_whole(-4.5)
    assert (math.isnan(root), whole) == (True, -4)
    assert math.isnan(njit(lambda x: math.sqrt(x))(-1.0))


def test_all_functions_of_math_that_the_page_promises_are_tested_here():
    paragraph = PAGE.read_text("utf-8").split("Of `math`:")[1].split("\n- ")[0]
    promised = set(re.findall(r"`(\w+)`", paragraph))
    assert promised <= {*OF_ONE, *OF_TWO, "factorial", "isclose", "prod"}

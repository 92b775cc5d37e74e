"""What the README promises to be equal in both modes is equal, function by function.

The page names functions of NumPy in one paragraph. Each of them has its expression here.
"""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from pipeline.native.hook_array import HookArray

PAGE = Path(__file__).parents[3] / "pipeline/strategy/README.md"

#: An expression over a window ``w``, f8[n], for each promised function of NumPy.
EXPRESSIONS = {
    "min": "np.min(w) + w.min()",
    "max": "np.max(w) + w.max()",
    "argmin": "np.argmin(w)",
    "argmax": "np.argmax(w)",
    "abs": "np.abs(w - w[0])",
    "sign": "np.sign(w - w[0])",
    "sqrt": "np.sqrt(w)",
    "floor": "np.floor(w)",
    "ceil": "np.ceil(w)",
    "round": "np.round(w, 2)",
    "diff": "np.diff(w)",
    "cumsum": "np.cumsum(w)",
    "sort": "np.sort(w)",
    "searchsorted": "np.searchsorted(np.sort(w), 100.0)",
    "ptp": "np.ptp(w)",
    "clip": "np.clip(w, 98.0, 102.0)",
    "where": "np.where(w > 100.0, w, 0.0)",
    "maximum": "np.maximum(w, w[0])",
    "minimum": "np.minimum(w, w[0])",
    "any": "np.any(w > 110.0)",
    "all": "np.all(w > 90.0)",
    "isnan": "np.isnan(w)",
    "count_nonzero": "np.count_nonzero(w > 100.0)",
}
#: The same for numbers ``x``, above zero: operators, and `math`.
NUMBERS = (
    *("x + 0.1", "x - 0.1", "x * 1.1", "x / 7.0", "x // 0.3", "x % 0.3", "-x % 0.3", "round(x)"),
    *("x**2", "x**3", "x**-1", "x**0.5", "2.0**(x / 100.0)", "abs(-x)", "min(x, 3.0)", "int(x)"),
    *(f"math.{name}(x / 100.0)" for name in ("exp", "expm1", "log", "log1p", "log2", "log10")),
    *(f"math.{name}(x / 500.0)" for name in ("sin", "cos", "tan", "asin", "acos", "atan", "tanh")),
    *(f"math.{name}(x)" for name in ("sqrt", "floor", "ceil", "erf", "fabs")),
    *("math.pow(x, 1.7)", "math.atan2(x, 3.0)", "math.copysign(x, -1.0)"),
    *("math.log(x, 3)", "math.isclose(x, 100.0, rel_tol=0.1)", "math.isclose(x, 100.0)"),
    *("math.prod((x, 0.1, 3.0))", "math.factorial(int(x) % 21)"),
    *("all([x > 1.0, x < 400.0])", "any((x > 400.0, x < 1.0))"),
)


def functions_of(expressions: Any, argument: str) -> tuple[Callable[[Any], Any], Any]:
    """Return one function of all expressions, as Python and compiled as hooks are."""
    from pipeline.native.compiler import get_ready_to_compile

    get_ready_to_compile()
    names: dict[str, Any] = {"np": np, "math": math}
    body = ", ".join(expressions)
    exec(f"def all_of({argument}): return ({body},)", names)  # of this file only
    return names["all_of"], numba.njit(names["all_of"])


def promised() -> set[str]:
    """Return the functions of NumPy that the page promises."""
    text = PAGE.read_text("utf-8")
    paragraph = text.split("Of NumPy, over windows:")[1].split("\n- ")[0]
    return set(re.findall(r"`(\w+)`", paragraph))


def test_the_page_promises_what_is_tested_here():
    assert promised() == set(EXPRESSIONS)


def test_functions_of_numpy_that_are_promised_are_equal():
    plain, compiled = functions_of(EXPRESSIONS.values(), "w")
    draws = np.random.default_rng(3)
    for length in range(2, 70):
        # Prices have few decimals, so that some are equal.
        window = np.round(draws.normal(100.0, 5.0, length), length % 3)
        if length % 5 == 0:
            window[length // 2] = math.nan
        given = plain(window.view(HookArray))  # as an interpreted hook has it
        for name, one, two in zip(EXPRESSIONS, given, compiled(window), strict=True):
            np.testing.assert_array_equal(one, two, err_msg=name)


def test_operators_and_functions_of_numbers_are_equal():
    plain, compiled = functions_of(NUMBERS, "x")
    draws = np.random.default_rng(5)
    numbers = draws.uniform(0.1, 480.0, 3000)
    # Prices have few decimals, which makes ties where a number is rounded.
    for x in [*numbers.tolist(), *np.round(numbers, 2).tolist(), *np.round(numbers, 1).tolist()]:
        for expression, one, two in zip(NUMBERS, plain(x), compiled(x), strict=True):
            assert one == two, (expression, x)


def test_the_page_promises_those_functions_of_math_that_are_tested_here():
    tested = set(re.findall(r"math\.(\w+)", " ".join(NUMBERS)))
    paragraph = PAGE.read_text("utf-8").split("Of `math`:")[1].split("\n- ")[0]
    assert set(re.findall(r"`(\w+)`", paragraph)) == tested


def test_a_whole_number_to_a_negative_power_is_refused_where_compiled_code_would_give_0():
    _, compiled = functions_of(["x ** -n"], "x, n")
    with pytest.raises(ValueError, match="a whole number to a negative power is a fraction"):
        compiled(2, 1)
    assert compiled(2.0, 1) == (0.5,)
    assert compiled(3, -2) == (9,)

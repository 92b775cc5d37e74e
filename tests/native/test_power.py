"""Powers in compiled code are Python's, to the last bit."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.native.kernel import kernel
from tests.reference.own_process import python

EXPONENTS = (2, 3, -2, 0.5, 2.0, 1.7)


@kernel()
def powers(x: float, whole: int, real: float) -> tuple[float, ...]:
    """Return powers with exponents that the compiler knows, and with those it is given."""
    grown = x
    grown **= 3
    return (
        *(x**2, x**3, x**-2, x**0.5, x**2.0, 2.0**x),
        *(x**whole, x**real, math.pow(x, 2.0), pow(x, 3), grown),
    )


@kernel()
def fractional(x: float, real: float) -> float:
    """Return a power of any number."""
    return x**real


@given(
    st.floats(1e-6, 200.0),
    st.integers(-8, 8),
    st.floats(-8.0, 8.0),
)
def test_powers_are_pythons(x: float, whole: int, real: float):
    assert powers(x, whole, real) == powers.py_func(x, whole, real)


def test_zero_to_a_negative_power_is_refused_as_python_refuses_it():
    with pytest.raises(ZeroDivisionError):
        powers(0.0, 1, 1.0)


@pytest.mark.parametrize("real", [1 / 3, 0.7, -0.5])
def test_a_negative_number_to_a_fractional_power_is_no_real_number(real: float):
    assert isinstance((-8.0) ** real, complex)
    with pytest.raises(ValueError, match="is a complex number: take abs"):
        fractional(-8.0, real)
    assert math.isnan(fractional(math.nan, real))
    assert math.isnan(fractional(-8.0, math.nan))
    assert fractional(-8.0, 3.0) == -512.0
    assert fractional(-math.inf, 0.5) == (-math.inf) ** 0.5 == math.inf


def test_a_process_that_only_loads_machine_code_has_the_function_too():
    program = "from tests.native.test_power import powers; print(powers(1.1, 3, 0.3))"
    found = [python("-c", program) for _ in range(2)]
    assert found[0].stdout == found[1].stdout == f"{powers(1.1, 3, 0.3)}\n"
